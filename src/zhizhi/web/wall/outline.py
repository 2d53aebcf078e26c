"""The map as a drawing made on the server: for screens that run no script."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import shapely

from zhizhi.directory.models import Area
from zhizhi.engine.models import Severity
from zhizhi.web import places
from zhizhi.web.icons import SHAPES

WIDTH = 1000  # units of the drawing
MARK = 16  # units of a shape on its own square
MOST_MARKS = 300
ABOUT_100_M = 0.001  # degrees
SHADES = (0, 1, 3, 6)  # more cases than this: one shade darker, as assets/js/map.js has it
STEPS = (Area.Kind.TOWN, Area.Kind.COMMUNITY, Area.Kind.GRID_CELL)
RANKED = tuple(Severity.values)


@dataclass(frozen=True, slots=True)
class Sheet:
    """From degrees to the units of a drawing of ``area``, its north at the top."""

    west: float
    north: float
    across: float
    down: float
    height: int

    @classmethod
    def of(cls, area: Area) -> Sheet:
        """Lay the sheet so that the whole area just fits its width."""
        across = WIDTH / max(area.max_lon - area.min_lon, ABOUT_100_M)
        down = across / math.cos(math.radians(area.lat))
        height = math.ceil((area.max_lat - area.min_lat) * down)
        return cls(area.min_lon, area.max_lat, across, down, height)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        return (lon - self.west) * self.across, (self.north - lat) * self.down

    def path(self, shape: shapely.Geometry) -> str:
        """Return the rings of a shape as the path of a drawing."""
        parts = shapely.get_parts(shape)
        rings = [r for part in parts for r in shapely.get_rings(part)]
        return "".join(self._ring(shapely.get_coordinates(ring)) for ring in rings)

    def _ring(self, corners: Any) -> str:
        points = (self.at(lon, lat) for lon, lat in corners)
        return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points) + "Z"


def outline(area: Area, found: Mapping[str, int], points: Mapping[str, Any]) -> dict[str, Any]:
    """Return the drawing: parts shaded by the cases ``found`` in them, waters, and the shapes."""
    sheet = Sheet.of(area)
    parts, waters = _drawn(places.area_version(), area.pk)
    marks = zip(points["lon"], points["lat"], points["kind"], strict=True)
    return {
        "width": WIDTH,
        "height": sheet.height,
        "parts": [(drawn, _shade(found.get(path, 0))) for path, drawn in parts],
        "waters": waters,
        "marks": [_mark(sheet, *mark) for mark in list(marks)[:MOST_MARKS]],
    }


@lru_cache(maxsize=8)
def _drawn(version: str, pk: int) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the parts one step below an area and the waters, kept under ``version``."""
    area = Area.objects.get(pk=pk)
    sheet, steps = Sheet.of(area), area.path.count("/") + 1
    rows = Area.objects.in_force().below(area.path).filter(kind__in=STEPS).exclude(boundary=None)
    found = [
        (path, shapely.from_wkb(bytes(boundary)))
        for path, boundary in rows.order_by("path").values_list("path", "boundary")
        if path.count("/") == steps
    ] or [(area.path, shapely.from_wkb(bytes(area.boundary or b"")))]
    shapes = shapely.coverage_simplify([shape for _path, shape in found], ABOUT_100_M)
    drawn = [(path, sheet.path(shape)) for (path, _), shape in zip(found, shapes, strict=True)]
    thin = [shapely.simplify(water, ABOUT_100_M) for water in places.water_shapes()]
    inside = shapely.box(area.min_lon, area.min_lat, area.max_lon, area.max_lat)
    return drawn, [sheet.path(shapely.intersection(water, inside)) for water in thin]


def _shade(count: int) -> int:
    return sum(count > limit for limit in SHADES)


def _mark(sheet: Sheet, lon: float, lat: float, rank: int) -> dict[str, str]:
    x, y = sheet.at(lon, lat)
    kind = RANKED[min(rank, len(RANKED) - 1)]
    return {"x": f"{x - MARK / 2:.0f}", "y": f"{y - MARK / 2:.0f}", "kind": kind, "d": SHAPES[kind]}
