"""Seasons of a zone: the local days of the year on which its rule is in force."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.columns import frozen
from zhizhi.kernel.native import native

DAYS = 366  # of a leap year, so that 29 February has its place
BEFORE_MONTH = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366)
DAY_US = 86_400_000_000
SHANGHAI_US = 8 * 3_600_000_000  # Asia/Shanghai is UTC+8 without summer time since 1992

_DAY = re.compile(r"(\d\d)-(\d\d)")


class BadSeason(ValueError):
    """A season is not written as two days of the year, ["MM-DD", "MM-DD"]."""


def day_of_year(text: str) -> int:
    """Return 0..365 for "MM-DD" in a leap year; raises BadSeason."""
    found = _DAY.fullmatch(text) if isinstance(text, str) else None
    month, day = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= month <= 12 or not 1 <= day <= BEFORE_MONTH[month] - BEFORE_MONTH[month - 1]:
        message = f"{text!r} is no day of the year: write month and day, for example 03-01."
        raise BadSeason(message)
    return BEFORE_MONTH[month - 1] + day - 1


def open_days(seasons: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """Return for each day of a leap year whether a season covers it.

    Both ends belong to the season; one that ends before it begins runs over new year. Without
    any season every day is open.
    """
    days = np.full(DAYS, not seasons)
    for season in seasons:
        if isinstance(season, str) or len(season) != 2:
            message = f"{season!r} is no season: write its first and its last day."
            raise BadSeason(message)
        first, last = day_of_year(season[0]), day_of_year(season[1])
        if first <= last:
            days[first : last + 1] = True
        else:
            days[first:] = True
            days[: last + 1] = True
    return days


def local_days(time_us: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return the local day (0..365, of a leap year) of each UTC moment."""
    return _local_days(frozen(time_us, np.int64))


@native
def _local_days(time_us: NDArray[np.int64]) -> NDArray[np.int16]:
    out = np.empty(len(time_us), np.int16)
    last, found = np.int64(-(2**62)), np.int16(0)
    for i in range(len(time_us)):
        day = (time_us[i] + SHANGHAI_US) // DAY_US
        if day != last:
            last, found = day, np.int16(_leap_year_day(day))
        out[i] = found
    return out


@native
def _leap_year_day(days: int) -> int:
    """Return the day of a leap year for a number of days since 1970-01-01.

    The years are counted from March, after H. Hinnant, "chrono-Compatible Low-Level Date
    Algorithms".
    """
    shifted = days + 719_468
    day_of_era = shifted - shifted // 146_097 * 146_097
    leaps = day_of_era // 1_460 - day_of_era // 36_524 + day_of_era // 146_096
    year_of_era = (day_of_era - leaps) // 365
    since_march = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    return (since_march + 60) % DAYS
