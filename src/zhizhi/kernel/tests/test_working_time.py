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


# Pauses, and shares of a limit, against a clock that is read every minute

MINUTE = timedelta(minutes=1)
TEN_DAYS = 60 * 24 * 10


def is_on_duty(moment: datetime, unit: SpanUnit) -> bool:
    """Say whether the minute that begins at ``moment`` counts: the oracle, minute by minute."""
    if unit not in {SpanUnit.WORKING_HOURS, SpanUnit.WORKING_DAYS}:
        return True
    is_open = any(begin <= moment.time() < end for begin, end in OFFICE)
    return CALENDAR.is_worked(moment.date()) and is_open


def counted(since: datetime, until: datetime, unit: SpanUnit) -> int:
    """Return how many minutes count between the two."""
    minutes = int((until - since) / MINUTE)
    return sum(is_on_duty(since + MINUTE * n, unit) for n in range(minutes))


def run_out(since: datetime, minutes: float, unit: SpanUnit) -> datetime:
    """Return when so many counted minutes have passed, the last one perhaps in part."""
    moment = since
    while not is_on_duty(moment, unit):
        moment += MINUTE
    while minutes > 1:
        minutes -= is_on_duty(moment, unit)
        moment += MINUTE
    while minutes and not is_on_duty(moment, unit):
        moment += MINUTE
    return moment + MINUTE * minutes


UNITS = st.sampled_from(list(SpanUnit))


@given(
    minute=st.integers(0, TEN_DAYS), amount=st.integers(1, 9), unit=UNITS,
    before=st.floats(0.01, 0.99), stood=st.integers(1, TEN_DAYS),
)  # fmt: skip
def test_after_a_pause_as_much_is_left_as_was_left_before_it(
    minute: int, amount: int, unit: SpanUnit, before: float, stood: int
) -> None:
    started = at("2023-01-03T00:00") + MINUTE * minute
    due = CALENDAR.due(started, amount, unit)
    paused = started + MINUTE * int(before * ((due - started) / MINUTE))
    resumed = paused + MINUTE * stood
    left = counted(paused, due, unit)

    pushed = CALENDAR.pushed(due, unit, paused_at=paused, resumed_at=resumed)

    assert counted(resumed, pushed, unit) == left
    assert left == 0 or counted(resumed, pushed - MINUTE, unit) == left - 1


@given(
    minute=st.integers(0, TEN_DAYS), amount=st.integers(1, 9),
    unit=st.sampled_from([SpanUnit.WORKING_DAYS, SpanUnit.CALENDAR_DAYS]),
    stood=st.integers(1, TEN_DAYS),
)  # fmt: skip
def test_a_limit_in_days_ends_with_a_worked_day_after_a_pause_too(
    minute: int, amount: int, unit: SpanUnit, stood: int
) -> None:
    started = at("2023-01-03T00:00") + MINUTE * minute
    due = CALENDAR.due(started, amount, unit)
    pause = {"paused_at": started, "resumed_at": started + MINUTE * stood}

    pushed = CALENDAR.due_pushed(due, unit, **pause)

    plain = CALENDAR.pushed(due, unit, **pause)
    assert pushed >= plain
    if unit == SpanUnit.WORKING_DAYS:
        assert (pushed.time(), pushed.date()) == (time(18), plain.date())
    else:
        assert pushed.time() == time()
        assert CALENDAR.is_worked(pushed.date() - timedelta(days=1))


@pytest.mark.parametrize(
    ("due", "unit", "expected"),
    [
        ("2023-01-05T18:00", "working_hours", "2023-01-11T18:00"),
        ("2023-01-05T11:30", "working_hours", "2023-01-11T11:30"),
        ("2023-01-05T18:00", "working_days", "2023-01-11T18:00"),
        ("2023-01-05T18:00", "emergency_hours", "2023-01-11T18:00"),
        ("2023-01-05T00:00", "calendar_days", "2023-01-11T00:00"),  # whole days stay whole
        ("2023-01-08T00:00", "calendar_days", "2023-01-14T00:00"),  # the 13th is a Friday
        ("2023-01-09T00:00", "calendar_days", "2023-01-17T00:00"),  # the 14th is a Saturday
    ],
)
def test_a_limit_moves_by_the_pause(due: str, unit: str, expected: str) -> None:
    pause = {"paused_at": at("2023-01-04T10:00"), "resumed_at": at("2023-01-10T10:00")}

    assert CALENDAR.due_pushed(at(due), SpanUnit(unit), **pause) == at(expected)


def test_half_a_day_of_pause_costs_a_limit_in_calendar_days_no_part_of_a_day() -> None:
    pause = {"paused_at": at("2023-01-04T10:00"), "resumed_at": at("2023-01-04T22:00")}

    pushed = CALENDAR.due_pushed(at("2023-01-06T00:00"), SpanUnit.CALENDAR_DAYS, **pause)

    assert pushed == at("2023-01-07T00:00")


@given(
    minute=st.integers(0, TEN_DAYS), hours=st.integers(1, 40), unit=UNITS,
    percent=st.sampled_from([1, 50, 80, 100, 150, 200]),
)  # fmt: skip
def test_a_share_of_a_limit_is_counted_in_its_own_unit(
    minute: int, hours: int, unit: SpanUnit, percent: int
) -> None:
    started = at("2023-01-03T00:00") + MINUTE * minute
    due = started + timedelta(hours=hours)
    all_of_it = counted(started, due, unit)

    moment = CALENDAR.share(started, due, percent, unit)

    if all_of_it:
        expected = run_out(started, all_of_it * percent / 100, unit)
        assert abs(moment - expected) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("percent", "moment"),
    [(50, "2023-01-04T15:00"), (100, "2023-01-05T10:00"), (200, "2023-01-06T11:00")],
)
def test_eight_working_hours_are_half_over_after_four(percent: int, moment: str) -> None:
    started = at("2023-01-04T09:00")
    due = CALENDAR.due(started, 8, SpanUnit.WORKING_HOURS)

    assert CALENDAR.share(started, due, percent, SpanUnit.WORKING_HOURS) == at(moment)
    assert CALENDAR.share(started, due, percent, SpanUnit.EMERGENCY_HOURS) == started + (
        timedelta(hours=25) * percent / 100
    )
