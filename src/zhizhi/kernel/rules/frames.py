"""Rules as expressions of Polars, which answers them over long histories; an optional part.

Rules are never given to it as text: its own language knows queries inside queries.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

import polars as pl

from zhizhi.kernel.rules.backtesting import Answer, Hits
from zhizhi.kernel.rules.histories import EventHistory
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.schema import BOOLEAN, TEXT, Schema
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

_SIGNS: Final[Mapping[str, Callable[[Any, Any], pl.Expr]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "<": operator.lt, "<=": operator.le, "=": operator.eq,
    "<>": operator.ne, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip
_TYPES: Final[Mapping[str, Any]] = {BOOLEAN: pl.Boolean, TEXT: pl.String}


def frame_schema(schema: Schema) -> dict[str, Any]:
    """Return the types of a frame of events: kind and time, and every column."""
    columns = {name: _TYPES.get(c.kind, pl.Float64) for name, c in schema.columns.items()}
    return {"kind": pl.String, "time_us": pl.Int64, **columns}


def firing_frame(frame: pl.DataFrame, rules: Sequence[WarningRule]) -> pl.DataFrame:
    """Return one column of TRUE and FALSE for each rule, by its reference."""
    answers = {rule.reference: _fires(rule) for rule in rules}
    return frame.with_columns(**answers).select(list(answers))


def _fires(rule: WarningRule) -> pl.Expr:
    asked = pl.col("kind").is_in(sorted(rule.on))
    if rule.ends_us is not None:
        asked &= pl.col("time_us") < rule.ends_us
    found = asked & expression(rule.when).fill_null(value=False)
    if rule.unless is not None:
        found &= ~expression(rule.unless).fill_null(value=False)
    return found


def expression(node: Node) -> pl.Expr:
    """Return a part of a condition as an expression; unknown is null."""
    match node:
        case Name():
            return pl.col(node.name)
        case Value():
            return pl.lit(node.value)
        case Arithmetic() | Comparison():
            return _joined(node.sign, expression(node.left), expression(node.right))
        case AllOf():
            return reduce(operator.and_, map(expression, node.parts))
        case AnyOf():
            return reduce(operator.or_, map(expression, node.parts))
        case _:
            return _tested(node, expression(node.item))


def _joined(sign: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    if sign == "/":
        return left / pl.when(right != 0.0).then(right)
    return _SIGNS[sign](left, right)


def _tested(node: Between | Member | Missing | Opposite, item: pl.Expr) -> pl.Expr:
    match node:
        case Between():
            return (item >= expression(node.low)) & (item <= expression(node.high))
        case Member():
            return reduce(operator.or_, (item == expression(value) for value in node.values))
        case Missing():
            return item.is_null()
        case Opposite():
            return ~item


def by_frame(rules: Sequence[WarningRule]) -> Answer:
    """Return the way to answer a back-test with Polars."""

    def answer(history: EventHistory, begin: int, end: int) -> Hits:
        given: dict[str, Any] = {
            name: pl.from_arrow(values.slice(begin, end - begin))
            for name, values in history.columns.items()
        }
        given |= {"kind": list(history.kinds[begin:end]), "time_us": history.time_us[begin:end]}
        empty = {name: None for name in history.schema.columns if name not in history.columns}
        types = frame_schema(history.schema)
        frame = pl.DataFrame(given, schema_overrides={name: types[name] for name in given})
        frame = frame.with_columns(**{name: pl.lit(None, types[name]) for name in empty})
        return firing_frame(frame, rules).to_numpy()

    return answer
