"""Rules and events drawn from a seed: every part of the language, and every kind of bad value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random

from zhizhi.kernel.rules.checking import Checker
from zhizhi.kernel.rules.parsing import parsed
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.schema import (
    BOOLEAN,
    INTEGER,
    LARGEST,
    LARGEST_WHOLE,
    NUMBER,
    SMALLEST,
    TEXT,
    Column,
    Event,
    Scalar,
    Schema,
)
from zhizhi.kernel.rules.syntax import ConditionWrong, Node
from zhizhi.kernel.rules.tests.rule_texts import the_rule

THE_RULE = the_rule()
WORDS = ("foreign", "domestic", "it's")
SMALL = Schema(
    "small.v1",
    ("check", "report"),
    {
        column.name: column
        for column in (
            *(Column(f"n{i}", NUMBER, "") for i in range(3)),
            *(Column(f"i{i}", INTEGER, "") for i in range(3)),
            *(Column(f"b{i}", BOOLEAN, "") for i in range(3)),
            *(Column(f"t{i}", TEXT, "", words=WORDS) for i in range(2)),
        )
    },
)
NUMBERS = (
    "0",
    "1",
    "2",
    "0.1",
    "0.3",
    "0.5",
    "3",
    "7",
    "1e15",
    "1e-15",
    "-1",
    "0.30000000000000004",
)
SIGNS = ("<", "<=", "=", "<>", ">=", ">")


def number(draw: Random, depth: int) -> str:
    if depth <= 0 or draw.random() < 0.4:
        return draw.choice((f"n{draw.randrange(3)}", f"i{draw.randrange(3)}", draw.choice(NUMBERS)))
    left, right = number(draw, depth - 1), number(draw, depth - 1)
    return f"({left} {draw.choice('+-*/')} {right})"


def word_test(draw: Random) -> str:
    return f't{draw.randrange(2)} {draw.choice(("=", "<>"))} "{draw.choice(WORDS)}"'


def listed(draw: Random) -> str:
    values = ", ".join(draw.choices(NUMBERS, k=3))
    return f"{number(draw, 1)} {draw.choice(('', 'NOT '))}IN ({values})"


def between(draw: Random) -> str:
    low, high = number(draw, 1), number(draw, 1)
    return f"{number(draw, 1)} {draw.choice(('', 'NOT '))}BETWEEN {low} AND {high}"


SIMPLE: tuple[Callable[[Random], str], ...] = (
    lambda draw: f"b{draw.randrange(3)}",
    lambda draw: draw.choice(("t0 = t1", "b0 = b1", "b0 = 1", "b1 <> 0", "TRUE", "FALSE")),
    lambda draw: f"{number(draw, 1)} IS {draw.choice(('', 'NOT '))}NULL",
    lambda draw: f"{number(draw, 3)} {draw.choice(SIGNS)} {number(draw, 3)}",
    lambda draw: f"{draw.choice(('n0', 'i1'))} {draw.choice(SIGNS)} {draw.choice(NUMBERS)}",
    lambda draw: f"{draw.choice(NUMBERS)} {draw.choice(SIGNS)} {draw.choice(('n0', 'i1'))}",
    word_test, listed, between,
)  # fmt: skip


def condition(draw: Random, depth: int) -> str:
    kind = draw.randrange(10) if depth > 0 else 0
    if kind < 4:
        return draw.choice(SIMPLE)(draw)
    if kind == 4:
        return f"NOT ({condition(draw, depth - 1)})"
    if kind == 5:
        return f"({condition(draw, depth - 1)}) = ({condition(draw, depth - 1)})"
    word = draw.choice((" AND ", " OR "))
    return word.join(f"({condition(draw, depth - 1)})" for _ in range(draw.randint(2, 4)))


def understood(draw: Random, depth: int) -> Node:
    """Return a condition that the checker does not refuse for how large it may become."""
    while True:
        try:
            return Checker(SMALL, {}).condition(parsed(condition(draw, depth))).node
        except ConditionWrong:
            continue


def rule(draw: Random, n: int) -> WarningRule:
    """Return a rule that was never in a file."""
    return replace(
        THE_RULE,
        id=f"r{n}",
        defined={},
        on=frozenset(draw.choice((("check",), ("report",), ("check", "report")))),
        when=understood(draw, 3),
        unless=understood(draw, 2) if draw.random() < 0.5 else None,
        expires=draw.choice((None, date(2026, 7, 1))),
    )


def value(draw: Random, column: Column) -> Scalar:
    if draw.random() < 0.2:
        return None
    if column.kind == BOOLEAN:
        return draw.random() < 0.5
    if column.kind == TEXT:
        return draw.choice(WORDS)
    if column.kind == INTEGER:
        return float(draw.choice((0, 1, 2, 3, -1, 7, LARGEST_WHOLE, -LARGEST_WHOLE, 2**53 - 1)))
    ties = (0.0, -0.0, 0.1, 0.3, 0.1 + 0.2, 0.5, 1.0, 3.0, -7.0)
    extreme = (SMALLEST, -SMALLEST, LARGEST, -LARGEST, 1e-15 * (1 + 2**-52))
    return draw.choice((*ties, *extreme, draw.uniform(-10, 10)))


def event(draw: Random) -> Event:
    """Return an event; a column that is left out is unknown as well."""
    given = {name: value(draw, column) for name, column in SMALL.columns.items()}
    if draw.random() < 0.3:
        del given[draw.choice(sorted(given))]
    return given
