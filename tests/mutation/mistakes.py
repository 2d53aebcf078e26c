"""The mistakes: what a node of a program may become by a slip of whoever writes it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

Mistake = tuple[str, ast.AST]

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_JOINED: dict[type[ast.AST], type[ast.AST]] = {
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}
_METHODS = {"filter": "exclude", "exclude": "filter"}
_CONDITIONS = {"filter", "exclude", "get", "Q", "When", "Then", "update"}
_REMOVED = (ast.Raise, ast.AugAssign, ast.Continue, ast.Break, ast.Delete)


def of(node: ast.AST, holder: ast.AST, field: str) -> Iterator[Mistake]:
    """Yield what ``node``, which hangs at ``field`` of ``holder``, may become."""
    if isinstance(node, ast.stmt):
        yield from _statement(node)
    elif isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
        yield from _expression(node)
        if field == "test" or (field == "ifs" and isinstance(holder, ast.comprehension)):
            yield from _turned(node)


def _statement(node: ast.stmt) -> Iterator[Mistake]:
    match node:
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield "returns None", ast.Return(value=ast.Constant(None))
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.Expr(value=ast.Call()):
            yield "removed", ast.Pass()
        case _ if isinstance(node, _REMOVED):
            yield "removed", ast.Pass()
    if isinstance(node, ast.AugAssign):
        yield from _joined(node)


def _expression(node: ast.expr) -> Iterator[Mistake]:
    match node:
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp() | ast.BinOp():
            yield from _joined(node)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield _told(node, node.operand)
        case ast.Constant():
            yield from _constant(node)
        case ast.Dict() | ast.Set() | ast.List() | ast.Tuple():
            yield from _dropped(node)
        case ast.Call():
            yield from _call(node)


def _compared(node: ast.Compare) -> Iterator[Mistake]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARED[type(operator)]:
            changed = copy.copy(node)
            changed.ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield _told(node, changed)


def _joined(node: Any) -> Iterator[Mistake]:
    other = _JOINED.get(type(node.op))
    if other is not None:
        changed = copy.copy(node)
        changed.op = other()
        yield _told(node, changed)


def _constant(node: ast.Constant) -> Iterator[Mistake]:
    if isinstance(node.value, bool):
        yield _told(node, ast.Constant(not node.value))
    elif isinstance(node.value, int | float):
        for step in (1, -1):
            yield _told(node, ast.Constant(node.value + step))


def _turned(node: ast.expr) -> Iterator[Mistake]:
    """Turn a condition round that no other mistake turns."""
    if not isinstance(node, ast.Compare | ast.UnaryOp | ast.Constant):
        yield _told(node, ast.UnaryOp(op=ast.Not(), operand=node))


def _dropped(node: Any) -> Iterator[Mistake]:
    """Leave one element out of what is listed."""
    elements = node.values if isinstance(node, ast.Dict) else node.elts
    if isinstance(node, ast.Tuple) and not all(map(_is_plain, elements)):
        return  # several values of a call, not a list of words
    for place in range(len(elements)):
        changed = copy.copy(node)
        if isinstance(node, ast.Dict):
            what = node.keys[place] or elements[place]
            changed.keys = node.keys[:place] + node.keys[place + 1 :]
            changed.values = elements[:place] + elements[place + 1 :]
        else:
            what = elements[place]
            changed.elts = elements[:place] + elements[place + 1 :]
        if isinstance(node, ast.Set) and not changed.elts:
            changed = ast.Call(func=ast.Name("set", ast.Load()), args=[], keywords=[])
        yield f"without {_short(what)}", changed


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.Attribute | ast.Tuple)


def _call(node: ast.Call) -> Iterator[Mistake]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else _name(node.func)
    if isinstance(node.func, ast.Name) and name in _NAMES:
        yield _told(node, _calling(node, ast.Name(_NAMES[name], ast.Load())))
    if isinstance(node.func, ast.Attribute) and name in _METHODS:
        other = ast.Attribute(value=node.func.value, attr=_METHODS[name], ctx=ast.Load())
        yield f"{name} → {_METHODS[name]}", _calling(node, other)
    if name in _CONDITIONS:
        for place, keyword in enumerate(node.keywords):
            changed = copy.copy(node)
            changed.keywords = node.keywords[:place] + node.keywords[place + 1 :]
            yield f"{name} without {_short(keyword)}", changed


def _calling(node: ast.Call, func: ast.expr) -> ast.Call:
    return ast.Call(func=func, args=node.args, keywords=node.keywords)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _told(node: ast.AST, changed: ast.AST) -> Mistake:
    return f"{_short(node)} → {_short(changed)}", changed


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 120 else f"{text[:117]}..."
