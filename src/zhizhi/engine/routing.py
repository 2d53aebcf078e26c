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
from zhizhi.kernel.routing.rule import SMALLEST

Kind = Area.Kind


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers for a point, with those above and the next best.

    ``above`` are the areas around it, nearest first.
    """

    area: Area | None
    runner_up: Area | None
    is_inside: bool
    above: tuple[Area, ...] = ()

    def at_level(self, level: str) -> Area | None:
        """Return the area that answers from ``level`` on: the first that is at least so high."""
        if self.area is None:
            return None
        ways = (self.area, *self.above)
        return ways[answers_from(level, [one.kind for one in ways])]

    def facts(self) -> dict[str, Any]:
        """Return it for the timeline."""
        return {
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


def answers_from(level: str, kinds: Sequence[str]) -> int:
    """Return which of the areas around a place answers from ``level`` on: the first so high.

    ``kinds`` are theirs, nearest first; where none is so high it is the last.
    """
    if level == SMALLEST:
        return 0
    least = PRECEDENCE.index(level)
    high = (place for place, kind in enumerate(kinds) if PRECEDENCE.index(kind) >= least)
    return next(high, len(kinds) - 1)


def codes_of(path: str) -> tuple[str, ...]:
    """Return the codes of an area and of those above it, its own first."""
    return tuple(reversed(path.strip("/").split("/"))) if path else ()


@dataclass(frozen=True, slots=True)
class _Index:
    """All governed areas in memory, smallest rank first; made anew when the table has changed."""

    stamp: tuple[Any, ...]
    areas: list[Area]
    sizes: list[float]
    tree: shapely.STRtree
    catch_all: Area | None
    by_path: dict[str, Area]

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
        rows = list(Area.objects.filter(valid_to__isnull=True).order_by("pk"))
        areas = [area for area in rows if area.boundary is not None]
        shapes = shapely.from_wkb([bytes(area.boundary or b"") for area in areas])
        sizes = [float(size) for size in shapely.area(shapes)]
        for area in areas:
            area.boundary = None  # the tree has it
        districts = [area for area in (*areas, *rows) if area.kind == Kind.DISTRICT]
        catch_all = next(iter(districts), None)
        by_path = {area.path: area for area in rows}
        return cls(stamp, areas, sizes, shapely.STRtree(shapes), catch_all, by_path)

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
        runner_up = found[1] if len(found) > 1 else None
        return Route(found[0], runner_up, is_inside=True, above=self._above(found[0]))

    def _above(self, area: Area) -> tuple[Area, ...]:
        steps = area.path.strip("/").split("/")[:-1]
        paths = (f"/{'/'.join(steps[:count])}/" for count in range(len(steps), 0, -1))
        return tuple(self.by_path[path] for path in paths if path in self.by_path)


_kept: list[_Index] = []


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the great-circle distance (haversine on the mean Earth radius)."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, half)))
