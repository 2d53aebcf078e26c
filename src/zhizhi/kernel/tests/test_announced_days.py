"""The announced holidays, and how days are written."""

from __future__ import annotations

from datetime import date

import pytest

from zhizhi.kernel import announced_days

FREE, MADE_UP = announced_days.free_days(), announced_days.make_up_days()


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_the_announced_years_are_known_from_their_first_day_to_their_last() -> None:
    first, last = announced_days.KNOWN_FROM, announced_days.KNOWN_UNTIL

    assert (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)


@pytest.mark.parametrize(
    ("text", "is_free"),
    [
        ("2026-02-14", False),
        ("2026-02-15", True),  # the spring festival of 2026: nine days
        ("2026-02-23", True),
        ("2026-02-24", False),
        ("2023-12-31", True),
        ("2022-12-31", True),
    ],
)
def test_the_announced_days_are_free(text: str, is_free: bool) -> None:
    assert (day(text) in FREE) is is_free


def test_every_make_up_day_is_a_weekend_day_and_no_free_day() -> None:
    assert {made_up.weekday() for made_up in MADE_UP} == {5, 6}
    assert not MADE_UP & FREE


@pytest.mark.parametrize(
    ("year", "statutory"), [(2022, 11), (2023, 11), (2024, 11), (2025, 13), (2026, 13)]
)
def test_what_is_free_and_not_made_up_for_are_the_statutory_holidays(
    year: int, statutory: int
) -> None:
    """全国年节及纪念日放假办法: eleven days a year, thirteen since 2025."""
    weekdays = [one for one in FREE if one.year == year and one.weekday() < 5]
    made_up = [one for one in MADE_UP if one.year == year]

    assert len(weekdays) - len(made_up) == statutory


def test_days_are_read_one_by_one_and_in_ranges() -> None:
    found = announced_days.read_days(" 2027-01-01, 2027-02-05/2027-02-07；2027-03-01/2027-03-01")

    assert list(found) == [
        day("2027-01-01"), day("2027-02-05"), day("2027-02-06"), day("2027-02-07"),
        day("2027-03-01"),
    ]  # fmt: skip


def test_sixty_days_are_a_range_and_sixty_one_are_a_slip_of_the_pen() -> None:
    assert len(list(announced_days.read_days("2027-01-01/2027-03-01"))) == 60
    with pytest.raises(ValueError, match="no range"):
        list(announced_days.read_days("2027-01-01/2027-03-02"))


@pytest.mark.parametrize("text", ["2027-02-30", "soon", "2027-01-05/2027-01-04"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|Invalid"):
        list(announced_days.read_days(text))
