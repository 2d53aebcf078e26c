"""Plants mutants in the source of a module: one small mistake each, as somebody might make it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.mutation import mistakes

PROBE = "__reached__"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: ``change`` says which, ``text`` is the line of the source as it stands there.

    ``statement`` is where the statement begins that it is in.
    """

    number: int
    line: int
    statement: int
    text: str
    change: str

    @property
    def key(self) -> tuple[str, str]:
        return self.text, self.change


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node hangs in the tree, and what it may become."""

    holder: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: int

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.index] = node


def mutants(source: str) -> list[Mutant]:
    """Return every mutant of ``source``, in the order of its lines."""
    tree, lines = ast.parse(source), source.splitlines()
    found = []
    for number, (place, change, _) in enumerate(_mistakes(tree)):
        node: Any = place.node
        text = lines[node.lineno - 1].strip()
        found.append(Mutant(number, node.lineno, place.statement, text, change))
    return found


def planted(source: str, number: int) -> ast.Module:
    """Return the tree of ``source`` with the mistake ``number`` in it."""
    tree = ast.parse(source)
    for here, (place, _, node) in enumerate(_mistakes(tree)):
        if here == number:
            place.put(ast.copy_location(node, place.node))
            return ast.fix_missing_locations(tree)
    raise IndexError(number)


class _Probing(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        if _is_left(node):
            return node
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                setattr(node, field, [part for one in block for part in self._probed(one)])
        return node

    @staticmethod
    def _probed(node: ast.stmt) -> list[ast.stmt]:
        if _is_words(node) or isinstance(node, ast.ImportFrom):
            return [node]  # a docstring and an import from the future stay first
        probe = ast.Expr(ast.Call(ast.Name(PROBE, ast.Load()), [ast.Constant(node.lineno)], []))
        return [ast.copy_location(probe, node), node]


def probed(source: str) -> ast.Module:
    """Return the tree of ``source`` in which each statement tells ``PROBE`` that it is reached."""
    return ast.fix_missing_locations(_Probing().visit(ast.parse(source)))


def _mistakes(tree: ast.Module) -> Iterator[tuple[_Place, str, ast.AST]]:
    for place in _places(tree):
        for change, node in mistakes.of(place.node, place.holder, place.field):
            yield place, change, node


# What a test that runs the code cannot tell, or what is told elsewhere: types, what documents a
# function, columns and constraints (they live in the migrations), what takes minutes to compile.
_LEFT_FIELDS = {"annotation", "returns", "decorator_list", "type_params"}
_COLUMN = re.compile(r"^models\.(\w*Field|ForeignKey|Index|\w*Constraint)$")
_COMPILED = {"lean", "native", "woven"}  # zhizhi.kernel.native
_LOG = re.compile(r"^log(ger)?\.")
_TELLING = {"__all__", "__slots__", "__str__"}


def _places(node: ast.AST, statement: int = 0) -> Iterator[_Place]:
    for field, value in ast.iter_fields(node):
        if field in _LEFT_FIELDS:
            continue
        several = isinstance(value, list)
        for index, child in enumerate(value if several else [value]):
            if isinstance(child, ast.AST) and not _is_left(child):
                here = child.lineno if isinstance(child, ast.stmt) else statement
                yield _Place(node, field, index if several else None, child, here)
                yield from _places(child, here)


def _is_left(node: ast.AST) -> bool:
    match node:
        case ast.FunctionDef(decorator_list=[ast.Name(id=name)]) if name in _COMPILED:
            return True
        case ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name in _TELLING
        case ast.Expr(value=ast.Call(func=func)):
            return bool(_LOG.match(ast.unparse(func)))
        case ast.Call(func=func):
            return bool(_COLUMN.match(ast.unparse(func)))
        case (
            ast.ClassDef(name="Meta")
            | ast.If(test=ast.Name(id="TYPE_CHECKING"))
            | ast.keyword(arg="strict")  # of zip: a second thought, which never comes true
        ):
            return True
    return isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr) or _is_words(node)


def _is_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
