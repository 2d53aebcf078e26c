"""Shapes that somebody imports: read from GeoJSON, checked, and refused with the place named."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from zhizhi.kernel import crs as coordinates
from zhizhi.kernel.remedies import gettext_noop

SMALLEST_M2 = 1.0
METRES_PER_DEGREE = 111_195.0
POLYGONS = ("Polygon", "MultiPolygon")
_LARGEST = sys.float_info.max

Bounds = tuple[float, float, float, float]  # west, south, east, north

MESSAGES: Mapping[str, str] = {
    "unsupported": gettext_noop("The shape is neither a polygon nor a multipolygon."),
    "empty": gettext_noop("The shape is empty: it has no outline."),
    "not-a-number": gettext_noop("A corner is not a pair of finite numbers."),
    "too-few-corners": gettext_noop("A ring needs at least three different corners."),
    "unclosed": gettext_noop(
        "A ring is not closed: its last corner must repeat its first, which stands here."
    ),
    "out-of-range": gettext_noop("A corner is not on the globe: check the coordinate system."),
    "swapped": gettext_noop(
        "Longitude and latitude look exchanged: write the longitude first, then the latitude."
    ),
    "antimeridian": gettext_noop(
        "The shape crosses the 180th meridian, which is not supported: split it there."
    ),
    "zero-area": gettext_noop("The shape has no area: it is smaller than a square metre."),
    "self-crossing": gettext_noop("The outline crosses or touches itself here."),
    "hole-outside": gettext_noop("A hole lies outside of its outline."),
    "overlapping": gettext_noop("Two rings or parts of the shape overlap or lie in each other."),
    "invalid": gettext_noop("The shape is not valid."),
}

_REASONS = (
    ("self-intersection", "self-crossing"),
    ("interior is disconnected", "self-crossing"),
    ("hole lies outside", "hole-outside"),
    ("nested", "overlapping"),
    ("duplicate", "overlapping"),
    ("too few", "too-few-corners"),
)  # words of GEOS and ours


class UnreadableShapes(ValueError):
    """The text is no GeoJSON with shapes in it; the message says where it stops being that."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a shape cannot be a zone; ``lon`` and ``lat`` say where, when there is a place."""

    reason: str
    message: str
    lon: float | None = None
    lat: float | None = None

    def __str__(self) -> str:
        place = "" if self.lon is None else f" ({self.lon:.6f}, {self.lat:.6f})"
        return self.message + place


@dataclass(frozen=True, slots=True)
class ZoneShape:
    """One imported shape; ``boundary`` is its WKB (WGS84), empty as long as there are problems."""

    number: int
    key: str
    name: str
    boundary: bytes
    problems: tuple[Problem, ...]
    properties: Mapping[str, Any] = field(default_factory=dict)


def parse_geojson(
    text: str | bytes,
    *,
    crs: str = "WGS84",
    allow_inverse: bool = False,
    bounds: Bounds | None = None,
) -> list[ZoneShape]:
    """Read Polygon, MultiPolygon, Feature or FeatureCollection; every shape carries its problems.

    ``crs`` is what the importer declares unless the text names one itself. ``bounds`` is the
    district, see ``check``. Raises UnreadableShapes, and what ``crs.to_wgs84`` raises.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableShapes(f"This is not JSON: {error}") from error
    declared = _declared_crs(document) or crs
    shapes = []
    for number, feature in enumerate(_features(document)):
        geometry = feature.get("geometry")
        problems, shape = _examine(geometry, declared, bounds, allow_inverse=allow_inverse)
        properties = feature.get("properties")
        properties = properties if isinstance(properties, Mapping) else {}
        boundary = b"" if shape is None or problems else shapely.to_wkb(shapely.force_2d(shape))
        shapes.append(
            ZoneShape(
                number=number,
                key=str(properties.get("key") or feature.get("id") or ""),
                name=str(properties.get("name") or ""),
                boundary=boundary,
                problems=tuple(problems),
                properties=properties,
            )
        )
    return shapes


def check(
    geometry: Mapping[str, Any] | BaseGeometry | None, *, bounds: Bounds | None = None
) -> list[Problem]:
    """Return why ``geometry`` (GeoJSON or shapely, WGS84) cannot be a zone; empty: it can.

    With ``bounds`` a shape that would lie in the district only when its longitude and latitude
    are exchanged is called swapped.
    """
    if isinstance(geometry, BaseGeometry):
        geometry = shapely.geometry.mapping(geometry)
    return _examine(geometry, "WGS84", bounds, allow_inverse=False)[0]


def _examine(
    geometry: Any, crs: str, bounds: Bounds | None, *, allow_inverse: bool
) -> tuple[list[Problem], BaseGeometry | None]:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if geometry is None or (isinstance(geometry, Mapping) and not geometry.get("coordinates", ())):
        return [_problem("empty")], None
    if kind not in POLYGONS:
        return [_problem("unsupported")], None
    parts = geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]
    problems: list[Problem] = []
    polygons = []
    for part in parts if isinstance(parts, Sequence) else [None]:
        rings = [_ring(ring, problems) for ring in part] if _is_list(part) and part else None
        if rings is None:
            problems.append(_problem("empty"))
        elif not problems:
            polygons.append([_converted(ring, crs, allow_inverse=allow_inverse) for ring in rings])
    if problems:
        return problems, None
    corners = np.concatenate([ring for polygon in polygons for ring in polygon])
    problems = list(_placed_badly(corners, polygons, bounds))
    if problems:
        return problems, None
    shape = shapely.multipolygons([shapely.Polygon(rings[0], rings[1:]) for rings in polygons])
    shape = shape if kind == "MultiPolygon" else shapely.get_parts(shape)[0]
    return list(_malformed(shape)), shape


def _ring(ring: Any, problems: list[Problem]) -> Any:
    """Return the corners of a ring as an array, or note why it is none."""
    pairs = [_pair(corner) for corner in ring] if _is_list(ring) else [None]
    known = [pair for pair in pairs if pair is not None]
    if not pairs:
        problems.append(_problem("empty"))
    elif len(known) < len(pairs):
        problems.append(_problem("not-a-number", *(known[-1] if known else ())))
    elif known[0] != known[-1]:
        problems.append(_problem("unclosed", *known[0]))
    elif len(set(known)) < 3:
        problems.append(_problem("too-few-corners", *known[0]))
    return np.array(known, float).reshape(-1, 2)


def _pair(corner: Any) -> tuple[float, float] | None:
    if not _is_list(corner) or len(corner) < 2:
        return None
    for value in corner[:2]:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not abs(value) <= _LARGEST:  # NaN is not, either
            return None
    return float(corner[0]), float(corner[1])


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _converted(ring: Any, crs: str, *, allow_inverse: bool) -> Any:
    lon, lat = coordinates.to_wgs84(ring[:, 0], ring[:, 1], crs, allow_inverse=allow_inverse)
    return np.column_stack([lon, lat])


def _placed_badly(
    corners: Any, polygons: list[list[Any]], bounds: Bounds | None
) -> Iterator[Problem]:
    """Yield what is wrong with where the corners lie."""
    lon, lat = corners[:, 0], corners[:, 1]
    off = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    can_be_exchanged = bool(((np.abs(lat) <= 180) & (np.abs(lon) <= 90)).all())
    if off.any():
        first = int(np.argmax(off))
        reason = "swapped" if can_be_exchanged else "out-of-range"
        yield _problem(reason, float(lon[first]), float(lat[first]))
    elif bounds is not None and not _meets(lon, lat, bounds) and _meets(lat, lon, bounds):
        yield _problem("swapped", float(lon[0]), float(lat[0]))
    elif any((np.abs(np.diff(ring[:, 0])) > 180).any() for rings in polygons for ring in rings):
        yield _problem("antimeridian")


def _meets(lon: Any, lat: Any, bounds: Bounds) -> bool:
    west, south, east, north = bounds
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return bool(inside.any())


def _malformed(shape: BaseGeometry) -> Iterator[Problem]:
    """Yield what is wrong with the form of the shape."""
    _west, south, _east, north = shape.bounds
    square_m = METRES_PER_DEGREE**2 * math.cos(math.radians((south + north) / 2))
    is_valid = shape.is_valid
    area = shape.area if is_valid else shape.convex_hull.area  # loops cancel each other out
    if area * square_m < SMALLEST_M2:
        yield _problem("zero-area", *shape.bounds[:2])
    if is_valid:
        return
    text = shapely.is_valid_reason(shape)
    reason = next((ours for theirs, ours in _REASONS if theirs in text.lower()), "invalid")
    place = re.search(r"\[(\S+) (\S+)\]", text)
    yield _problem(reason, *(map(float, place.groups()) if place else (None, None)))


def _problem(reason: str, lon: float | None = None, lat: float | None = None) -> Problem:
    return Problem(reason, MESSAGES[reason], lon, lat)


def _features(document: Any) -> list[Mapping[str, Any]]:
    """Return the features of a document; a bare geometry is one."""
    kind = document.get("type") if isinstance(document, Mapping) else None
    if kind == "FeatureCollection":
        features = document.get("features")
        if not _is_list(features) or not all(isinstance(f, Mapping) for f in features):
            raise UnreadableShapes("A FeatureCollection needs a list of features.")
        return list(features)
    if kind == "Feature":
        return [document]
    if kind in POLYGONS:
        return [{"geometry": document}]
    raise UnreadableShapes(
        "GeoJSON of type Polygon, MultiPolygon, Feature or FeatureCollection is expected, "
        f"not {kind or type(document).__name__}."
    )


def _declared_crs(document: Any) -> str | None:
    """Return the coordinate system that older GeoJSON names in the text."""
    try:
        name = document["crs"]["properties"]["name"]
    except (KeyError, TypeError, IndexError):
        return None
    return name if isinstance(name, str) else None
