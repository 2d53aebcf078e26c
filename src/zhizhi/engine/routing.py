"""Who answers for a place: the smallest governed unit that holds the point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from django.db.models import Q
from django.utils import timezone

from zhizhi.directory.models import Area

Kind = Area.Kind
# Smallest first; where two hold the point at one rank, the one with the smaller area wins.
PRECEDENCE = (
    Kind.BUILDING,
    Kind.EXCLUSIVE_AREA,
    Kind.ROAD_SECTION,
    Kind.GRID_CELL,
    Kind.COMMUNITY,
    Kind.TOWN,
    Kind.DISTRICT,
)
RULE = "smallest-responsible-unit@1"


@dataclass(frozen=True, slots=True)
class Route:
    """A routing decision with what it was taken from."""

    area: Area | None
    runner_up: Area | None
    is_inside: bool

    def facts(self) -> dict[str, Any]:
        """Return the decision for the timeline."""
        return {
            "rule": RULE,
            "area": self.area.code if self.area else None,
            "area_kind": self.area.kind if self.area else None,
            "runner_up": self.runner_up.code if self.runner_up else None,
            "is_inside": self.is_inside,
        }


def route(points: Sequence[tuple[float, float]]) -> list[Route]:
    """Return the decision for each lon/lat."""
    return [_route(lon, lat) for lon, lat in points]


def responsible_area(lon: float, lat: float) -> Area | None:
    """Return the smallest unit that answers for the point.

    A point in no area goes to the district's own desk, so that nothing is unrouted; None only in
    an installation without areas.
    """
    return _route(lon, lat).area


def _route(lon: float, lat: float) -> Route:
    now = timezone.now()
    current = Area.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now))
    boxed = current.filter(
        min_lon__lte=lon, max_lon__gte=lon, min_lat__lte=lat, max_lat__gte=lat,
        boundary__isnull=False,
    )  # fmt: skip
    point = shapely.Point(lon, lat)
    holding = []
    for area in boxed:
        shape = shapely.from_wkb(bytes(area.boundary or b""))
        if shape.intersects(point):
            holding.append((PRECEDENCE.index(Kind(area.kind)), shape.area, area.pk, area))
    if holding:
        ordered = [row[-1] for row in sorted(holding, key=lambda row: row[:3])]
        return Route(ordered[0], ordered[1] if len(ordered) > 1 else None, is_inside=True)
    catch_all = current.filter(kind=Kind.DISTRICT).order_by("pk").first()
    return Route(catch_all, None, is_inside=False)


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the great-circle distance (haversine on the mean Earth radius)."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, half)))
