"""Which unit can do the work and would be there first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from zhizhi.directory.models import Unit
from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Case
from zhizhi.engine.routing import metres_between

ON_WATER = "water"


class NoUnitFits(Exception):
    """No available unit can do what the case needs."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a unit must be for a task that asks for something else than its case does."""

    capabilities: tuple[str, ...]
    unit_kind: str = ""  # empty = any

    def among(self, units: QuerySet[Unit]) -> QuerySet[Unit]:
        """Return those of ``units`` that are of the kind."""
        return units.filter(kind=self.unit_kind) if self.unit_kind else units

    def columns(self) -> dict[str, Any]:
        """Return what a task keeps of it."""
        return {"capabilities": list(self.capabilities), "unit_kind": self.unit_kind}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Need | None:
        """Read what a task has kept; None when it asks for what its case does."""
        return cls(tuple(stored["capabilities"]), stored["unit_kind"]) if stored else None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A unit that could be sent, how far it is, and how old that knowledge is."""

    unit: Unit
    distance_m: float
    travel: timedelta
    position_age: timedelta = timedelta(0)
    is_certain: bool = True  # its position is fresh


def nearest_fit(
    case: Case,
    *,
    capabilities: Collection[str] | None = None,
    limit: int = 5,
    now: datetime | None = None,
    exclude: Collection[int] = (),
    among: QuerySet[Unit] | None = None,
) -> list[Suggestion]:
    """Return available units that can do the work, those with a fresh position first, by travel.

    ``among`` are the units that whoever asks may send; without it, all. Distance is great-circle
    times the road or river factor in force.
    """
    needed = set(case.capabilities if capabilities is None else capabilities)
    settings = settings_in_force.snapshot()
    factor = settings["engine.river_factor" if ON_WATER in needed else "engine.road_factor"]
    stale = timedelta(minutes=settings["engine.position_minutes"])
    units = Unit.objects.all() if among is None else among
    found = [
        _suggest(case, unit, factor=factor, stale=stale, now=now or case.changed_at)
        for unit in units.filter(status=Unit.Status.AVAILABLE).exclude(pk__in=exclude)
        if needed <= set(unit.capabilities)
    ]
    found.sort(key=lambda one: (not one.is_certain, one.travel, one.unit.pk))
    return found[:limit]


def _suggest(
    case: Case, unit: Unit, *, factor: float, stale: timedelta, now: datetime
) -> Suggestion:
    distance = factor * metres_between(case.lon, case.lat, unit.lon, unit.lat)
    travel = timedelta(hours=distance / 1000 / max(unit.speed_kmh, 1.0))
    age = max(now - unit.position_at, timedelta(0))
    return Suggestion(unit, distance, travel, age, is_certain=age <= stale)
