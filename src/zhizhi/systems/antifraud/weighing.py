"""What clues weigh: each reporter once, an officer more, a dismissed case nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from zhizhi.engine.models import Case, CaseLink
from zhizhi.kernel.decaying import decayed
from zhizhi.systems.antifraud.apps import HALF_LIFE, OFFICER_WEIGHT
from zhizhi.systems.antifraud.models import Clue

DAY = timedelta(days=1)


@dataclass(slots=True)
class Weighing:
    """What counts against one thing: when each reporter told of it last, and the last officer."""

    reporters: dict[str, datetime] = field(default_factory=dict)
    confirmed_at: datetime | None = None

    def weight(self, known: Mapping[str, Any], now: datetime) -> float:
        """Return what it weighs with the settings ``known``; officers count once, however many."""
        half_life = known[HALF_LIFE]
        told = decayed(((now - at) / DAY for at in self.reporters.values()), half_life)
        if self.confirmed_at is None:
            return told
        officer: float = known[OFFICER_WEIGHT]
        return told + officer * decayed([(now - self.confirmed_at) / DAY], half_life)


NOTHING = Weighing()


def evidence(keys: Collection[str], since: Mapping[str, datetime]) -> dict[str, Weighing]:
    """Return what counts against each key; a clue that is not newer than ``since`` does not."""
    found = dict[str, Weighing]()
    rows = standing().filter(key__in=keys).order_by("at")
    for key, at, who, counts, confirmed in rows.values_list(
        "key", "at", "reporter", "counts", "confirmed_at"
    ):
        if key in since and at <= since[key]:
            continue
        told = found.setdefault(key, Weighing())
        if counts:
            told.reporters[who] = at
        if confirmed is not None:
            told.confirmed_at = max(confirmed, told.confirmed_at or confirmed)
    return found


def standing() -> QuerySet[Clue]:
    """Return the clues whose case was not dismissed, nor the one that stands for it."""
    dismissed = Case.State.DISMISSED
    joined = CaseLink.everything.filter(ended_at=None, root__state=dismissed).values("case")
    mistaken = Q(report__case__state=dismissed) | Q(report__case__in=joined)
    return Clue.objects.exclude(pk__in=Clue.objects.filter(mistaken).values("pk"))
