"""Rules as conditions of SQL for SQLite and PostgreSQL; every value is a parameter of its own.

Names reach the text only after they were found in the schema, and only when they are plain words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
_WORD = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition as text with places for its parameters, and these."""

    text: str
    parameters: tuple[float | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database writes a condition about columns of ``schema``."""

    name: str
    schema: Schema

    def fires(self, rule: WarningRule) -> Sql:
        """Return the condition under which ``rule`` fires on a row with its kind and time."""
        asked = _join(", ", [self._value(Value(kind, 0)) for kind in sorted(rule.on)])
        parts = [_around('"kind" IN (', asked, ")")]
        if rule.ends_us is not None:
            parts.append(Sql(f'"time_us" < {int(rule.ends_us)}'))
        parts.append(_around("COALESCE(", self.condition(rule.when), ", FALSE)"))
        if rule.unless is not None:
            parts.append(_around("NOT COALESCE(", self.condition(rule.unless), ", FALSE)"))
        return _join(" AND ", parts)

    def condition(self, node: Node) -> Sql:
        """Return any part of a condition; unknown is NULL."""
        match node:
            case Name():
                return Sql(self._column(node.name))
            case Value():
                return self._value(node)
            case Arithmetic() | Comparison():
                return self._joined(node)
            case AllOf() | AnyOf():
                word = " AND " if isinstance(node, AllOf) else " OR "
                return _around("(", _join(word, [self.condition(one) for one in node.parts]), ")")
            case _:
                return self._tested(node, self.condition(node.item))

    def _joined(self, node: Arithmetic | Comparison) -> Sql:
        left, right = self.condition(node.left), self.condition(node.right)
        if node.sign == "/":
            right = _around("NULLIF(", right, ", 0)")
        return _around("(", _join(f" {node.sign} ", [left, right]), ")")

    def _tested(self, node: Between | Member | Missing | Opposite, item: Sql) -> Sql:
        match node:
            case Between():
                low, high = self.condition(node.low), self.condition(node.high)
                above, below = _join(" >= ", [item, low]), _join(" <= ", [item, high])
                return _around("(", _join(" AND ", [above, below]), ")")
            case Member():
                values = _join(", ", [self._value(value) for value in node.values])
                return _around("(", _join(" IN (", [item, _around("", values, ")")]), ")")
            case Missing():
                return _around("(", item, " IS NULL)")
            case Opposite():
                return _around("(NOT ", item, ")")

    def _column(self, name: str) -> str:
        column = self.schema.columns[name]
        if not _WORD.fullmatch(name):
            raise ValueError(f"{name!r} is no name that can stand in a statement")
        if column.kind == TEXT:
            return f'"{name}"'
        if column.kind == BOOLEAN:
            return f'("{name}" <> 0)' if self.name == SQLITE else f'"{name}"'
        return f'CAST("{name}" AS {self._double})'

    def _value(self, node: Value) -> Sql:
        value = node.value
        if isinstance(value, bool):
            return Sql("TRUE" if value else "FALSE")
        if self.name == SQLITE:
            return Sql("?", (value,))
        kind = "text" if isinstance(value, str) else self._double
        return Sql(f"CAST(%s AS {kind})", (value,))

    @property
    def _double(self) -> str:
        return "REAL" if self.name == SQLITE else "double precision"


def _join(between: str, parts: Sequence[Sql]) -> Sql:
    parameters = [value for part in parts for value in part.parameters]
    return Sql(between.join(part.text for part in parts), tuple(parameters))


def _around(before: str, inner: Sql, after: str) -> Sql:
    return Sql(f"{before}{inner.text}{after}", inner.parameters)
