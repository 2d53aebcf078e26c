"""Who answers for a place: the smallest governed unit that holds the point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from django.db.models import Count, Max, Sum

from zhizhi.directory.models import Area
from zhizhi.directory.models.area_query import PRECEDENCE

Kind = Area.Kind
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
    """Return the decision for each lon/lat, by one look at the areas."""
    index = _Index.current()
    return [index.route(lon, lat) for lon, lat in points]


def responsible_area(lon: float, lat: float) -> Area | None:
    """Return the smallest unit that answers for the point.

    A point in no area goes to the district's own desk, so that nothing is unrouted; None only in
    an installation without areas.
    """
    return route([(lon, lat)])[0].area


@dataclass(frozen=True, slots=True)
class _Index:
    """All governed areas in memory, smallest rank first; made anew when the table has changed."""

    stamp: tuple[Any, ...]
    areas: list[Area]
    sizes: list[float]
    tree: shapely.STRtree
    catch_all: Area | None

    @classmethod
    def current(cls) -> _Index:
        """Return the index of the areas now in force, from memory while nothing has changed."""
        sums = [Sum(name) for name in ("min_lon", "min_lat", "max_lon", "max_lat")]
        counts = [Count("pk"), Max("pk"), Count("valid_to"), Max("valid_to")]
        stamp = tuple(Area.objects.aggregate(*counts, *sums).values())
        if _kept and _kept[-1].stamp == stamp:
            return _kept[-1]
        found = cls._read(stamp)
        _kept.append(found)
        del _kept[:-1]
        return found

    @classmethod
    def _read(cls, stamp: tuple[Any, ...]) -> _Index:
        rows = Area.objects.filter(valid_to__isnull=True).order_by("pk")
        areas = [area for area in rows if area.boundary is not None]
        shapes = shapely.from_wkb([bytes(area.boundary or b"") for area in areas])
        sizes = [float(size) for size in shapely.area(shapes)]
        for area in areas:
            area.boundary = None  # the tree has it
        districts = (area for area in areas if area.kind == Kind.DISTRICT)
        catch_all = next(districts, None) or rows.filter(kind=Kind.DISTRICT).first()
        return cls(stamp, areas, sizes, shapely.STRtree(shapes), catch_all)

    def route(self, lon: float, lat: float) -> Route:
        """Return the area of the smallest rank, then size, that holds the point or touches it."""
        hits = self.tree.query(shapely.Point(lon, lat), predicate="intersects")
        ordered = sorted(
            (PRECEDENCE.index(self.areas[i].kind), self.sizes[i], self.areas[i].pk, i)
            for i in map(int, hits)
        )
        found = [self.areas[row[-1]] for row in ordered]
        if not found:
            return Route(self.catch_all, None, is_inside=False)
        return Route(found[0], found[1] if len(found) > 1 else None, is_inside=True)


_kept: list[_Index] = []


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the great-circle distance (haversine on the mean Earth radius)."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, half)))
