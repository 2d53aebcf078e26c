"""Finding the spans that contain a moment through an ordinary index, however long they are.

A span of whole numbers is kept under its *fork*: the number in it that is divisible by the highest
power of two. Whatever contains ``moment`` has its fork among the few numbers of ``path(moment)``
(the relational interval tree of Kriegel, Pötke and Seidl, 2000). An index of the fork therefore
finds the spans of any moment without reading those that ended before or began after it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

LEVELS = 27  # minutes until the year 2225
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def fork(first: int, last: int) -> int:
    """Return the number from ``first`` to ``last`` that divides by the highest power of two."""
    last = max(first, last)
    level = ((first - 1) ^ last).bit_length() - 1
    return last >> level << level


def path(moment: int) -> list[int]:
    """Return the forks that a span containing ``moment`` may have."""
    return sorted(
        {(moment >> level + 1 << level + 1) + (1 << level) for level in range(LEVELS)} | {0}
    )


def minute_of(moment: datetime) -> int:
    """Return the minutes since 1970 that have gone by at ``moment``, never less than one."""
    return max(1, (moment - _EPOCH) // _MINUTE)


def fork_of(began_at: datetime, ended_at: datetime) -> int:
    """Return under which number the span is kept."""
    return fork(minute_of(began_at), minute_of(ended_at))


def path_of(moment: datetime) -> list[int]:
    """Return the numbers under which spans containing ``moment`` may be kept."""
    return path(minute_of(moment))
