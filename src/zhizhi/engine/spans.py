"""Time limits in the units in force: how long they are, and when they have run out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from zhizhi.engine import settings_in_force
from zhizhi.engine.clock_settings import ELAPSED, duty_hours
from zhizhi.kernel import announced_days
from zhizhi.kernel.working_time import SpanUnit, WorkingCalendar, YearUnknown

CALENDAR = ("duty_hours", "free_days", "worked_days", "calendar_until")
HOURS = (SpanUnit.WORKING_HOURS, SpanUnit.EMERGENCY_HOURS)


@dataclass(frozen=True, slots=True)
class CountedSpan:
    """A time limit as rules write it: five working days."""

    amount: int
    unit: SpanUnit

    def around_the_clock(self) -> timedelta:
        """Return it counted without any calendar: never longer than it would be with one."""
        hours = self.amount if self.unit in HOURS else self.amount * 24
        return timedelta(hours=hours)


Limit = timedelta | CountedSpan


@dataclass(frozen=True, slots=True)
class Reckoned:
    """When a limit has run out; ``is_guess``: the calendar ends before, so it was counted plainly.

    ``unit`` is what it is really counted in, empty for plain time.
    """

    due_at: datetime
    unit: str
    is_guess: bool = False


def profile(kind: str, settings: Mapping[str, Any]) -> Limit:
    """Return the limit in force for clocks of ``kind``: "handle" or "inspect"."""
    unit = settings[f"engine.{kind}_unit"]
    if unit == ELAPSED:
        return timedelta(minutes=settings[f"engine.{kind}_minutes"])
    return CountedSpan(settings[f"engine.{kind}_amount"], SpanUnit(unit))


def reckon(limit: Limit, started_at: datetime) -> Reckoned:
    """Return when ``limit`` has run out.

    Where the announced years end before it does, it is counted around the clock and says so: work
    cannot wait for a calendar, and a limit that is too short harms nobody who reported.
    """
    if isinstance(limit, timedelta):
        return Reckoned(started_at + limit, "")
    try:
        due_at = calendar().due(started_at, limit.amount, limit.unit)
    except YearUnknown:
        return Reckoned(started_at + limit.around_the_clock(), "", is_guess=True)
    return Reckoned(due_at, limit.unit.value)


def calendar() -> WorkingCalendar:
    """Return the calendar in force: the announced days, and what this house has said otherwise."""
    settings = settings_in_force.snapshot()
    return _calendar(*(settings[f"engine.{name}"] for name in CALENDAR))


@lru_cache(maxsize=8)
def _calendar(hours: str, free: str, worked: str, until: str) -> WorkingCalendar:
    frees, works = (frozenset(announced_days.read_days(text)) for text in (free, worked))
    return WorkingCalendar(
        zone=ZoneInfo(timezone.get_default_timezone_name()),
        shifts=duty_hours(hours),
        holidays=announced_days.free_days() - works | frees,
        make_up=announced_days.make_up_days() - frees | works,
        known_from=announced_days.KNOWN_FROM,
        known_until=date.fromisoformat(until) if until else announced_days.KNOWN_UNTIL,
    )


def share(started_at: datetime, due_at: datetime, percent: int, unit: str) -> datetime:
    """Return when ``percent`` of a limit in ``unit`` have run out."""
    plain = started_at + (due_at - started_at) * percent / 100
    return _counted(unit, plain, lambda days, of: days.share(started_at, due_at, percent, of))


def pushed(
    moment: datetime, unit: str, *, paused_at: datetime, resumed_at: datetime, is_due: bool = False
) -> datetime:
    """Return where ``moment`` of a limit in ``unit`` comes to lie after a pause."""
    plain = moment + (resumed_at - paused_at)

    def count(days: WorkingCalendar, of: SpanUnit) -> datetime:
        push = days.due_pushed if is_due else days.pushed
        return push(moment, of, paused_at=paused_at, resumed_at=resumed_at)

    return _counted(unit, plain, count)


def _counted(
    unit: str, plain: datetime, count: Callable[[WorkingCalendar, SpanUnit], datetime]
) -> datetime:
    if not unit:
        return plain
    try:
        return count(calendar(), SpanUnit(unit))
    except YearUnknown:
        return plain
