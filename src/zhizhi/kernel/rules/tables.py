"""Rules as a table of numbers that one compiled loop interprets, event by event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.rules import table_loops as loops
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.schema import Event, Scalar, Schema
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
    names,
)

_SIGNS: Final[Mapping[str, int]] = {
    "+": loops.ADD, "-": loops.SUBTRACT, "*": loops.MULTIPLY, "/": loops.DIVIDE,
    "<": loops.LESS, "<=": loops.AT_MOST, "=": loops.EQUAL,
    "<>": loops.UNEQUAL, ">=": loops.AT_LEAST, ">": loops.MORE,
}  # fmt: skip
_FLIPPED = {"<": ">", "<=": ">=", ">=": "<=", ">": "<"}
_NEVER = np.iinfo(np.int64).max


class Program(NamedTuple):
    """The instructions of all rules one after another; ``begin`` tells where each one starts.

    ``length`` is that of a list, and of what must be true the part of the condition it is.
    """

    code: NDArray[np.int32]
    place: NDArray[np.int32]
    length: NDArray[np.int32]
    constant: NDArray[np.float64]
    listed: NDArray[np.float64]
    begin: NDArray[np.int32]
    kinds: NDArray[np.uint32]
    ends_us: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RuleTable:
    """Compiled rules; ``columns`` are the names that a row must hold, in this order."""

    rules: tuple[WarningRule, ...]
    schema: Schema
    columns: tuple[str, ...]
    program: Program
    stack: NDArray[np.float64] = field(default_factory=lambda: np.zeros(loops.STACK))

    def row(self, event: Event) -> NDArray[np.float64]:
        """Return the values of an event that the rules ask for."""
        words = self.schema.words
        return np.array([[coded(event.get(name), words) for name in self.columns]])

    def fires(
        self, rows: NDArray[np.float64], kinds: NDArray[np.uint32], times: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return which rules fire on which rows; ``kinds`` are bits from ``kind_bit``."""
        found = np.zeros((len(rows), len(self.rules)), np.bool_)
        loops.answer_rows(self.program, rows, kinds, times, self.stack, found)
        return found

    def kind_bit(self, kind: str) -> int:
        return 1 << self.schema.kinds.index(kind)

    def firing(self, event: Event, kind: str, time_us: int) -> list[WarningRule]:
        """Return the rules that fire on one event."""
        kinds = np.array([self.kind_bit(kind)], np.uint32)
        found = self.fires(self.row(event), kinds, np.array([time_us], np.int64))
        return [self.rules[n] for n in np.flatnonzero(found[0])]

    def near_misses(self, event: Event) -> list[tuple[WarningRule, Node]]:
        """Return the rules that a single part of their condition kept from firing, with it."""
        missed = np.zeros(len(self.rules), np.int64)
        loops.near_misses(self.program, self.row(event)[0], self.stack, missed)
        return [
            (self.rules[n], self.rules[n].conjuncts[missed[n]])
            for n in np.flatnonzero(missed != loops.NO_MISS)
        ]


def coded(value: Scalar, words: Mapping[str, int]) -> float:
    """Return a value as the number that stands for it in a table."""
    if value is None:
        return loops.UNKNOWN
    return float(words[value]) if isinstance(value, str) else float(value)


def table_of(rules: Sequence[WarningRule], schema: Schema) -> RuleTable:
    """Return ``rules`` as a table."""
    used = {name for rule in rules for node in (rule.when, rule.unless) if node
            for name in names(node)}  # fmt: skip
    columns = tuple(sorted(used))
    writing = _Writing({name: n for n, name in enumerate(columns)}, schema.words)
    begin = [writing.rule(rule) for rule in rules]
    kinds = [sum(1 << schema.kinds.index(kind) for kind in rule.on) for rule in rules]
    ends = [_NEVER if rule.ends_us is None else rule.ends_us for rule in rules]
    code, place, length, constant = zip(*writing.lines, strict=True) if rules else ((),) * 4
    program = Program(
        np.array(code, np.int32), np.array(place, np.int32), np.array(length, np.int32),
        np.array(constant, np.float64), np.array(writing.listed or [0.0]),
        np.array(begin, np.int32), np.array(kinds, np.uint32), np.array(ends, np.int64),
    )  # fmt: skip
    return RuleTable(tuple(rules), schema, columns, program)


@dataclass(frozen=True, slots=True)
class _Writing:
    columns: Mapping[str, int]
    words: Mapping[str, int]
    lines: list[tuple[int, int, int, float]] = field(default_factory=list)
    listed: list[float] = field(default_factory=list)

    def line(self, code: int, place: int = 0, length: int = 0, constant: float = 0.0) -> None:
        self.lines.append((code, place, length, constant))

    def rule(self, rule: WarningRule) -> int:
        """Write one rule, and return its first line."""
        begin = len(self.lines)
        for n, part in enumerate(rule.conjuncts):
            self.needed(part, n)
        if rule.unless is not None:
            self.node(rule.unless)
            self.line(loops.FORBID)
        self.line(loops.FIRE)
        return begin

    def needed(self, node: Node, part: int) -> None:
        """Write a part that must be true: mostly one line for a column beside a constant."""
        match node:
            case Name():
                self.beside("=", node, Value(True, node.at), part)
            case Comparison(sign, Name() as name, Value() as value):
                self.beside(sign, name, value, part)
            case Comparison(sign, Value() as value, Name() as name):
                self.beside(_FLIPPED.get(sign, sign), name, value, part)
            case Between(Name() as name, Value() as low, Value() as high):
                self.beside(">=", name, low, part)
                self.beside("<=", name, high, part)
            case _:
                self.node(node)
                self.line(loops.NEED, length=part)

    def beside(self, sign: str, name: Name, value: Value, part: int) -> None:
        code = _SIGNS[sign] - loops.LESS + loops.NEED_LESS
        self.line(code, self.columns[name.name], part, coded(value.value, self.words))

    def node(self, node: Node) -> None:
        match node:
            case Name():
                self.line(loops.COLUMN, self.columns[node.name])
            case Value():
                self.line(loops.CONSTANT, constant=coded(node.value, self.words))
            case Arithmetic() | Comparison():
                self.node(node.left)
                self.node(node.right)
                self.line(_SIGNS[node.sign])
            case Between():
                self.node(Comparison(">=", node.item, node.low, node.at))
                self.node(Comparison("<=", node.item, node.high, node.at))
                self.line(loops.AND)
            case AllOf() | AnyOf():
                self.parts(node)
            case Member() | Missing() | Opposite():
                self.node(node.item)
                self.turned(node)

    def parts(self, node: AllOf | AnyOf) -> None:
        """Write parts that leave early: behind one that decides nothing more is computed."""
        is_all = isinstance(node, AllOf)
        jumps = []
        for n, part in enumerate(node.parts):
            self.node(part)
            if n:
                self.line(loops.AND if is_all else loops.OR)
            jumps.append(len(self.lines))
            self.line(loops.IF_FALSE if is_all else loops.IF_TRUE)
        for at in jumps:
            self.lines[at] = (self.lines[at][0], len(self.lines), 0, 0.0)

    def turned(self, node: Member | Missing | Opposite) -> None:
        if isinstance(node, Member):
            values = [coded(value.value, self.words) for value in node.values]
            self.line(loops.AMONG, len(self.listed), len(values))
            self.listed.extend(values)
        else:
            self.line(loops.NOT if isinstance(node, Opposite) else loops.IS_MISSING)


def bits(kinds: Iterable[str], table: RuleTable) -> NDArray[np.uint32]:
    """Return one bit for the kind of each event."""
    known: dict[str, Any] = {kind: table.kind_bit(kind) for kind in table.schema.kinds}
    return np.array([known[kind] for kind in kinds], np.uint32)
