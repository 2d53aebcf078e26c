"""Taking rows of a waiting table for a while, so that one worker at a time works on each.

The lease runs on the database's clock, because two hosts never agree on the time; the fence is a
number that grows with every lease, so that a worker who slept through its lease cannot write.
PostgreSQL skips rows that another worker holds; SQLite has one writer (IMMEDIATE), which does the
same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

Row = TypeVar("Row", bound=models.Model)


def claim(waiting: models.QuerySet[Row], *, limit: int, lease: timedelta, **also: Any) -> list[Row]:
    """Lease up to ``limit`` of the ``waiting`` rows that nobody holds; returns them with fences.

    Each lease counts as one attempt, also when the process dies on it.
    """
    free = waiting.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=Now()))
    if not free.exists():  # spares the write lock of SQLite
        return []
    with transaction.atomic():
        rows: list[Any] = list(free.select_for_update(skip_locked=True, of=("self",))[:limit])
        held = waiting.model._base_manager.filter(pk__in=[row.pk for row in rows])  # noqa: SLF001 - Django's documented unscoped manager
        held.update(
            fence=F("fence") + 1, attempts=F("attempts") + 1, lease_until=Now() + lease, **also
        )
    for row in rows:
        row.fence += 1
        row.attempts += 1
        for name, value in also.items():
            setattr(row, name, value)
    return rows


def backoff(attempts: int, *, first: float = 1.0, longest: float = 300.0) -> timedelta:
    """Return how long to wait after ``attempts`` failures: doubling, up to ``longest`` seconds."""
    return timedelta(seconds=min(longest, first * 2 ** max(0, attempts - 1)))
