"""What the page of a zone shows: its versions, who made them and why, and how they differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import shapely
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from zhizhi.engine import settings_in_force, zoning
from zhizhi.engine.models import Zone
from zhizhi.kernel.measuring import area_m2, border_m, corner_count
from zhizhi.kernel.seasons import day_of_year
from zhizhi.web.setting_facts import written
from zhizhi.web.words import actor_names
from zhizhi.web.zone_form import kind_name, kinds, limit_name

NOTHING = shapely.Polygon()


def versions(key: str) -> list[dict[str, Any]]:
    """Return the versions of a zone, the newest first, each with what it changed."""
    rows = list(Zone.objects.filter(key=key).order_by("version"))
    names = actor_names(row.created_by for row in rows)
    told = []
    before: Zone | None = None
    for row in rows:
        told.append({**facts(row), "who": names[row.created_by], **_changes(before, row)})
        before = row
    return told[::-1]


def facts(zone: Zone) -> dict[str, Any]:
    """Return one version in words and figures."""
    limit = zone.parameters.get(limit_name(zone.kind))
    system = kinds().get(zone.kind)
    declared = settings_in_force.declaration(system.zone_limit) if system else None
    return {
        "zone": zone,
        "kind": kind_name(zone.kind),
        "limit": written(declared, limit) if declared and limit is not None else "",
        "seasons": seasons_said(zone.seasons),
        **measures(shape_of(zone)),
    }


def measures(shape: BaseGeometry) -> dict[str, Any]:
    """Return area in km², border in km and the number of corners."""
    return {
        "area": area_m2(shape) / 1e6,
        "border": border_m(shape) / 1e3,
        "corners": corner_count(shape),
    }


def shape_of(zone: Zone) -> BaseGeometry:
    return shapely.from_wkb(bytes(zone.boundary))


def seasons_said(seasons: Sequence[Sequence[str]]) -> str:
    """Say the days of the year on which the rule is in force."""
    told = []
    for first, last in seasons:
        over = _(" (over new year)") if day_of_year(last) < day_of_year(first) else ""
        told.append(f"{first} – {last}{over}")
    return _(", ").join(told) or _("all year")


def difference(before: BaseGeometry, after: BaseGeometry) -> dict[str, Any]:
    """Return what a change gains and loses: the shapes for the map, and their area in km²."""
    gained, lost = after.difference(before), before.difference(after)
    return {
        "gained": collection([gained]),
        "lost": collection([lost]),
        "gained_km2": area_m2(gained) / 1e6,
        "lost_km2": area_m2(lost) / 1e6,
    }


def collection(shapes: Iterable[BaseGeometry]) -> dict[str, Any]:
    """Return shapes as GeoJSON for the map; of empty ones nothing is drawn."""
    drawn = [part for shape in shapes for part in _areas(shape)]
    features = [
        {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(part))}
        for part in drawn
    ]
    bounds = [float(side) for side in shapely.total_bounds(drawn)] if drawn else None
    return {"type": "FeatureCollection", "bbox": bounds, "features": features}


def _areas(shape: BaseGeometry) -> list[BaseGeometry]:
    """Return the polygons: two borders that touch leave lines and points behind."""
    return [part for part in shapely.get_parts([shape]) if part.area > 0]


def _changes(before: Zone | None, after: Zone) -> dict[str, Any]:
    """Say in short what a version changed against the one before."""
    if before is None:
        return {"changed": [_("new")], "before": None}
    changed = []
    if bytes(before.boundary) != bytes(after.boundary):
        told = difference(shape_of(before), shape_of(after))
        changed.append(
            _("border: +{gained} km², −{lost} km²").format(
                gained=f"{told['gained_km2']:.3f}", lost=f"{told['lost_km2']:.3f}"
            )
        )
    words = {
        _("name"): (before.name, after.name),
        _("kind"): (before.kind, after.kind),
        _("seasons"): (before.seasons, after.seasons),
        _("limit"): (before.parameters, after.parameters),
    }
    changed += [word for word, (was, now) in words.items() if was != now]
    return {"changed": changed or [_("nothing")], "before": before}


def compared(key: str, number: int) -> dict[str, Any] | None:
    """Return one version against the one before it, for the map; None where there is no such."""
    rows = Zone.objects.filter(key=key, version__lte=number).order_by("-version")[:2]
    if not rows or rows[0].version != number:
        return None
    after = rows[0]
    before = rows[1] if len(rows) > 1 else None
    told = difference(shape_of(before) if before else NOTHING, shape_of(after))
    return {"after": after, "before": before, **told}


def standing_or_last(key: str) -> Zone | None:
    """Return the version that counts: planned or in force, else the newest there was."""
    return zoning.standing(key) or Zone.objects.filter(key=key).order_by("-version").first()
