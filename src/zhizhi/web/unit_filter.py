"""Which units a page means: by what they do, kind, agency, place and age of their position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import QuerySet

from zhizhi.directory.models import Unit
from zhizhi.engine import settings_in_force
from zhizhi.web.narrowing import PATH

UNCERTAIN = "uncertain"  # a position older than engine.position_minutes
ALL = "all"


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """A part of the units on the board: the address of the desk is the filter."""

    status: str = ""
    kind: str = ""
    agency: str = ""  # its code
    area: str = ""  # path of the area in which their homes lie

    @classmethod
    def of(cls, query: Mapping[str, str]) -> UnitFilter:
        """Read "units", "unit_kind" and "agency" of an address; without them every unit is meant.

        The area alone, which narrows the queue, leaves the board whole.
        """
        status = query.get("units", "")
        if status not in {ALL, UNCERTAIN, *Unit.Status.values}:
            return cls()
        area = query.get("area", "")
        return cls(
            status,
            query.get("unit_kind", "")[:24],
            query.get("agency", "")[:32],
            area if PATH.fullmatch(area) else "",
        )

    def address(self) -> str:
        told = {"units": self.status, "unit_kind": self.kind, "agency": self.agency}
        wanted = {**told, "area": self.area}
        return "?" + urlencode({name: word for name, word in wanted.items() if word}, safe="/")

    def apply(self, units: QuerySet[Unit], *, now: datetime) -> QuerySet[Unit]:
        """Return those of ``units`` that fit."""
        if self.status == UNCERTAIN:
            units = units.filter(position_at__lt=now - stale_after())
        elif self.status and self.status != ALL:
            units = units.filter(status=self.status)
        if self.kind:
            units = units.filter(kind=self.kind)
        if self.agency:
            units = units.filter(agency__code=self.agency)
        return units.filter(area__path__startswith=self.area) if self.area else units


def stale_after() -> timedelta:
    """Return the age from which a position counts as uncertain."""
    return timedelta(minutes=settings_in_force.value("engine.position_minutes"))
