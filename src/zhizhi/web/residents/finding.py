"""From what a resident writes, taps or picks to a place: names, the list, and the map's dots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhizhi.directory.models import Area
from zhizhi.engine.models import Report
from zhizhi.kernel.shapes import Bounds
from zhizhi.web.digits import whole_number
from zhizhi.web.places import SAFE_BOUNDS, box

MOST_FOUND = 8
ZOOM = 4  # times nearer with each tap
NEAREST_DEG = 0.006  # half the width of the nearest view: about 600 metres
SIZES: Mapping[str, int] = {"small": 288, "large": 576}  # dots of the drawing, each way
ABOUT_A_DOT_M = 30.0

Kind = Area.Kind
BY = Report.PlaceBy


@dataclass(frozen=True, slots=True)
class Found:
    """A place on the globe, and how it was told."""

    lon: float
    lat: float
    by: str
    accuracy_m: float | None = None
    name: str = ""

    def written(self) -> dict[str, Any]:
        """Return it as the unfinished report keeps it."""
        return {"lon": self.lon, "lat": self.lat, "by": self.by, "accuracy_m": self.accuracy_m,
                "name": self.name}  # fmt: skip


def communities() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the communities by town, as a list to choose from; codes and names."""
    rows = Area.objects.in_force().filter(kind__in=(Kind.TOWN, Kind.COMMUNITY)).order_by("path")
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for kind, path, code, name in rows.values_list("kind", "path", "code", "name"):
        if kind == Kind.TOWN:
            found[path] = (name, [])
        else:
            parent = path.rstrip("/").rpartition("/")[0] + "/"
            found.setdefault(parent, ("", []))[1].append((code, name))
    return [(name, listed) for name, listed in found.values() if listed]


def by_code(code: str) -> Found | None:
    """Return the place in the middle of a community of the list."""
    area = Area.objects.in_force().filter(kind=Kind.COMMUNITY, code=code).first()
    return None if area is None else Found(area.lon, area.lat, BY.LIST, _half(area), area.name)


def named(text: str) -> list[Found]:
    """Return the places whose names are part of ``text``, or that ``text`` is part of.

    Names that were written whole come first, and of them the longest, the smallest place first.
    """
    wanted = _plain(text)
    if len(wanted) < 2:
        return []
    rows = Area.objects.in_force().exclude(kind=Kind.DISTRICT)
    names = ((pk, _plain(name)) for pk, name in rows.values_list("pk", "name"))
    written = [pk for pk, name in names if len(name) > 1 and name in wanted]
    whole = list(rows.filter(pk__in=written[: MOST_FOUND * 4]).only(*_NEEDED))
    if whole:
        most = max(len(area.name) for area in whole)
        best = [area for area in whole if len(area.name) == most]
        return _listed(best)
    near = rows.filter(name__icontains=text.strip()).only(*_NEEDED)
    return _listed(list(near[: MOST_FOUND * 4]))


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


_NEEDED = ("kind", "name", "path", "lon", "lat", "min_lon", "max_lon", "min_lat", "max_lat")
_ORDER = (Kind.BUILDING, Kind.EXCLUSIVE_AREA, Kind.ROAD_SECTION, Kind.GRID_CELL, Kind.COMMUNITY)


def _listed(areas: Sequence[Area]) -> list[Found]:
    order = {kind: place for place, kind in enumerate(_ORDER)}
    areas = sorted(areas, key=lambda area: (order.get(Kind(area.kind), len(order)), area.path))
    towns = _towns(areas)
    return [
        Found(area.lon, area.lat, BY.NAME, _half(area), _full(area, towns))
        for area in areas[:MOST_FOUND]
    ]


def _towns(areas: Sequence[Area]) -> dict[str, str]:
    """Return the names of the towns above ``areas`` by their paths."""
    paths = {_town_of(area) for area in areas}
    rows = Area.objects.in_force().filter(kind=Kind.TOWN, path__in=paths)
    return dict(rows.values_list("path", "name"))


def _town_of(area: Area) -> str:
    return "/".join(area.path.split("/")[:3]) + "/"


def _full(area: Area, towns: Mapping[str, str]) -> str:
    town = towns.get(_town_of(area), "")
    return area.name if not town or town == area.name else f"{area.name} ({town})"


def _half(area: Area) -> float:
    """Return how far from its middle something in the area may be, in whole metres."""
    high = (area.max_lat - area.min_lat) / 2
    wide = (area.max_lon - area.min_lon) / 2 * math.cos(math.radians(area.lat))
    return float(round(math.hypot(high, wide) * 111_320))


def whole() -> Bounds:
    """Return a square around the district."""
    root = Area.objects.in_force().filter(kind=Kind.DISTRICT).first()
    west, south, east, north = box(root) if root else SAFE_BOUNDS
    lat = (south + north) / 2
    narrow = math.cos(math.radians(lat))
    half = max((north - south) / 2, (east - west) / 2 * narrow) * 1.03
    return _square((west + east) / 2, lat, half)


def _square(lon: float, lat: float, half: float) -> Bounds:
    wide = half / math.cos(math.radians(lat))
    return (lon - wide, lat - half, lon + wide, lat + half)


def nearer(bounds: Bounds, at: tuple[float, float]) -> Bounds:
    """Return the next nearer view, around what was tapped."""
    half = max((bounds[3] - bounds[1]) / 2 / ZOOM, NEAREST_DEG)
    return _square(*at, half)


def tapped(bounds: Bounds, size: str, x: str, y: str) -> Found | None:
    """Return the place behind a dot of the drawing; None for the corner that a key press sends."""
    dots, right, down = SIZES[size], whole_number(x), whole_number(y)  # the drawing is a square
    if right is None or down is None or (right, down) == (0, 0) or max(right, down) > dots:
        return None
    high = bounds[3] - bounds[1]
    lon = bounds[0] + (bounds[2] - bounds[0]) * right / dots
    lat = bounds[3] - high * down / dots
    accuracy = max(ABOUT_A_DOT_M, high * 111_320 / dots * 6)
    return Found(round(lon, 6), round(lat, 6), BY.MAP, round(accuracy, 1))
