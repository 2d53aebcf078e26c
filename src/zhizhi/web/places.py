"""What a map shows: area shapes, counts, zones, and the part of the world in view."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from zhizhi.directory.models import Area, Unit
from zhizhi.engine import zoning
from zhizhi.engine.models import Case, Severity, Zone
from zhizhi.kernel.seasons import local_days, open_days
from zhizhi.kernel.shapes import Bounds
from zhizhi.trust.scoping import Scope, any_of
from zhizhi.web.queue import LIVE, QueueFilter, cases_of

GRID_STEPS = 4  # district, town, community, grid cell
ABOUT_10_M = 0.0001  # degrees; finer than a screen shows of a grid's border
SAFE_BOUNDS: Bounds = (106.5, 29.3, 107.6, 30.1)  # shown while no area is imported
DRAWN_KINDS = (Area.Kind.GRID_CELL, Area.Kind.TOWN)
MOST_POINTS = 5000
MOST_LABELS = 500
MOST_NAMES = 3
WATER = ("map", "water.geojson")  # below the data folder; a picture only, no rule reads it
RANKS = {severity: rank for rank, severity in enumerate(Severity.values)}


def bounds_of(scope: Scope) -> Bounds:
    """Return west, south, east, north of what the viewer answers for."""
    mine = areas_in(scope).filter(kind__in=(Area.Kind.DISTRICT, Area.Kind.TOWN))
    box = mine.aggregate(w=Min("min_lon"), s=Min("min_lat"), e=Max("max_lon"), n=Max("max_lat"))
    west, south, east, north = (box[side] for side in "wsen")
    return SAFE_BOUNDS if west is None else (west, south, east, north)


def box(area: Area) -> Bounds:
    """Return west, south, east, north of one area."""
    return area.min_lon, area.min_lat, area.max_lon, area.max_lat


def areas_url(name: str = "web:areas") -> str:
    """Return the address of the area shapes; it changes when one is redrawn."""
    return f"{reverse(name)}?v={area_version()}"


def area_version() -> str:
    """Return the version of the drawn areas and of the waters."""
    newest = _drawn().aggregate(count=Count("pk"), newest=Max("pk"))
    file = settings.DATA.joinpath(*WATER)
    drawn_at = file.stat().st_mtime_ns if file.is_file() else 0
    return f"{newest['count']}-{newest['newest'] or 0}-{drawn_at}"


@lru_cache(maxsize=2)
def area_shapes(version: str) -> bytes:
    """Return grid cells, towns and waters as compressed GeoJSON, kept under ``version``.

    Borders are simplified as one coverage, so neighbours keep meeting.
    """
    features: list[str] = []
    for kind in DRAWN_KINDS:
        listed = area_rows(kind)
        shapes: Any = [shape for _pk, _name, shape in listed]
        if listed:
            shapes = shapely.coverage_simplify(shapes, ABOUT_10_M)
        drawn = shapely.to_geojson(shapely.set_precision(shapes, 0.00001, mode="pointwise"))
        features += [
            _feature(pk, {"kind": "town", "name": name} if kind == Area.Kind.TOWN else {}, geometry)
            for (pk, name, _shape), geometry in zip(listed, drawn, strict=True)
        ]
    features += _waters()  # above the borders, which often follow a river
    text = '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"
    return gzip.compress(text.encode(), 6, mtime=0)


def area_rows(kind: str, within: Bounds | None = None) -> list[tuple[int, str, Any]]:
    """Return number, name and shape of the areas of ``kind``, of those near ``within`` alone."""
    rows = _drawn().filter(kind=kind).exclude(boundary=None).order_by("pk")
    if within is not None:
        west, south, east, north = within
        rows = rows.filter(min_lon__lte=east, max_lon__gte=west, min_lat__lte=north)
        rows = rows.filter(max_lat__gte=south)
    listed = list(rows.values_list("pk", "name", "boundary"))
    shapes = shapely.from_wkb([bytes(row[2] or b"") for row in listed])
    return [(pk, name, shape) for (pk, name, _b), shape in zip(listed, shapes, strict=True)]


def _feature(pk: int, properties: dict[str, str], geometry: str) -> str:
    told = json.dumps(properties, ensure_ascii=False)
    return f'{{"type":"Feature","id":{pk},"properties":{told},"geometry":{geometry}}}'


def draw_water(water: shapely.Geometry) -> None:
    """Keep the outline of rivers and lakes (WGS84) for the maps."""
    file = settings.DATA.joinpath(*WATER)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(shapely.to_geojson(water), encoding="utf-8")


def water_shapes() -> list[Any]:
    """Return the waters; none where the deployer gave no file."""
    file = settings.DATA.joinpath(*WATER)
    if not file.is_file():
        return []
    told = shapely.from_geojson(file.read_text(encoding="utf-8"), on_invalid="ignore")
    return [part for part in shapely.get_parts([told]) if not shapely.is_empty(part)]


def _waters() -> list[str]:
    drawn = shapely.to_geojson(shapely.simplify(water_shapes(), ABOUT_10_M))
    return [_feature(0, {"kind": "water"}, geometry) for geometry in drawn]


def counts(scope: Scope) -> dict[int, int]:
    """Return the number of live cases of each grid cell that has any."""
    live = Case.objects.visible_to(scope).filter(state__in=LIVE)
    rows = live.values_list("pk", "area_path")  # two cases of one path are two
    return counts_by_grid(path for _pk, path in rows)


def counts_by_grid(paths: Iterable[str]) -> dict[int, int]:
    """Return how many of ``paths``, each the area of one case, lie in each grid cell."""
    found: dict[str, int] = {}
    for path in paths:
        grid = "/".join(path.split("/")[: GRID_STEPS + 1]) + "/"
        found[grid] = found.get(grid, 0) + 1
    grids = _drawn().filter(kind=Area.Kind.GRID_CELL, path__in=list(found))
    return {pk: found[path] for pk, path in grids.values_list("pk", "path")}


def alert_points(scope: Scope, wanted: QueueFilter, *, now: datetime) -> dict[str, Any]:
    """Return the cases of a queue as columns of points; ``kind`` is the rank of the severity."""
    cases = cases_of(scope, wanted, now=now)
    rows = list(cases.values_list("pk", "lon", "lat", "severity")[:MOST_POINTS])
    return {
        "id": [pk for pk, _lon, _lat, _severity in rows],
        "lon": [lon for _pk, lon, _lat, _severity in rows],
        "lat": [lat for _pk, _lon, lat, _severity in rows],
        "kind": [RANKS.get(severity, len(RANKS) - 1) for *_place, severity in rows],
        "label": _labels(cases, [row[0] for row in rows]) if len(rows) <= MOST_LABELS else None,
    }


def _labels(cases: QuerySet[Case], ids: list[int]) -> list[str]:
    """Return what the map says of its points; many points are too close together to be read."""
    known = {
        case.pk: f"{case.code} {case.get_severity_display()}" for case in cases.filter(pk__in=ids)
    }
    return [known.get(pk, "") for pk in ids]  # a case may have moved on between two questions


def zone_shapes(now: datetime, zones: Iterable[Zone] | None = None) -> dict[str, Any]:
    """Return the zones in force, or ``zones``, as GeoJSON; ``open``: their season is on."""
    today = day_of(now)
    features = []
    for zone in zoning.current() if zones is None else zones:
        shape = shapely.from_wkb(bytes(zone.boundary))
        properties = {"name": zone.name, "open": bool(open_days(zone.seasons)[today])}
        features.append(
            {
                "type": "Feature",
                "id": zone.key,
                "bbox": list(shape.bounds),
                "properties": properties,
                "geometry": shapely.geometry.mapping(shape),
            }
        )
    return {"type": "FeatureCollection", "features": features}


def day_of(moment: datetime) -> int:
    """Return the local day of the year (0..365, of a leap year)."""
    return int(local_days(np.array([int(moment.timestamp() * 1_000_000)], np.int64))[0])


def name_of(scope: Scope) -> str:
    """Return what the viewer answers for: the district, a town, or several."""
    tops = areas_in(scope).filter(kind__in=(Area.Kind.DISTRICT, Area.Kind.TOWN)).order_by("path")
    tops = tops.filter(kind=Area.Kind.DISTRICT) if tops.filter(kind="district").exists() else tops
    return _(", ").join(tops.values_list("name", flat=True)[:MOST_NAMES])


def units_in(scope: Scope) -> QuerySet[Unit]:
    """Return the units whose home lies in what the viewer answers for."""
    homes = (
        Q(area__path__startswith=grant.area_path) if grant.unit is None else Q(pk=grant.unit)
        for grant in scope.grants
    )
    return Unit.objects.filter(any_of(homes), retired_at__isnull=True).order_by("code")


def _drawn() -> QuerySet[Area]:
    return Area.objects.filter(kind__in=DRAWN_KINDS, valid_to__isnull=True)


def areas_in(scope: Scope) -> QuerySet[Area]:
    """Return the areas in force that the viewer answers for."""
    filters = Q(pk__in=[])
    for grant in scope.grants:
        filters |= Q(path__startswith=grant.area_path)
    return Area.objects.filter(filters, valid_to__isnull=True)
