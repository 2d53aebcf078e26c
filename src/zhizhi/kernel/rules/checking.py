"""Checking a condition against a schema: its names, its types, and how large its numbers may get.

The bounds follow every number through the arithmetic: ``low`` is the smallest size other than 0
that it may have, ``high`` the largest. What could leave the range in which all back ends compute
alike is refused when the rule is read, so that no event can bring it about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from zhizhi.kernel.rules.schema import (
    BOOLEAN,
    INTEGER,
    LARGEST,
    LARGEST_WHOLE,
    NUMBER,
    SMALLEST,
    TEXT,
    Column,
    Schema,
)
from zhizhi.kernel.rules.syntax import (
    MOST_DEPTH,
    MOST_PARTS,
    AllOf,
    AnyOf,
    Arithmetic,
    Between,
    Comparison,
    ConditionWrong,
    Member,
    Missing,
    Name,
    Node,
    Opposite,
    Value,
    below,
    written_value,
)

LEAST, MOST = 1e-290, 1e290
_ROUNDING = 2.0**-53  # of two numbers of one size the difference is 0 or at least this part of it
_KIND_WORDS: Final = {NUMBER: "a number", BOOLEAN: "yes or no", TEXT: "a word"}


@dataclass(frozen=True, slots=True)
class Understood:
    """A condition whose names are columns: its type, the sizes it may have, its measure."""

    node: Node
    kind: str
    low: float = 0.0
    high: float = 0.0
    words: tuple[str, ...] = ()
    parts: int = 1
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Checker:
    """What names mean: the columns of ``schema`` and what ``let`` has defined so far."""

    schema: Schema
    defined: Mapping[str, Understood]

    def condition(self, node: Node) -> Understood:
        """Check a condition, which says yes, no or unknown. Raises ConditionWrong."""
        found = self.check(node)
        if found.kind != BOOLEAN:
            raise ConditionWrong(
                node.at, f"This is {_KIND_WORDS[found.kind]}, not a condition.",
                "Compare it with something.",
            )  # fmt: skip
        return found

    def check(self, node: Node) -> Understood:
        """Check any part. Raises ConditionWrong."""
        match node:
            case Name():
                found = self._name(node)
            case Value():
                found = _value(node)
            case Arithmetic():
                found = self._arithmetic(node)
            case _:
                found = self._answer(node)
        return _within_measure(found, node.at)

    def _answer(
        self, node: Comparison | Between | Member | Missing | Opposite | AllOf | AnyOf
    ) -> Understood:
        match node:
            case Comparison():
                return self._comparison(node)
            case Between():
                return self._between(node)
            case Member():
                return self._member(node)
            case Missing() | Opposite():
                is_opposite = isinstance(node, Opposite)
                item = (self.condition if is_opposite else self.check)(node.item)
                return _made(replace(node, item=item.node), BOOLEAN, item)
            case AllOf() | AnyOf():
                parts = [self.condition(part) for part in node.parts]
                merged = tuple(part.node for part in parts)
                return _made(replace(node, parts=merged), BOOLEAN, *parts)

    def _name(self, node: Name) -> Understood:
        if node.name in self.defined:
            return self.defined[node.name]
        column = self.schema.columns.get(node.name)
        if column is None:
            raise ConditionWrong(
                node.at, f"{node.name} is no column of {self.schema.name}"
                f"{self.schema.hint(node.name) or '.'}",
                "Use a declared column, or define the name with let before.",
            )  # fmt: skip
        low, high = _size(column)
        kind = NUMBER if column.is_numeric else column.kind
        return Understood(node, kind, low, high, column.words)

    def _arithmetic(self, node: Arithmetic) -> Understood:
        left, right = self._number(node.left), self._number(node.right)
        if node.sign == "/" and isinstance(right.node, Value) and right.node.value == 0:
            raise ConditionWrong(node.at, "This divides by zero.", "Divide by something else.")
        low, high = _sizes(node.sign, left, right)
        if high > MOST or (low and low < LEAST):
            raise ConditionWrong(
                node.at, "This may become too large or too small to compute with.",
                "Multiply and divide fewer numbers in one condition.",
            )  # fmt: skip
        made = replace(node, left=left.node, right=right.node)
        return replace(_made(made, NUMBER, left, right), low=low, high=high)

    def _number(self, node: Node) -> Understood:
        found = self.check(node)
        if found.kind != NUMBER:
            raise ConditionWrong(
                node.at, f"This is {_KIND_WORDS[found.kind]}, where a number is needed.",
                "Compute with numbers only.",
            )  # fmt: skip
        return found

    def _comparison(self, node: Comparison) -> Understood:
        left, right = self._pair(node)
        if left.kind != NUMBER and node.sign not in {"=", "<>"}:
            raise ConditionWrong(
                node.at, f"{node.sign} puts numbers in order; this is {_KIND_WORDS[left.kind]}.",
                "Use = or <>.",
            )  # fmt: skip
        made = replace(node, left=left.node, right=right.node)
        return _made(made, BOOLEAN, left, right)

    def _pair(self, node: Comparison) -> tuple[Understood, Understood]:
        left, right = self.check(node.left), self.check(node.right)
        left, right = _as_condition(left, right), _as_condition(right, left)
        if left.kind != right.kind:
            raise ConditionWrong(
                node.at,
                f"This compares {_KIND_WORDS[left.kind]} with {_KIND_WORDS[right.kind]}.",
                "Compare values of one type"
                + (": numbers stand without quotes." if TEXT in {left.kind, right.kind} else "."),
            )
        _known_word(left.words, right.node)
        _known_word(right.words, left.node)
        return left, right

    def _between(self, node: Between) -> Understood:
        item, low, high = (self._number(part) for part in below(node))
        made = replace(node, item=item.node, low=low.node, high=high.node)
        return _made(made, BOOLEAN, item, low, high)

    def _member(self, node: Member) -> Understood:
        item = self.check(node.item)
        if item.kind == BOOLEAN:
            raise ConditionWrong(node.at, "This is yes or no already.", "Leave IN out.")
        for value in node.values:
            if _value(value).kind != item.kind:
                raise ConditionWrong(
                    value.at, f"{written_value(value)} is not {_KIND_WORDS[item.kind]}.",
                    "List values of one type.",
                )  # fmt: skip
            _known_word(item.words, value)
        listed = tuple(_value(value) for value in node.values)
        return _made(replace(node, item=item.node), BOOLEAN, item, *listed)


def _as_condition(one: Understood, other: Understood) -> Understood:
    """Read 1 and 0 beside yes or no as TRUE and FALSE."""
    is_bit = isinstance(one.node, Value) and one.kind == NUMBER and one.node.value in {0, 1}
    if other.kind == BOOLEAN and is_bit and isinstance(one.node, Value):
        return Understood(Value(bool(one.node.value), one.node.at), BOOLEAN)
    return one


def _known_word(words: tuple[str, ...], node: Node) -> None:
    if words and isinstance(node, Value) and node.value not in words:
        raise ConditionWrong(
            node.at, f"{written_value(node)} is not a value of this column.",
            f"Use one of {', '.join(words)}.",
        )  # fmt: skip


def _value(node: Value) -> Understood:
    if isinstance(node.value, bool):
        return Understood(node, BOOLEAN)
    if isinstance(node.value, str):
        return Understood(node, TEXT)
    size = abs(node.value)
    return Understood(node, NUMBER, size, size)


def _size(column: Column) -> tuple[float, float]:
    if column.kind == INTEGER:
        return 1.0, float(LARGEST_WHOLE)
    return SMALLEST, LARGEST


def _sizes(sign: str, left: Understood, right: Understood) -> tuple[float, float]:
    """Return the bounds of a result. A value that is always 0 has the bounds 0 and 0."""
    if sign in {"+", "-"}:
        least = min((low for low in (left.low, right.low) if low), default=0.0)
        return least * _ROUNDING, left.high + right.high
    if not left.high or not right.high:
        return 0.0, 0.0
    if sign == "*":
        return left.low * right.low, left.high * right.high
    return left.low / right.high, left.high / right.low


def _made(node: Node, kind: str, *of: Understood) -> Understood:
    parts = 1 + sum(part.parts for part in of)
    return Understood(node, kind, parts=parts, depth=1 + max(part.depth for part in of))


def _within_measure(found: Understood, at: int) -> Understood:
    if found.parts > MOST_PARTS:
        raise ConditionWrong(
            at, f"The condition has more than {MOST_PARTS} parts.", "Make several rules of it."
        )
    if found.depth > 2 * MOST_DEPTH:
        raise ConditionWrong(
            at, f"The condition is more than {2 * MOST_DEPTH} levels deep.",
            "Make several rules of it, or write sums in brackets.",
        )  # fmt: skip
    return found
