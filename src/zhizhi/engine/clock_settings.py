"""How clocks count: in which units, at which hours, on which days, and what happens on the way."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting
from zhizhi.kernel.announced_days import read_days
from zhizhi.kernel.working_time import SpanUnit

ELAPSED = "minutes"
UNITS = (
    (ELAPSED, _("minutes, around the clock")),
    (SpanUnit.WORKING_HOURS.value, _("working hours")),
    (SpanUnit.EMERGENCY_HOURS.value, _("emergency hours, around the clock")),
    (SpanUnit.WORKING_DAYS.value, _("working days")),
    (SpanUnit.CALENDAR_DAYS.value, _("calendar days")),
)
COUNTED = ("handle", "inspect")  # kinds of clocks whose unit may be chosen
LONGEST_DAYS = 400  # characters


def duty_hours(text: str) -> tuple[tuple[time, time], ...]:
    """Read "09:00-12:00 14:00-18:00"; raises ValueError."""
    shifts = []
    for word in text.split():
        begin, _to, end = word.partition("-")
        shifts.append((_moment(begin), _moment(end)))
    moments = [moment for shift in shifts for moment in shift]
    if not moments or any(first >= second for first, second in pairwise(moments)):
        message = "the duty hours stand in the order of the clock"
        raise ValueError(message)
    return tuple(shifts)


def _moment(text: str) -> time:
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - an hour of every day


def _wrong_hours(text: str) -> Any:
    try:
        duty_hours(text)
    except ValueError:
        return _("Write the duty hours in their order, such as 09:00-12:00 14:00-18:00.")
    return ""


def _wrong_days(text: str) -> Any:
    try:
        list(read_days(text))
    except ValueError:
        return _("Write days such as 2027-01-01 2027-02-05/2027-02-11.")
    return ""


def _wrong_day(text: str) -> Any:
    try:
        date.fromisoformat(text or "2000-01-01")
    except ValueError:
        return _("Write one day such as 2027-12-31, or nothing.")
    return ""


def _profile(kind: str, unit: Any, amount: Any) -> tuple[DeclaredSetting, DeclaredSetting]:
    """Return the two settings that say in what, and how much of it, a kind of clock counts."""
    return (
        DeclaredSetting(f"engine.{kind}_unit", ELAPSED, unit[0], choices=UNITS, name=unit[1]),
        DeclaredSetting(
            f"engine.{kind}_amount", 1, amount[0], _("units"), 1, 365, name=amount[1]
        ),
    )  # fmt: skip


def _share(key: str, value: int, low: int, high: int, words: tuple[Any, Any]) -> DeclaredSetting:
    return DeclaredSetting(f"engine.{key}_percent", value, words[0], "%", low, high, name=words[1])


CLOCKS = (
    *_profile(
        "handle",
        (_("In what the time to finish a task is counted"), _("Unit of the time to finish")),
        (_("So many units for a task, unless they are minutes"), _("Units to finish")),
    ),
    *_profile(
        "inspect",
        (_("In what the time to inspect a case is counted"), _("Unit of the time to inspect")),
        (_("So many units for an inspection, unless they are minutes"), _("Units to inspect")),
    ),
    DeclaredSetting(
        "engine.duty_hours", "09:00-12:00 14:00-18:00",
        _("Working hours and working days are counted in these hours"), "", 1, 80,
        name=_("Duty hours"), wrong=_wrong_hours,
    ),
    DeclaredSetting(
        "engine.free_days", "",
        _("Days that are free beside the announced holidays"), "", None, LONGEST_DAYS,
        name=_("Free days"), wrong=_wrong_days,
    ),
    DeclaredSetting(
        "engine.worked_days", "",
        _("Days that are worked although they are weekend or an announced holiday"), "", None,
        LONGEST_DAYS, name=_("Worked days"), wrong=_wrong_days,
    ),
    DeclaredSetting(
        "engine.calendar_until", "",
        _("The free days and worked days are complete until this day; empty: as delivered"), "",
        None, 10, name=_("End of the calendar"), wrong=_wrong_day,
    ),
    _share("remind", 50, 1, 99, (
        _("Share of the time to finish after which whoever has the task is reminded"),
        _("Reminder"))),
    _share("warn", 80, 1, 99, (
        _("Share of the time to finish after which the operators are warned"),
        _("Warning of the operators"))),
    _share("escalate", 150, 101, 1000, (
        _("Share of the time to finish after which the leaders are told"),
        _("Word to the leaders"))),
    _share("supervise", 200, 101, 1000, (
        _("Share of the time to finish after which district supervision is called"),
        _("Call of supervision"))),
)  # fmt: skip
