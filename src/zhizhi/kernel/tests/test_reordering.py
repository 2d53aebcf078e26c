"""Rows come out sorted by entity and time, each once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel.reordering import SHORT, order_by_entity
from zhizhi.kernel.stepping import in_order
from zhizhi.kernel.tests.dwell_worlds import EIGHT, S, batch_of
from zhizhi.kernel.waiting import join

tokens = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)


@settings(deadline=None)
@given(st.lists(tokens, max_size=300))
def test_the_radix_sort_is_a_stable_sort(entities: list[int]) -> None:
    entity = np.array(entities, np.int64)

    assert order_by_entity(entity).tolist() == np.argsort(entity, kind="stable").tolist()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60)), min_size=1, max_size=400))
def test_rows_are_sorted_and_unique(rows: list[tuple[int, int]]) -> None:
    entity, seconds = np.array(rows).T
    batch = in_order(batch_of(entity, EIGHT + seconds * S, 0, 0, delay_s=60 - seconds))

    pairs = list(zip(batch.entity.tolist(), batch.time_us.tolist(), strict=True))

    assert pairs == sorted({(who, EIGHT + second * S) for who, second in rows})


@pytest.mark.parametrize("count", [SHORT - 1, SHORT, SHORT + 1, 5_000])
def test_many_rows_of_one_entity_backwards_are_sorted(count: int) -> None:
    batch = batch_of(1, EIGHT + np.arange(count) * S, 0, 0, delay_s=2 * (count - np.arange(count)))
    assert batch.time_us[0] > batch.time_us[-1]

    assert np.diff(in_order(batch).time_us).min() == S


def test_a_million_rows_at_one_time_are_settled_quickly() -> None:
    batch = batch_of(1, np.full(1_000_000, EIGHT), np.arange(1_000_000), 0, accuracy_m=5)

    assert in_order(batch).row.tolist() == [0]


@pytest.mark.parametrize(
    ("field", "preferred", "other"),
    [
        ("accuracy_m", 5.0, 6.0),
        ("accuracy_m", 5.0, math.nan),
        ("lon", 107.0, 107.1),
        ("lat", 29.0, 29.1),
        ("flags", 0, 128),
        ("offset", 3, 4),
        ("row", 7, 8),
    ],
)
def test_of_two_rows_at_one_time_the_content_decides_first(
    field: str, preferred: float, other: float
) -> None:
    row = batch_of(1, [EIGHT], 0, 0)
    columns: list[dict[str, Any]] = [
        {field: np.array([value], getattr(row, field).dtype)} for value in (preferred, other)
    ]
    good, poor = (replace(row, **column) for column in columns)

    for pair in ([good, poor], [poor, good]):
        assert getattr(in_order(join(pair)), field).tolist() == [preferred]


def test_one_row_is_kept_for_each_named_zone_and_one_that_names_none() -> None:
    plain = batch_of(1, [EIGHT, EIGHT], [0, 5], 0)
    named = replace(
        batch_of(1, [EIGHT] * 4, math.nan, math.nan),
        zone=np.array([1, 0, 1, 0], np.int32),
        zone_keys=("A", "B"),
    )

    batch = in_order(join([named, plain]))

    assert batch.zone.tolist() == [-1, 0, 1]
    assert batch.lon[0] == plain.lon[0]
