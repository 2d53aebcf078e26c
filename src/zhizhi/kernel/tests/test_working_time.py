"""Time limits in duty hours, working days and calendar days, around the new year of 2023."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.working_time import SpanUnit, WorkingCalendar, YearUnknown

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = ((time(9), time(12)), (time(14), time(18)))
# The spring festival of 2023: 21 to 27 January are free, 28 and 29 January are made up for.
CALENDAR = WorkingCalendar(
    zone=SHANGHAI,
    shifts=OFFICE,
    holidays=frozenset(date(2023, 1, day) for day in (2, 23, 24, 25, 26, 27)),
    make_up=frozenset({date(2023, 1, 28), date(2023, 1, 29)}),
    known_from=date(2023, 1, 1),
    known_until=date(2023, 12, 31),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2023-01-20", True),  # Friday
        ("2023-01-21", False),  # Saturday
        ("2023-01-23", False),  # Monday, the spring festival
        ("2023-01-28", True),  # Saturday, made up for
        ("2023-02-04", False),  # Saturday
    ],
)
def test_make_up_days_are_worked_and_holidays_are_not(day: str, is_worked: bool) -> None:
    assert CALENDAR.is_worked(date.fromisoformat(day)) is is_worked


@pytest.mark.parametrize(
    ("amount", "due"),
    [(1, "2023-01-28T18:00"), (2, "2023-01-29T18:00"), (3, "2023-01-30T18:00")],
)
def test_working_days_leap_the_festival_and_count_the_days_made_up(amount: int, due: str) -> None:
    applied = at("2023-01-20T10:00")

    assert CALENDAR.due(applied, amount, SpanUnit.WORKING_DAYS) == at(due)


@pytest.mark.parametrize(
    ("started", "amount", "due"),
    [
        ("2023-01-04T09:00", 3, "2023-01-04T12:00"),  # to the end of the shift, not to the next
        ("2023-01-04T09:00", 4, "2023-01-04T15:00"),  # over noon
        ("2023-01-04T12:30", 1, "2023-01-04T15:00"),  # begun while nobody is on duty
        ("2023-01-04T18:00", 1, "2023-01-05T10:00"),  # begun as duty ends
        ("2023-01-04T17:59", 1, "2023-01-05T09:59"),
        ("2023-01-20T17:00", 2, "2023-01-28T10:00"),  # over the festival
    ],
)
def test_working_hours_pass_only_on_duty(started: str, amount: int, due: str) -> None:
    assert CALENDAR.due(at(started), amount, SpanUnit.WORKING_HOURS) == at(due)


def test_emergency_hours_pass_around_the_clock() -> None:
    assert CALENDAR.due(at("2023-01-22T23:00"), 2, SpanUnit.EMERGENCY_HOURS) == at(
        "2023-01-23T01:00"
    )


@pytest.mark.parametrize(
    ("started", "amount", "due"),
    [
        ("2023-01-04T23:59", 1, "2023-01-06T00:00"),  # the day of the start is not counted
        ("2023-01-20T10:00", 1, "2023-01-29T00:00"),  # its last day is free: the next worked one
        ("2023-01-20T10:00", 8, "2023-01-29T00:00"),
        ("2023-01-20T10:00", 9, "2023-01-30T00:00"),
    ],
)
def test_calendar_days_end_at_midnight_but_on_no_free_day(
    started: str, amount: int, due: str
) -> None:
    assert CALENDAR.due(at(started), amount, SpanUnit.CALENDAR_DAYS) == at(due)


def test_the_day_is_that_of_the_office_whatever_zone_the_moment_is_written_in() -> None:
    in_utc = datetime.fromisoformat("2023-01-04T17:00+00:00")  # 5 January, 01:00 in Shanghai

    assert CALENDAR.due(in_utc, 1, SpanUnit.WORKING_DAYS) == at("2023-01-06T18:00")


@pytest.mark.parametrize("day", ["2022-12-31", "2024-01-01"])
def test_a_year_that_nobody_has_announced_is_not_guessed(day: str) -> None:
    with pytest.raises(YearUnknown, match=day):
        CALENDAR.is_worked(date.fromisoformat(day))


def test_a_limit_that_reaches_an_unknown_year_is_refused() -> None:
    with pytest.raises(YearUnknown, match="2024-01-01"):
        CALENDAR.due(at("2023-12-29T10:00"), 1, SpanUnit.WORKING_DAYS)


@pytest.mark.parametrize("amount", [0, -1])
def test_no_time_at_all_is_no_limit(amount: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        CALENDAR.due(at("2023-01-04T09:00"), amount, SpanUnit.WORKING_DAYS)


@pytest.mark.parametrize("day", [CALENDAR.known_from, CALENDAR.known_until])
def test_the_first_and_the_last_announced_day_are_known(day: date) -> None:
    assert not CALENDAR.is_worked(day)  # both a Sunday


def test_a_working_day_of_three_shifts_ends_with_the_third() -> None:
    night = replace(CALENDAR, shifts=(*OFFICE, (time(19), time(21))))

    assert night.due(at("2023-01-04T09:00"), 1, SpanUnit.WORKING_DAYS) == at("2023-01-05T21:00")


@pytest.mark.parametrize(
    "shifts",
    [(), ((time(12), time(9)),), ((time(9), time(9)),), (OFFICE[1], OFFICE[0])],
)
def test_duty_hours_out_of_order_are_refused(shifts: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="duty hours"):
        WorkingCalendar(SHANGHAI, shifts, frozenset(), frozenset(), date.min, date.max)


@given(minute=st.integers(0, 60 * 24 * 60), hours=st.integers(1, 60))
def test_between_start_and_due_lie_just_the_hours_of_duty_asked_for(
    minute: int, hours: int
) -> None:
    started = at("2023-01-03T00:00") + timedelta(minutes=minute)

    due = CALENDAR.due(started, hours, SpanUnit.WORKING_HOURS)

    assert CALENDAR.worked(started, due) == timedelta(hours=hours)
    assert CALENDAR.worked(started, due - timedelta(minutes=1)) < timedelta(hours=hours)


def test_no_duty_passes_backwards() -> None:
    assert CALENDAR.worked(at("2023-01-05T10:00"), at("2023-01-04T10:00")) == timedelta()
