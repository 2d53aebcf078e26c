"""A condition worked out on one event in plain Python: slow, obvious, and what the others must be.

The compiled table (``tables.py``), the columns (``frames.py``) and the database (``statements.py``)
must answer the same, to the bit; explanations are made with this one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from zhizhi.kernel.rules.schema import Event, Scalar
from zhizhi.kernel.rules.syntax import (
    AllOf,
    AnyOf,
    Arithmetic,
    Between,
    Comparison,
    Member,
    Missing,
    Name,
    Node,
    Opposite,
    Value,
)

SIGNS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "<>": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


def value_of(node: Node, event: Event) -> Scalar:
    """Return what ``node`` is worth on ``event``; None is unknown."""
    match node:
        case Name():
            return event.get(node.name)
        case Value():
            return node.value
        case Arithmetic() | Comparison():
            return _joined(node.sign, value_of(node.left, event), value_of(node.right, event))
        case AllOf():
            return _all(*(value_of(part, event) for part in node.parts))
        case AnyOf():
            return _not(_all(*(_not(value_of(part, event)) for part in node.parts)))
        case _:
            return _tested(node, value_of(node.item, event), event)


def _tested(node: Between | Member | Missing | Opposite, item: Scalar, event: Event) -> bool | None:
    match node:
        case Between():
            above = _joined(">=", item, value_of(node.low, event))
            return _all(above, _joined("<=", item, value_of(node.high, event)))
        case Member():
            return None if item is None else any(item == value.value for value in node.values)
        case Missing():
            return item is None
        case Opposite():
            return _not(item)


def _joined(sign: str, left: Scalar, right: Scalar) -> Scalar:
    if left is None or right is None or (sign == "/" and right == 0):
        return None
    result: Scalar = SIGNS[sign](left, right)
    return result


def _all(*found: Scalar) -> bool | None:
    return False if False in found else None if None in found else True


def _not(found: Scalar) -> bool | None:
    return None if found is None else not found
