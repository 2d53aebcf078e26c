"""The parts of a condition, and what is told about a part that is wrong.

``at`` is the place of a part in its text: errors become a line and a column where the text is
known to come from a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MOST_DEPTH = 40  # parts within parts; no rule that a person can read comes near
MOST_SIGNS = 60  # of arithmetic in one condition: sums of sums are deep as well
MOST_PARTS = 500  # of one condition, with what its ``let`` names stand for
MOST_LETTERS = 10_000


class ConditionWrong(ValueError):
    """A condition cannot be understood: what is wrong at which letter, and what to do."""

    def __init__(self, at: int, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.at = at
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a column, or, until it is checked, of what ``let`` defines."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Value:
    """A number, TRUE, FALSE or a quoted word."""

    value: float | bool | str
    at: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A sum, difference, product or quotient; by zero it is unknown."""

    sign: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values side by side; unknown where one of them is."""

    sign: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Between:
    """Whether a value is neither below one bound nor above the other."""

    item: Node
    low: Node
    high: Node
    at: int


@dataclass(frozen=True, slots=True)
class Member:
    """Whether a value is one of a list."""

    item: Node
    values: tuple[Value, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether a value is unknown; never unknown itself."""

    item: Node
    at: int


@dataclass(frozen=True, slots=True)
class Opposite:
    """NOT; of unknown it is unknown."""

    item: Node
    at: int


@dataclass(frozen=True, slots=True)
class AllOf:
    """AND: false where one part is false, else unknown where one is unknown."""

    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class AnyOf:
    """OR: true where one part is true, else unknown where one is unknown."""

    parts: tuple[Node, ...]
    at: int


Node = (
    Name | Value | Arithmetic | Comparison | Between | Member | Missing | Opposite | AllOf | AnyOf
)


def below(node: Node) -> tuple[Node, ...]:
    """Return the parts that ``node`` is made of."""
    match node:
        case Arithmetic() | Comparison():
            return (node.left, node.right)
        case Between():
            return (node.item, node.low, node.high)
        case Member() | Missing() | Opposite():
            return (node.item,)
        case AllOf() | AnyOf():
            return node.parts
        case _:
            return ()


def names(node: Node) -> Iterator[str]:
    """Yield the names in ``node``, from left to right."""
    if isinstance(node, Name):
        yield node.name
    for part in below(node):
        yield from names(part)


def written(node: Node) -> str:
    """Return ``node`` as text that reads as the same condition."""
    match node:
        case Name():
            return node.name
        case Value():
            return written_value(node)
        case Arithmetic() | Comparison():
            return f"{_inner(node.left)} {node.sign} {_inner(node.right)}"
        case AllOf() | AnyOf():
            return (" AND " if isinstance(node, AllOf) else " OR ").join(map(_inner, node.parts))
        case _:
            return _written_test(node)


def _written_test(node: Between | Member | Missing | Opposite) -> str:
    item = _inner(node.item)
    match node:
        case Between():
            return f"{item} BETWEEN {_inner(node.low)} AND {_inner(node.high)}"
        case Member():
            return f"{item} IN ({', '.join(map(written, node.values))})"
        case Missing():
            return f"{item} IS NULL"
        case Opposite():
            return f"NOT {item}"


def written_value(node: Value) -> str:
    value = node.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return f'"{value}"' if "'" in value else f"'{value}'"
    return str(int(value)) if value == int(value) else repr(value)


def _inner(node: Node) -> str:
    text = written(node)
    return text if isinstance(node, Name | Value) else f"({text})"
