"""Whom to call first: yuan that are likely lost, by the minutes that are left to prevent it.

Who stands so far behind that all officers together come too late is marked, so that whoever is on
duty sees how many more officers it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from zhizhi.systems.antifraud.models import Dissuasion

_LEAST_LEFT = timedelta(minutes=1)  # what is late is as pressing as one minute before


@dataclass(frozen=True, slots=True)
class QueuedCall:
    """One place in the queue: what is likely lost, until when, and when its turn comes."""

    row: Dissuasion
    expected: int  # whole yuan
    deadline: datetime
    pressing: float  # yuan a minute
    turn_at: datetime
    is_late: bool

    @property
    def comes_too_late(self) -> bool:
        """Say whether its turn comes after its deadline, although that has not passed yet."""
        return not self.is_late and self.turn_at > self.deadline


def queued(
    rows: Iterable[Dissuasion], numbers: Mapping[str, Any], *, now: datetime
) -> list[QueuedCall]:
    """Return whom to call, the most pressing first; ``numbers`` are the settings in force."""
    found = sorted((_weighed(row, numbers, now) for row in rows), key=_order)
    officers = numbers["antifraud.officers"]
    each = timedelta(minutes=numbers["antifraud.call_minutes"])
    return [
        QueuedCall(row, expected, deadline, pressing, now + place // officers * each,
                   is_late=now > deadline)
        for place, (row, expected, deadline, pressing) in enumerate(found)
    ]  # fmt: skip


_Weighed = tuple[Dissuasion, int, datetime, float]


def expected_loss(row: Dissuasion, numbers: Mapping[str, Any]) -> int:
    """Return what is at risk times the chance that the warning is right, in whole yuan."""
    amount = numbers["antifraud.usual_loss"] if row.amount is None else row.amount
    return int(amount * numbers[f"antifraud.{row.tier}_percent"] // 100)


def _weighed(row: Dissuasion, numbers: Mapping[str, Any], now: datetime) -> _Weighed:
    expected = expected_loss(row, numbers)
    deadline = row.due_at if row.pays_at is None else min(row.due_at, row.pays_at)
    left = max(deadline - now, _LEAST_LEFT)
    return row, expected, deadline, expected / (left / timedelta(minutes=1))


def _order(one: _Weighed) -> tuple[float, datetime, int]:
    row, _expected, deadline, pressing = one
    return -pressing, deadline, row.pk
