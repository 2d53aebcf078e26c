"""What a map shows: area shapes, counts, zones, units, and the part of the world in view."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from django.db.models import Count, Max, Min, Q, QuerySet
from django.urls import reverse

from zhizhi.directory.models import Area, Unit
from zhizhi.engine import zoning
from zhizhi.engine.models import Case
from zhizhi.kernel.seasons import local_days, open_days
from zhizhi.trust.scoping import Scope
from zhizhi.web.queue import LIVE

GRID_STEPS = 4  # district, town, community, grid cell
ABOUT_5_M = 0.00005  # degrees; what a screen shows of a grid's border
SAFE_BOUNDS = [106.5, 29.3, 107.6, 30.1]  # shown while no area is imported


def bounds_of(scope: Scope) -> list[float]:
    """Return west, south, east, north of what the viewer answers for."""
    mine = _areas(scope).filter(kind__in=(Area.Kind.DISTRICT, Area.Kind.TOWN))
    box = mine.aggregate(w=Min("min_lon"), s=Min("min_lat"), e=Max("max_lon"), n=Max("max_lat"))
    found = [box[side] for side in "wsen"]
    return SAFE_BOUNDS if None in found else found


def areas_url() -> str:
    """Return the address of the grid shapes; it changes when one is redrawn."""
    return f"{reverse('web:areas')}?v={_stamp()}"


def _stamp() -> str:
    grids = Area.objects.filter(kind=Area.Kind.GRID_CELL, valid_to__isnull=True)
    newest = grids.aggregate(count=Count("pk"), newest=Max("pk"))
    return f"{newest['count']}-{newest['newest'] or 0}"


@lru_cache(maxsize=2)
def grid_shapes(stamp: str) -> bytes:
    """Return the grid cells as GeoJSON with five decimals; ``stamp`` is their version."""
    grids = Area.objects.filter(kind=Area.Kind.GRID_CELL, valid_to__isnull=True)
    features = []
    for pk, boundary in grids.exclude(boundary=None).values_list("pk", "boundary"):
        shape = shapely.simplify(shapely.from_wkb(bytes(boundary)), ABOUT_5_M)
        drawn = shapely.to_geojson(shapely.set_precision(shape, 0.00001, mode="pointwise"))
        features.append(f'{{"type":"Feature","id":{pk},"properties":{{}},"geometry":{drawn}}}')
    return ('{"type":"FeatureCollection","features":[' + ",".join(features) + "]}").encode()


def current_stamp() -> str:
    """Return the version of the grid shapes."""
    return _stamp()


def counts(scope: Scope) -> dict[int, int]:
    """Return the number of live cases of each grid cell that has any."""
    live = Case.objects.visible_to(scope).filter(state__in=LIVE)
    found: dict[str, int] = {}
    for path in live.values_list("area_path", flat=True):
        grid = "/".join(path.split("/")[: GRID_STEPS + 1]) + "/"
        found[grid] = found.get(grid, 0) + 1
    grids = Area.objects.filter(
        kind=Area.Kind.GRID_CELL, valid_to__isnull=True, path__in=list(found)
    )
    return {pk: found[path] for pk, path in grids.values_list("pk", "path")}


def zone_shapes(now: datetime) -> dict[str, Any]:
    """Return the zones in force as GeoJSON; ``open`` says whether their season is on."""
    today = day_of(now)
    features = [
        {
            "type": "Feature",
            "id": zone.key,
            "properties": {"name": zone.name, "open": bool(open_days(zone.seasons)[today])},
            "geometry": shapely.geometry.mapping(shapely.from_wkb(bytes(zone.boundary))),
        }
        for zone in zoning.current()
    ]
    return {"type": "FeatureCollection", "features": features}


def day_of(moment: datetime) -> int:
    """Return the local day of the year (0..365, of a leap year)."""
    return int(local_days(np.array([int(moment.timestamp() * 1_000_000)], np.int64))[0])


def units_in(scope: Scope) -> QuerySet[Unit]:
    """Return the units whose home lies in what the viewer answers for."""
    filters = Q(pk__in=[])
    for grant in scope.grants:
        if grant.unit is not None:
            filters |= Q(pk=grant.unit)
        else:
            filters |= Q(area__path__startswith=grant.area_path)
    return Unit.objects.filter(filters).order_by("code")


def _areas(scope: Scope) -> QuerySet[Area]:
    filters = Q(pk__in=[])
    for grant in scope.grants:
        filters |= Q(path__startswith=grant.area_path)
    return Area.objects.filter(filters, valid_to__isnull=True)
