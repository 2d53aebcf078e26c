"""Working time: when so many duty hours, working days or calendar days have run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
SATURDAY = 5


class SpanUnit(StrEnum):
    """In what a time limit is counted."""

    WORKING_HOURS = "working_hours"  # 工作时: while the office is on duty
    EMERGENCY_HOURS = "emergency_hours"  # 紧急工作时: around the clock
    WORKING_DAYS = "working_days"  # 工作日
    CALENDAR_DAYS = "calendar_days"  # 自然日


ON_DUTY = (SpanUnit.WORKING_HOURS, SpanUnit.WORKING_DAYS)  # they run only in duty hours


class YearUnknown(LookupError):
    """The day lies outside the years whose holidays and make-up days have been announced."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days are worked, and at which hours.

    Saturday and Sunday are free except the make-up days 调休 in ``make_up``; of the other days
    those in ``holidays`` are free. ``shifts`` are the duty hours of a working day as (begin, end)
    in the order of the clock. Days before ``known_from`` or after ``known_until`` raise
    YearUnknown: a guess at an unannounced holiday would be a wrong time limit.
    """

    zone: ZoneInfo
    shifts: tuple[tuple[time, time], ...]
    holidays: frozenset[date]
    make_up: frozenset[date]
    known_from: date
    known_until: date

    def __post_init__(self) -> None:
        moments = [moment for shift in self.shifts for moment in shift]
        if not moments or any(first >= second for first, second in pairwise(moments)):
            message = "Write the duty hours as (begin, end), in the order of the clock."
            raise ValueError(message)

    def is_worked(self, day: date) -> bool:
        """Tell whether ``day`` is a working day; raises YearUnknown."""
        if not self.known_from <= day <= self.known_until:
            message = f"{day} is outside {self.known_from} to {self.known_until}: add that year."
            raise YearUnknown(message)
        if day.weekday() >= SATURDAY:
            return day in self.make_up
        return day not in self.holidays

    def due(self, started_at: datetime, amount: int, unit: SpanUnit) -> datetime:
        """Return when ``amount`` of ``unit`` from ``started_at`` (aware) has run out.

        The day of the start is not counted among days; the last one ends with its duty hours, or
        for calendar days at midnight, and never on a free day (民法典 201, 203).
        """
        if amount < 1:
            message = f"A time limit is at least 1, not {amount}."
            raise ValueError(message)
        match unit:
            case SpanUnit.EMERGENCY_HOURS:
                return started_at + timedelta(hours=amount)
            case SpanUnit.WORKING_HOURS:
                return self._after_duty(started_at, timedelta(hours=amount))
            case SpanUnit.WORKING_DAYS:
                last = self._after_days(started_at.astimezone(self.zone).date(), amount)
                return self._at(last, self.shifts[-1][1])
            case SpanUnit.CALENDAR_DAYS:
                return self._end_of(started_at.astimezone(self.zone).date() + ONE_DAY * amount)

    def share(
        self, started_at: datetime, due_at: datetime, percent: int, unit: SpanUnit
    ) -> datetime:
        """Return when ``percent`` of a limit have run out; more than 100 lies behind its end."""
        if unit in ON_DUTY:
            return self._after_duty(started_at, self.worked(started_at, due_at) * percent / 100)
        return started_at + (due_at - started_at) * percent / 100

    def pushed(
        self, moment: datetime, unit: SpanUnit, *, paused_at: datetime, resumed_at: datetime
    ) -> datetime:
        """Return where ``moment`` comes to lie when the time of ``unit`` stood still for a while.

        As far behind the end of the pause as it lay behind its beginning.
        """
        if unit in ON_DUTY:
            return self._after_duty(resumed_at, self.worked(paused_at, moment))
        return moment + (resumed_at - paused_at)

    def due_pushed(
        self, due_at: datetime, unit: SpanUnit, *, paused_at: datetime, resumed_at: datetime
    ) -> datetime:
        """Return the new end of a limit after a pause; one in days ends with a day, as before."""
        pushed = self.pushed(due_at, unit, paused_at=paused_at, resumed_at=resumed_at)
        day = pushed.astimezone(self.zone).date()
        if unit == SpanUnit.WORKING_DAYS:
            return self._at(day, self.shifts[-1][1])
        if unit == SpanUnit.CALENDAR_DAYS:
            if pushed == self._at(day, time()):
                day -= ONE_DAY  # midnight is the end of the day before
            return self._end_of(day)
        return pushed

    def worked(self, since: datetime, until: datetime) -> timedelta:
        """Return the duty time between two aware moments; nothing when ``until`` comes first."""
        total = timedelta()
        day = since.astimezone(self.zone).date()
        while day <= until.astimezone(self.zone).date():
            for begin, end in self._duty(day):
                total += max(timedelta(), min(end, until) - max(begin, since))
            day += ONE_DAY
        return total

    def _after_duty(self, started_at: datetime, left: timedelta) -> datetime:
        """Return the moment at which ``left`` of duty time has passed."""
        day = started_at.astimezone(self.zone).date()
        while True:
            for begin, end in self._duty(day):
                begins = max(begin, started_at)
                if end > begins and left <= end - begins:
                    return begins + left
                left -= max(timedelta(), end - begins)
            day += ONE_DAY

    def _after_days(self, day: date, amount: int) -> date:
        """Return the working day that is the ``amount``-th after ``day``."""
        while amount:
            day += ONE_DAY
            amount -= self.is_worked(day)
        return day

    def _end_of(self, last: date) -> datetime:
        """Return the midnight that ends ``last``, or the next worked day where that one is free."""
        while not self.is_worked(last):
            last += ONE_DAY
        return self._at(last + ONE_DAY, time())

    def _duty(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return begin and end of the shifts of ``day``; none on a free day."""
        if not self.is_worked(day):
            return []
        return [(self._at(day, begin), self._at(day, end)) for begin, end in self.shifts]

    def _at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone)
