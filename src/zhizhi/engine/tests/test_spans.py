"""Time limits in the units in force, and what is done where the calendar ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from zhizhi.engine import dispatching, settings_in_force, spans, timing
from zhizhi.engine.models import Clock
from zhizhi.engine.settings_in_force import SettingRefused
from zhizhi.engine.spans import CountedSpan
from zhizhi.engine.tests.building import NOON, agency, case, unit
from zhizhi.kernel.working_time import SpanUnit

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def put(**values: Any) -> None:
    for name, value in values.items():
        settings_in_force.change(f"engine.{name}", value, by="account:1", now=NOON)


@pytest.mark.parametrize(
    ("amount", "unit", "due"),
    [
        (2, "working_hours", "2026-02-14T10:00"),  # the Saturday is made up for
        (2, "emergency_hours", "2026-02-13T19:00"),
        (1, "working_days", "2026-02-14T18:00"),
        (2, "working_days", "2026-02-24T18:00"),  # nine free days between
        (2, "calendar_days", "2026-02-25T00:00"),
    ],
)
def test_limits_know_the_spring_festival_of_2026(amount: int, unit: str, due: str) -> None:
    started = at("2026-02-13T17:00")

    reckoned = spans.reckon(CountedSpan(amount, SpanUnit(unit)), started)

    assert (reckoned.due_at, reckoned.unit, reckoned.is_guess) == (at(due), unit, False)


def test_a_plain_limit_needs_no_calendar() -> None:
    started = at("2040-02-13T17:00")

    assert spans.reckon(timedelta(minutes=5), started) == spans.Reckoned(
        started + timedelta(minutes=5), ""
    )


@pytest.mark.parametrize(
    ("amount", "unit", "hours"),
    [(8, "working_hours", 8), (2, "working_days", 48), (2, "calendar_days", 48)],
)
def test_beyond_the_announced_years_a_limit_is_counted_around_the_clock(
    amount: int, unit: str, hours: int
) -> None:
    started = at("2026-12-31T15:00")

    reckoned = spans.reckon(CountedSpan(amount, SpanUnit(unit)), started)

    assert reckoned == spans.Reckoned(started + timedelta(hours=hours), "", is_guess=True)


def test_the_last_announced_hour_is_still_counted() -> None:
    reckoned = spans.reckon(CountedSpan(3, SpanUnit.WORKING_HOURS), at("2026-12-31T15:00"))

    assert (reckoned.due_at, reckoned.is_guess) == (at("2026-12-31T18:00"), False)


def test_a_guess_is_written_into_the_history_of_the_case() -> None:
    one = case()

    clock = timing.start_clock(
        one,
        kind="inspect",
        within=CountedSpan(1, SpanUnit.WORKING_DAYS),
        now=at("2026-12-31T15:00"),
    )

    [line] = one.timeline.all()
    assert (line.verb, line.actor, line.data["kind"]) == ("clock.guess", "worker", "inspect")
    assert (clock.unit, clock.due_at) == ("", at("2027-01-01T15:00"))


def test_a_district_adds_the_next_year_and_a_free_day_of_its_own() -> None:
    put(free_days="2027-01-01 2027-01-04", worked_days="2027-01-02", calendar_until="2027-12-31")

    days = spans.calendar()

    worked = [days.is_worked(at(f"2027-01-0{day}T12:00").date()) for day in (1, 2, 3, 4, 5)]
    assert worked == [False, True, False, False, True]


def test_what_a_district_says_counts_more_than_what_was_announced() -> None:
    put(free_days="2026-02-14", worked_days="2026-02-16")

    days = spans.calendar()

    assert [days.is_worked(at(f"2026-02-{day}T12:00").date()) for day in (14, 16)] == [False, True]


def test_duty_hours_are_those_of_the_district() -> None:
    put(duty_hours="08:30-12:00")

    reckoned = spans.reckon(CountedSpan(1, SpanUnit.WORKING_HOURS), at("2026-03-03T11:30"))

    assert reckoned.due_at == at("2026-03-04T09:00")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("duty_hours", ""),
        ("duty_hours", "12:00-09:00"),
        ("duty_hours", "all day"),
        ("free_days", "2027-02-30"),
        ("worked_days", "tomorrow"),
        ("calendar_until", "soon"),
        ("handle_unit", "weeks"),
    ],
)
def test_what_cannot_be_counted_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingRefused):
        put(**{name: value})


def test_a_task_has_the_profile_in_force() -> None:
    put(handle_unit="working_days", handle_amount=3)
    now = at("2026-02-13T10:00")

    task = dispatching.assign(case(), agency(), kind="check", by="account:1", now=now)

    clock = Clock.objects.get(kind="handle")
    assert task.due_at == clock.due_at == at("2026-02-25T18:00")
    assert clock.unit == "working_days"


def test_so_have_a_unit_and_the_inspection() -> None:
    put(handle_unit="working_hours", handle_amount=2, inspect_unit="working_days")
    now = at("2026-03-03T17:00")

    task = dispatching.dispatch(case(), unit(), by="account:1", now=now)
    dispatching.accept(task, by="account:2", now=now)
    dispatching.finish(task, outcome="left", by="account:2", now=now)

    due = dict(Clock.objects.values_list("kind", "due_at"))
    assert (due["handle"], due["inspect"]) == (at("2026-03-04T10:00"), at("2026-03-04T18:00"))


def test_a_changed_profile_rewrites_no_clock() -> None:
    running = timing.start_clock(
        case(),
        kind="handle",
        within=CountedSpan(1, SpanUnit.WORKING_DAYS),
        now=at("2026-03-03T10:00"),
    )

    put(handle_unit="calendar_days", duty_hours="09:00-10:00", free_days="2026-03-04")

    before = (running.due_at, running.unit)
    running.refresh_from_db()
    assert (running.due_at, running.unit) == before


@pytest.mark.parametrize(
    ("unit", "moment"),
    [("", "2026-03-06T17:00"), ("working_days", "2026-03-06T17:00")],
)
def test_where_the_calendar_ends_shares_and_pauses_are_counted_plainly(
    unit: str, moment: str
) -> None:
    put(calendar_until="2026-03-04")
    started, due = at("2026-03-03T17:00"), at("2026-03-04T17:00")

    assert spans.share(started, due, 300, unit) == at(moment)
    pause = {"paused_at": started, "resumed_at": at("2026-03-05T17:00")}
    assert spans.pushed(due, unit, **pause, is_due=True) == at(moment)
