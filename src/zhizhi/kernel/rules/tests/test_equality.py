"""Four ways to answer a rule, proved equal: plain Python, the table, Polars and SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from zhizhi.kernel.rules.frames import firing_frame, frame_schema
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.schema import Event
from zhizhi.kernel.rules.statements import SQLITE, Dialect
from zhizhi.kernel.rules.tables import bits, table_of
from zhizhi.kernel.rules.tests import random_rules
from zhizhi.kernel.rules.tests.random_rules import SMALL
from zhizhi.kernel.rules.weighing import value_of

Told = tuple[Event, str, int]
ENDS = 1_782_835_200_000_000  # 2026-07-01 in China
Hits = NDArray[np.bool_]


def rules_of(draw: Random, count: int) -> tuple[WarningRule, ...]:
    return tuple(random_rules.rule(draw, n) for n in range(count))


def events_of(draw: Random, count: int) -> list[Told]:
    times = (ENDS - 1, ENDS, ENDS + 1, 0)
    return [
        (random_rules.event(draw), draw.choice(SMALL.kinds), draw.choice(times))
        for _ in range(count)
    ]


def plainly(rules: Sequence[WarningRule], events: Sequence[Told]) -> Hits:
    return np.array([
        [rule.is_asked(kind, at) and rule.holds(event) for rule in rules]
        for event, kind, at in events
    ])  # fmt: skip


def by_table(rules: Sequence[WarningRule], events: Sequence[Told]) -> Hits:
    table = table_of(rules, SMALL)
    rows = np.concatenate([table.row(event) for event, _kind, _at in events])
    times = np.array([at for _event, _kind, at in events], np.int64)
    return table.fires(rows, bits((kind for _event, kind, _at in events), table), times)


def by_frame(rules: Sequence[WarningRule], events: Sequence[Told]) -> Hits:
    rows = [{"kind": kind, "time_us": at, **event} for event, kind, at in events]
    return firing_frame(pl.DataFrame(rows, schema=frame_schema(SMALL)), rules).to_numpy()


def by_sqlite(rules: Sequence[WarningRule], events: Sequence[Told]) -> Hits:
    names, dialect = ("kind", "time_us", *SMALL.columns), Dialect(SQLITE, SMALL)
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE event ({', '.join(names)})")
    database.executemany(
        f"INSERT INTO event VALUES ({', '.join('?' * len(names))})",  # noqa: S608 - own names
        [(kind, at, *(event.get(name) for name in SMALL.columns)) for event, kind, at in events],
    )
    columns = []
    for rule in rules:
        sql = dialect.fires(rule)
        query = f"SELECT {sql.text} FROM event ORDER BY rowid"  # noqa: S608 - what is tried here
        columns.append([bool(row[0]) for row in database.execute(query, sql.parameters)])
    database.close()
    return np.array(columns).T


def assert_alike(rules: Sequence[WarningRule], events: Sequence[Told]) -> Hits:
    expected = plainly(rules, events)
    for way in (by_table, by_frame, by_sqlite):
        for n, k in np.argwhere(way(rules, events) != expected):
            pytest.fail(f"{way.__name__}: {rules[k]} on {events[n]}: not {expected[n, k]}")
    return expected


@pytest.mark.parametrize("seed", range(20))
def test_ten_thousand_random_rules_have_the_same_hits_everywhere(seed: int) -> None:
    draw = Random(seed)  # noqa: S311 - not for secrets

    hits = assert_alike(rules_of(draw, 500), events_of(draw, 8))

    assert 0.05 < hits.mean() < 0.6  # neither way is rare


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_rules_that_hypothesis_draws_have_the_same_hits_everywhere(draw: Random) -> None:
    assert_alike(rules_of(draw, 3), events_of(draw, 3))


def test_a_table_without_rules_answers_nothing() -> None:
    table = table_of((), SMALL)

    assert table.firing({}, "check", 0) == []


def test_one_event_is_answered_as_many_are() -> None:
    draw = Random(0)  # noqa: S311 - not for secrets
    rules, events = rules_of(draw, 30), events_of(draw, 30)
    table, expected = table_of(rules, SMALL), plainly(rules, events)

    for (event, kind, at), hits in zip(events, expected, strict=True):
        assert table.firing(event, kind, at) == [rules[n] for n in np.flatnonzero(hits)]


@pytest.mark.parametrize("seed", range(4))
def test_the_table_finds_the_part_that_alone_kept_a_rule_back(seed: int) -> None:
    draw = Random(seed)  # noqa: S311 - not for secrets
    rules, found = rules_of(draw, 200), 0
    table = table_of(rules, SMALL)

    for event, _kind, _at in events_of(draw, 20):
        expected = []
        for rule in rules:
            missed = [node for node in rule.conjuncts if value_of(node, event) is not True]
            is_held_back = rule.unless is not None and value_of(rule.unless, event) is True
            if len(missed) == 1 and not is_held_back:
                expected.append((rule, missed[0]))
        found += len(expected)
        assert table.near_misses(event) == expected

    assert found > 100
