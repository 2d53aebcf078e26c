"""Finding the areas that contain a point, smallest first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import shapely
from django.db import models

# Who answers first for a point: the five governed kinds, then the levels above them. A market or
# a park has managers of its own, also for the roads inside it; of two of one kind the smaller wins.
PRECEDENCE = (
    "building",
    "exclusive_area",
    "road_section",
    "grid_cell",
    "community",
    "town",
    "district",
)


@lru_cache(maxsize=8192)
def _prepared(boundary: bytes) -> shapely.Geometry:
    """Return the prepared geometry of a WKB boundary.

    The key is the content itself, so a redrawn boundary can never meet an outdated geometry.
    """
    geometry = shapely.from_wkb(boundary)
    shapely.prepare(geometry)
    return geometry


def _smallest_first(area: Any) -> tuple[int, float, str]:
    size = (area.max_lon - area.min_lon) * (area.max_lat - area.min_lat)
    return PRECEDENCE.index(area.kind), size, area.code


class AreaQuerySet(models.QuerySet[Any]):
    """Finders of ``Area``; a row counts while it is in force."""

    def in_force(self, at: datetime | None = None) -> AreaQuerySet:
        """Return the areas in force at ``at``, or the newest drawing of each without it."""
        if at is None:
            return self.filter(valid_to__isnull=True)
        return self.filter(valid_from__lte=at).filter(
            models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=at)
        )

    def below(self, path: str) -> AreaQuerySet:
        """Return the area with ``path`` and everything inside it."""
        return self.filter(path__startswith=path)

    def containing(self, lon: float, lat: float, *, kinds: Iterable[str] = PRECEDENCE) -> list[Any]:
        """Return the areas of ``kinds`` that cover the point, smallest responsible unit first.

        A point on a shared border belongs to both neighbours; the order between them (precedence of
        the kind, then size, then code) is the same on every run.
        """
        boxed = self.filter(
            kind__in=tuple(kinds),
            boundary__isnull=False,
            min_lon__lte=lon,
            max_lon__gte=lon,
            min_lat__lte=lat,
            max_lat__gte=lat,
        )
        point = shapely.Point(lon, lat)
        found = [area for area in boxed if shapely.covers(_prepared(bytes(area.boundary)), point)]
        return sorted(found, key=_smallest_first)
