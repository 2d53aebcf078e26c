"""A span is found at every moment in it, and the path to it is short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.stabbing import LEVELS, fork, fork_of, path, path_of

MINUTES = st.integers(1, 2**LEVELS - 1)


@given(MINUTES, MINUTES, MINUTES)
def test_the_fork_lies_in_the_span_and_on_the_path_of_every_moment_in_it(
    one: int, other: int, third: int
) -> None:
    first, moment, last = sorted((one, other, third))

    found = fork(first, last)

    assert first <= found <= last
    assert found in path(moment)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(4, 7, 4), (5, 6, 6), (5, 5, 5), (6, 6, 6), (7, 9, 8), (9, 3, 9)],
)
def test_the_fork_divides_by_the_highest_power_of_two(first: int, last: int, expected: int) -> None:
    assert fork(first, last) == expected


@given(MINUTES)
def test_the_path_is_short(moment: int) -> None:
    assert len(path(moment)) <= LEVELS + 1


def test_a_span_of_months_is_found_in_its_first_and_last_second() -> None:
    began = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ended = began + timedelta(days=190, seconds=13)

    kept = fork_of(began, ended)

    assert kept in path_of(began)
    assert kept in path_of(ended)
