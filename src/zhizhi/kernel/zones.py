"""Zones: polygons that a rule watches, compiled so that points are screened at memory speed.

For a point with accuracy ``a`` (metres; unknown counts as 0) and a zone with its two margins:

* INSIDE: in the polygon and at least ``max(a, enter_margin_m)`` from its boundary, so the whole
  disc of uncertainty is inside.
* RING: not INSIDE, but in the polygon or closer than ``max(2 a, exit_margin_m)`` to it.
* otherwise the row has no candidate for the zone.

**Edge rule.** A point exactly on the boundary is not in the polygon, as in shapely's ``contains``.
Being in the polygon is decided without rounding, on the straight lines between the vertices in
degrees. Distances are local metres (WGS84) to these lines.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import ArrayLike, NDArray

from zhizhi.kernel import screening
from zhizhi.kernel.assembling import build_grid
from zhizhi.kernel.boxing import build_boxes
from zhizhi.kernel.columns import frozen
from zhizhi.kernel.cover import Outline
from zhizhi.kernel.detection import INSIDE, RING, Batch, Candidates
from zhizhi.kernel.screening import Hits, Index, Lookup, Rows
from zhizhi.kernel.seasons import DAYS, BadSeason, local_days, open_days
from zhizhi.kernel.shapes import (
    Problem,
    UnreadableShapes,
    ZoneShape,
    check,
    parse_geojson,
)

__all__ = [
    "INSIDE",
    "RING",
    "BadReference",
    "CompiledZones",
    "Problem",
    "UnreadableShapes",
    "ZoneShape",
    "check",
    "compile_zones",
    "locate_points",
    "parse_geojson",
    "screen_batch",
    "screen_named",
    "screen_points",
]

ENTER_MARGIN_M = 15.0
EXIT_MARGIN_M = 50.0
REACH_M = 60.0  # the cover answers for accuracies up to half of it; worse fixes take longer

ROWS_AT_ONCE = 1024  # looked up together; their scratch memory fits the nearest cache

_POLYGON, _MULTIPOLYGON = 3, 6  # of shapely.get_type_id


class BadReference(ValueError):
    """The zones cannot be compiled; the message names the zone and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class CompiledZones:
    """Zones as index arrays; ``zone_keys`` are sorted and ``ref_version`` is their content hash.

    ``parameters`` holds each zone's own settings, in the order of ``zone_keys``.
    """

    ref_version: str
    zone_keys: tuple[str, ...]
    parameters: tuple[Mapping[str, Any], ...]
    index: Index
    season: NDArray[np.int32]  # of each zone its row of ``open_days``; -1: all year
    open_days: NDArray[np.bool_]
    is_plain: bool  # no margins, so there are no rings

    def __len__(self) -> int:
        return len(self.zone_keys)


def compile_zones(
    reference: pa.Table,
    *,
    enter_margin_m: float = ENTER_MARGIN_M,
    exit_margin_m: float = EXIT_MARGIN_M,
) -> CompiledZones:
    """Compile ``reference``: key, boundary (WKB, WGS84), seasons and parameters (JSON text).

    The parameters ``enter_margin_m`` and ``exit_margin_m`` of a zone go before the arguments. The
    order of the rows does not matter. Raises BadReference.
    """
    zones = _rows(reference)
    keys = tuple(zone["key"] for zone in zones)
    defaults = {"enter_margin_m": enter_margin_m, "exit_margin_m": exit_margin_m}
    margins = np.array([_margins(zone, defaults) for zone in zones], float).reshape(-1, 2)
    is_plain = not margins.any()
    reach = np.zeros(len(zones)) if is_plain else np.maximum(margins.max(axis=1), REACH_M)
    outline = _outline([zone["boundary"] for zone in zones], keys, reach)
    boxes = build_boxes(outline, float(margins[:, 1].max(initial=0.0)))
    season, days = _seasons(zones)
    return CompiledZones(
        ref_version=_digest(zones),
        zone_keys=keys,
        parameters=tuple(zone["parameters"] for zone in zones),
        index=Index(build_grid(outline), margins, 0.0 if is_plain else REACH_M / 2, boxes),
        season=season,
        open_days=days,
        is_plain=is_plain,
    )


def screen_points(
    compiled: CompiledZones,
    lon: ArrayLike,
    lat: ArrayLike,
    accuracy_m: ArrayLike | None = None,
    time_us: ArrayLike | None = None,
) -> Candidates:
    """Return for each point the zones it touches, ordered by zone; see the module docstring.

    Without ``accuracy_m`` all accuracies are unknown. Without ``time_us`` seasons do not matter.
    A point that is not finite touches nothing.
    """
    if accuracy_m is None and compiled.is_plain:
        return locate_points(compiled, lon, lat, time_us)
    if accuracy_m is None:
        accuracy_m = np.full(np.size(lon), np.nan, np.float32)
    rows = _asked(lon, lat, accuracy_m)
    return _in_season(compiled, _collect(screening.screen_rows, compiled, rows), time_us)


def locate_points(
    compiled: CompiledZones, lon: ArrayLike, lat: ArrayLike, time_us: ArrayLike | None = None
) -> Candidates:
    """Return for each point the zones whose polygon contains it, whatever the margins are."""
    rows = _asked(lon, lat, np.empty(0, np.float32))
    return _in_season(compiled, _collect(screening.locate_rows, compiled, rows), time_us)


def screen_batch(compiled: CompiledZones, batch: Batch) -> Candidates:
    """Screen a batch: by position, or by the zone that the stream itself names."""
    if len(batch.zone):
        return screen_named(compiled, batch.zone, batch.zone_keys, batch.time_us)
    return screen_points(compiled, batch.lon, batch.lat, batch.accuracy_m, batch.time_us)


def screen_named(
    compiled: CompiledZones,
    zone: NDArray[np.int32],
    zone_keys: tuple[str, ...],
    time_us: NDArray[np.int64],
) -> Candidates:
    """Return INSIDE for each row that names a known zone which is open at its time."""
    position = {key: number for number, key in enumerate(compiled.zone_keys)}
    known = np.array([position.get(key, -1) for key in zone_keys], np.int32)
    found = known[zone]
    hit = found >= 0
    start = np.zeros(len(zone) + 1, np.int32)
    np.cumsum(hit, out=start[1:])
    hits = Hits(start, found[hit], np.full(int(start[-1]), INSIDE))
    return _in_season(compiled, hits, time_us)


def _asked(lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike) -> Rows:
    return Rows(frozen(lon, np.float64), frozen(lat, np.float64), frozen(accuracy_m, np.float32))


def _collect(loop: Callable[..., int], compiled: CompiledZones, rows: Rows) -> Hits:
    """Run a screening loop, with more room as often as it asks for it."""
    size, zones = len(rows.lon), len(compiled.zone_keys)
    hits = _room(np.zeros(size + 1, np.int32), size // 2 + zones + 1024)
    work = Lookup(
        cell=np.empty(ROWS_AT_ONCE, np.uint32),
        wide=np.zeros(ROWS_AT_ONCE, np.bool_),
        hot=np.empty(ROWS_AT_ONCE + 1, np.int32),
        codes=np.empty(ROWS_AT_ONCE + 1, np.int32),
    )
    done = 0
    while (done := loop(compiled.index, rows, done, hits, work)) < size:
        larger = _room(hits.start, 2 * len(hits.zone) + zones)
        used = int(hits.start[done])
        larger.zone[:used], larger.cls[:used] = hits.zone[:used], hits.cls[:used]
        hits = larger
    return hits


def _in_season(compiled: CompiledZones, hits: Hits, time_us: ArrayLike | None) -> Candidates:
    """Return the hits as candidates, without those of zones that are closed at their time."""
    if time_us is not None and len(compiled.open_days):
        day = local_days(np.asarray(time_us, np.int64))
        screening.drop_closed(hits, day, compiled.season, compiled.open_days)
    used = int(hits.start[-1])
    return Candidates(hits.start, hits.zone[:used], hits.cls[:used])


def _room(start: NDArray[np.int32], capacity: int) -> Hits:
    return Hits(start, np.empty(capacity, np.int32), np.empty(capacity, np.uint8))


def _rows(reference: pa.Table) -> list[dict[str, Any]]:
    """Return the zones ordered by key, with their JSON read."""
    absent = [name for name in ("key", "boundary") if name not in reference.column_names]
    if absent:
        message = f"The table of zones has no column {absent[0]!r}."
        raise BadReference(message)
    wanted = [
        n for n in ("key", "boundary", "seasons", "parameters") if n in reference.column_names
    ]
    zones = sorted(reference.select(wanted).to_pylist(), key=lambda zone: str(zone["key"]))
    for zone, following in itertools.pairwise(zones):
        if zone["key"] == following["key"]:
            message = f"Two zones have the key {zone['key']!r}: keys must differ."
            raise BadReference(message)
    for zone in zones:
        zone["seasons"] = _json(zone, "seasons", list)
        zone["parameters"] = _json(zone, "parameters", dict)
    return zones


def _json(zone: Mapping[str, Any], name: str, kind: type) -> Any:
    text = zone.get(name)
    if text is None or text == "":
        return kind()
    try:
        value = json.loads(text)
    except ValueError as error:
        message = f"Zone {zone['key']!r}: {name} is not JSON ({error})."
        raise BadReference(message) from error
    if not isinstance(value, kind):
        message = f"Zone {zone['key']!r}: {name} must be a JSON {kind.__name__}."
        raise BadReference(message)
    return value


def _margins(zone: Mapping[str, Any], defaults: Mapping[str, float]) -> list[float]:
    values = []
    for name, default in defaults.items():
        value = zone["parameters"].get(name, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or value < 0:
            message = f"Zone {zone['key']!r}: {name} must be a number of metres, 0 or more."
            raise BadReference(message)
        values.append(float(value))
    return values


def _seasons(zones: list[dict[str, Any]]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return for each zone its row in the table of open days, -1 for all year."""
    season, days = np.full(len(zones), -1, np.int32), []
    for number, zone in enumerate(zones):
        if not zone["seasons"]:
            continue
        try:
            days.append(open_days(zone["seasons"]))
        except BadSeason as error:
            message = f"Zone {zone['key']!r}: {error}"
            raise BadReference(message) from error
        season[number] = len(days) - 1
    return season, np.array(days, np.bool_).reshape(-1, DAYS)


def _outline(boundaries: list[bytes], keys: tuple[str, ...], reach: NDArray[np.float64]) -> Outline:
    """Return the edges of all rings of all zones, without those of no length."""
    try:
        shapes = shapely.from_wkb(np.array(boundaries, object))
    except (shapely.errors.ShapelyError, TypeError) as error:
        message = f"A zone's boundary is not WKB: {error}"
        raise BadReference(message) from error
    kinds = shapely.get_type_id(shapes)
    usable = np.isin(kinds, (_POLYGON, _MULTIPOLYGON)) & ~shapely.is_empty(shapes)
    if not usable.all():
        key = keys[int(np.flatnonzero(~usable)[0])]
        message = (
            f"Zone {key!r}: the boundary must be a polygon or multipolygon that is not empty. "
            "Draw its outline and save the zone again."
        )
        raise BadReference(message)
    _refuse_bad_shapes(shapes, keys)
    parts, zone_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    edges = np.hstack([points[:-1], points[1:]]) if len(points) else np.empty((0, 4))
    is_edge = ring_of_point[:-1] == ring_of_point[1:]
    is_edge &= (edges[:, :2] != edges[:, 2:]).any(axis=1)
    zone = zone_of_part[part_of_ring[ring_of_point[:-1][is_edge]]]
    first = np.searchsorted(zone, np.arange(len(keys) + 1)).astype(np.int64)
    return Outline(np.ascontiguousarray(edges[is_edge]), first, reach)


def _refuse_bad_shapes(shapes: NDArray[Any], keys: tuple[str, ...]) -> None:
    """Raise BadReference for a zone that has no inside or would reach around the world."""
    wide = shapely.bounds(shapes)
    is_off = (np.abs(wide) > [180.0, 90.0, 180.0, 90.0]).any(axis=1)
    is_doubtful = ~shapely.is_valid(shapes) | is_off | (wide[:, 2] - wide[:, 0] > 180.0)
    for number in np.flatnonzero(is_doubtful).tolist():
        for problem in check(shapes[number]):
            message = f"Zone {keys[number]!r}: {problem} Draw it anew and save the zone again."
            raise BadReference(message)


def _digest(zones: list[dict[str, Any]]) -> str:
    """Return a hash of what the zones say, whatever order they come in."""
    digest = blake2b(digest_size=16)
    for zone in zones:
        for name in ("key", "boundary", "seasons", "parameters"):
            value = zone[name]
            if name == "key":
                value = str(value).encode()
            elif name != "boundary":
                value = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
            digest.update(len(value).to_bytes(8, "big"))
            digest.update(value)
    return digest.hexdigest()
