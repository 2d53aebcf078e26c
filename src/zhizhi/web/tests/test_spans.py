"""Spans of local hours and days."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from zhizhi.web.spans import Span

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)  # noon in Shanghai


@pytest.mark.parametrize(
    "text",
    ["2026-03-01", "2026-03-01T13", "2026-02-20..2026-03-01", "2026-02-28T13..2026-03-01T12"],
)
def test_a_span_is_read_as_it_is_written(text: str) -> None:
    assert str(Span.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-02-30", "2026-03-01T24", "2026-03-01..", "..2026-03-01",
     "2026-03-01..2026-03-01T10", "2026-3-1", "2026-03-01T1", "2026-03-01 10",
     "9999-12-31", "1999-12-31"],
)  # fmt: skip
def test_what_is_no_span_is_none(text: str) -> None:
    assert Span.parse(text) is None


def test_a_day_begins_and_ends_at_local_midnight() -> None:
    day = Span("2026-03-01", "2026-03-01")

    assert day.start == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert day.end == datetime(2026, 3, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "today"), [(-1, "2026-02-28"), (0, "2026-03-01"), (1, "2026-03-01")]
)
def test_today_changes_at_local_midnight(second: int, today: str) -> None:
    midnight = datetime(2026, 2, 28, 16, tzinfo=UTC).timestamp()

    span = Span.days(datetime.fromtimestamp(midnight + second, UTC), 1)

    assert str(span) == today


def test_the_last_day_is_the_last_of_24_hours_that_end_with_the_present_one() -> None:
    span = Span.hours(NOON, 24)

    assert str(span) == "2026-02-28T13..2026-03-01T12"
    assert len(span.parts()) == 24
    assert span.end == datetime(2026, 3, 1, 5, tzinfo=UTC)


def test_fourteen_days_follow_each_other_without_a_gap() -> None:
    parts = Span.days(NOON, 14).parts()

    assert [str(part) for part in parts][:2] == ["2026-02-16", "2026-02-17"]
    assert str(parts[-1]) == "2026-03-01"
    assert all(one.end == other.start for one, other in pairwise(parts))
