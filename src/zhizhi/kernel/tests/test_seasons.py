"""Seasons: which local day of the year it is, and whether a rule is in force on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.seasons import DAYS, BadSeason, day_of_year, local_days, open_days

CHONGQING = timezone(timedelta(hours=8))


def us(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@given(st.datetimes(datetime(1902, 1, 1), datetime(2399, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_the_local_day_is_that_of_the_calendar(moment: datetime) -> None:
    local = moment.astimezone(CHONGQING)

    found = local_days(np.array([us(moment)]))

    assert found.tolist() == [day_of_year(f"{local:%m-%d}")]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-02-28T15:59:59.999999+00:00", "02-28"),
        ("2026-02-28T16:00:00+00:00", "03-01"),  # midnight in Chongqing
        ("2024-02-28T16:00:00+00:00", "02-29"),
        ("2026-12-31T15:59:59+00:00", "12-31"),
        ("2026-12-31T16:00:00+00:00", "01-01"),
    ],
)
def test_a_day_begins_at_local_midnight(moment: str, day: str) -> None:
    assert local_days(np.array([us(datetime.fromisoformat(moment))])).tolist() == [day_of_year(day)]


def test_every_day_of_a_leap_year_has_its_own_number() -> None:
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(DAYS)]

    assert [day_of_year(f"{day:%m-%d}") for day in days] == list(range(DAYS))


@given(st.lists(st.integers(-(2**60), 2**60), max_size=30))
def test_moments_are_answered_one_by_one(moments: list[int]) -> None:
    together = local_days(np.array(moments, np.int64))

    assert together.tolist() == [int(local_days(np.array([m]))[0]) for m in moments]


def is_open(seasons: list[list[str]], day: str) -> bool:
    return bool(open_days(seasons)[day_of_year(day)])


@pytest.mark.parametrize(
    ("day", "expected"),
    [("02-29", False), ("03-01", True), ("03-02", True), ("06-29", True), ("06-30", True),
     ("07-01", False)],
)  # fmt: skip
def test_both_ends_belong_to_a_season(day: str, expected: bool) -> None:
    assert is_open([["03-01", "06-30"]], day) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [("11-30", False), ("12-01", True), ("12-31", True), ("01-01", True), ("02-28", True),
     ("02-29", False)],
)  # fmt: skip
def test_a_season_may_run_over_new_year(day: str, expected: bool) -> None:
    assert is_open([["12-01", "02-28"]], day) is expected


def test_a_season_of_one_day_is_one_day() -> None:
    assert open_days([["05-01", "05-01"]]).sum() == 1


def test_a_season_that_ends_the_day_before_it_begins_is_all_year() -> None:
    assert open_days([["05-01", "04-30"]]).all()


def test_without_a_season_every_day_is_open_and_several_seasons_add_up() -> None:
    assert open_days([]).all()
    assert open_days([["01-01", "01-10"], ["12-31", "01-05"]]).sum() == 11


@pytest.mark.parametrize(
    "text",
    ["02-30", "13-01", "00-10", "04-31", "01-00", "1-1", "03/01", "", None, 301, "03-01 "],
)
def test_what_is_no_day_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(BadSeason, match="for example 03-01"):
        day_of_year(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("season", [["03-01"], ["03-01", "06-30", "x"], "03-01"])
def test_what_is_no_pair_of_days_is_refused(season: list[str]) -> None:
    with pytest.raises(BadSeason, match="write its first and its last day"):
        open_days([season])
