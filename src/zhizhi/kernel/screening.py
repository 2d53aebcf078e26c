"""Asking the cover: for each row the zones it touches, as INSIDE or RING.

These are the loops; ``zhizhi.kernel.zones`` says what they mean. Their arrays are taken out of the
index before a loop starts: taking them out at every row would cost more than the answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.cover import (
    KIND,
    LAST,
    ZONE,
    Cells,
    Floats,
    Grid,
    Ints,
    Longs,
    cell_of,
    centre_of,
    coarse_slot,
    code_at,
    fine_slot,
    is_block,
    is_closer,
    is_within,
    segment,
)
from zhizhi.kernel.metres import Segment, metres_per_degree, squared_distance
from zhizhi.kernel.native import lean

INSIDE, RING, APART = 2, 1, 0
CHUNK = 16  # consecutive edges under one box
CROWD = 32  # zones under one box


class Rows(NamedTuple):
    """The points asked about."""

    lon: Floats
    lat: Floats
    accuracy_m: NDArray[np.float32]  # NaN: unknown


class Boxes(NamedTuple):
    """Nested boxes (west, south, east, north) for points whose accuracy is beyond the cover."""

    chunk: Floats  # of CHUNK consecutive edges of one zone
    first_chunk: Longs  # of each zone, and one more
    first_edge: Longs  # of each chunk, and one more
    zone: Floats
    order: Ints  # all zones, neighbours together
    crowd: Floats  # of CROWD consecutive zones of ``order``
    widest_exit_m: float


class Index(NamedTuple):
    """Everything that is compiled from the outlines of a set of zones."""

    grid: Grid
    margins: Floats  # (n, 2): metres to shrink and to grow by
    answered_accuracy_m: float  # beyond it the cover does not reach and the boxes are asked
    boxes: Boxes


class Hits(NamedTuple):
    """Room for the answer."""

    start: Ints
    zone: Ints
    cls: NDArray[np.uint8]


@lean
def locate_rows(index: Index, rows: Rows, first: int, hits: Hits) -> int:
    """Fill in the zones whose polygon contains each row; return where room may run out."""
    raster, coarse, fine, cells = index.grid
    lon, lat, _ = rows
    start, zone, cls = hits
    used, room = start[first], len(zone) - len(index.margins)
    for i in range(first, len(lon)):
        start[i] = used
        column, row = cell_of(raster, lon[i], lat[i])
        code = coarse[coarse_slot(raster, column, row)]
        if is_block(code):
            code = fine[fine_slot(code, column, row)]
        if code == 0:
            continue
        if used > room:
            return i
        if code > 0:
            zone[used], cls[used] = code - 1, INSIDE
            used += 1
        else:
            cx, cy = centre_of(raster, column, row)
            point = (lon[i], lat[i], cx, cy, 0.0)
            used = _locate_in_cell(cells, (-code - 1) >> 1, point, (zone, cls), used)
    start[len(lon)] = used
    return len(lon)


@lean
def screen_rows(index: Index, rows: Rows, first: int, hits: Hits) -> int:
    """Fill in the zones of each row with both rings; return where room may run out."""
    raster, coarse, fine, cells = index.grid
    margins, answered_accuracy_m = index.margins, index.answered_accuracy_m
    lon, lat, accuracy_m = rows
    start, zone, cls = hits
    used, room = start[first], len(zone) - len(margins)
    for i in range(first, len(lon)):
        start[i] = used
        is_wide = accuracy_m[i] > answered_accuracy_m
        column, row = cell_of(raster, lon[i], lat[i])
        code = coarse[coarse_slot(raster, column, row)]
        if is_block(code):
            code = fine[fine_slot(code, column, row)]
        if code == 0 and not is_wide:
            continue
        if used > room:
            return i
        if is_wide:
            used = _screen_wide(index, rows, i, hits, used)
        elif code > 0:
            zone[used], cls[used] = code - 1, INSIDE
            used += 1
        else:
            cx, cy = centre_of(raster, column, row)
            point = (lon[i], lat[i], cx, cy, float(accuracy_m[i]))
            used = _screen_cell(cells, margins, (-code - 1) >> 1, point, (zone, cls), used)
    start[len(lon)] = used
    return len(lon)


@lean
def _locate_in_cell(
    cells: Cells,
    r: int,
    point: tuple[float, float, float, float, float],
    out: tuple[Ints, NDArray[np.uint8]],
    used: int,
) -> int:
    """Write the zones that contain one point of the cell whose records begin at ``r``."""
    x, y, cx, cy, _ = point
    is_last = False
    while not is_last:
        if is_within(cells, r, x, y, (cx, cy)):
            out[0][used], out[1][used] = cells.records[r, ZONE], INSIDE
            used += 1
        is_last = cells.records[r, KIND] >= LAST
        r += 1
    return used


@lean
def _margin(metres: float, times: float, accuracy_m: float) -> float:
    """Return the larger of a margin and the accuracy's share; an unknown accuracy adds none."""
    return max(metres, times * accuracy_m)


@lean
def _screen_cell(
    cells: Cells,
    margins: Floats,
    r: int,
    point: tuple[float, float, float, float, float],
    out: tuple[Ints, NDArray[np.uint8]],
    used: int,
) -> int:
    """Write the hits of one point in the cell whose records begin at ``r``."""
    x, y, cx, cy, accuracy_m = point
    is_last = False
    while not is_last:
        zone = cells.records[r, ZONE]
        if is_within(cells, r, x, y, (cx, cy)):
            enter = _margin(margins[zone, 0], 1.0, accuracy_m)
            cls = RING if is_closer(cells, r, x, y, enter) else INSIDE
        else:
            leave = _margin(margins[zone, 1], 2.0, accuracy_m)
            cls = RING if is_closer(cells, r, x, y, leave) else APART
        if cls != APART:
            out[0][used], out[1][used] = zone, cls
            used += 1
        is_last = cells.records[r, KIND] >= LAST
        r += 1
    return used


@lean
def _screen_wide(index: Index, rows: Rows, i: int, hits: Hits, used: int) -> int:
    """Screen a row whose accuracy is beyond the reach of the cover."""
    x, y, boxes = rows.lon[i], rows.lat[i], index.boxes
    if not (abs(x) <= 180.0 and abs(y) <= 90.0):
        return used
    start, widest = used, max(2.0 * rows.accuracy_m[i], boxes.widest_exit_m)
    east_m, north_m = metres_per_degree(y)
    metric = (x, y, east_m, north_m)
    for c in range(len(boxes.crowd)):
        if not _is_box_closer(segment(boxes.crowd, c), metric, widest):
            continue
        for k in range(c * CROWD, min((c + 1) * CROWD, len(boxes.order))):
            zone = boxes.order[k]
            cls = _class_by_boxes(index, zone, metric, rows.accuracy_m[i])
            if cls != APART:
                _insert(hits, start, used, zone, cls)
                used += 1
    return used


@lean
def _class_by_boxes(
    index: Index, zone: int, metric: tuple[float, float, float, float], accuracy_m: float
) -> int:
    enter = _margin(index.margins[zone, 0], 1.0, accuracy_m)
    leave = _margin(index.margins[zone, 1], 2.0, accuracy_m)
    if not _is_box_closer(segment(index.boxes.zone, zone), metric, leave):
        return APART
    if _contains(index.grid, zone, metric[0], metric[1]):
        return RING if _has_closer_edge(index, zone, metric, enter) else INSIDE
    return RING if _has_closer_edge(index, zone, metric, leave) else APART


@lean
def _contains(grid: Grid, zone: int, x: float, y: float) -> bool:
    """Tell whether the zone's polygon contains the point."""
    column, row = cell_of(grid.raster, x, y)
    code = code_at(grid, column, row)
    if code >= 0:
        return bool(code - 1 == zone)
    r, (cx, cy) = (-code - 1) >> 1, centre_of(grid.raster, column, row)
    while True:
        if grid.cells.records[r, ZONE] == zone:
            return is_within(grid.cells, r, x, y, (cx, cy))
        if grid.cells.records[r, KIND] >= LAST:
            return False
        r += 1


@lean
def _is_box_closer(box: Segment, metric: tuple[float, float, float, float], limit_m: float) -> bool:
    """Tell whether the box is closer than ``limit_m``, or as close but for rounding."""
    x, y, east_m, north_m = metric
    dx = max(box[0] - x, 0.0, x - box[2]) * east_m
    dy = max(box[1] - y, 0.0, y - box[3]) * north_m
    return dx * dx + dy * dy <= limit_m * limit_m * 1.000_001


@lean
def _has_closer_edge(
    index: Index, zone: int, metric: tuple[float, float, float, float], limit_m: float
) -> bool:
    boxes, edges, limit = index.boxes, index.grid.cells.edges, limit_m * limit_m
    x, y, east_m, north_m = metric
    for c in range(boxes.first_chunk[zone], boxes.first_chunk[zone + 1]):
        if not _is_box_closer(segment(boxes.chunk, c), metric, limit_m):
            continue
        for k in range(boxes.first_edge[c], boxes.first_edge[c + 1]):
            if squared_distance(segment(edges, k), x, y, east_m, north_m) < limit:
                return True
    return False


@lean
def _insert(hits: Hits, start: int, used: int, zone: int, cls: int) -> None:
    """Write a hit behind those of lower zones."""
    k = used
    while k > start and hits.zone[k - 1] > zone:
        hits.zone[k], hits.cls[k] = hits.zone[k - 1], hits.cls[k - 1]
        k -= 1
    hits.zone[k], hits.cls[k] = zone, cls


@lean
def drop_closed(
    hits: Hits, day: NDArray[np.int16], season: Ints, open_days: NDArray[np.bool_]
) -> None:
    """Drop, in place, the hits of zones that are closed on the day of their row.

    ``day`` is 0..365; ``season`` gives each zone its row of ``open_days``, -1 for all year.
    """
    start, zone, cls = hits
    used, begin = 0, start[0]
    for i in range(len(day)):
        end = start[i + 1]
        for k in range(begin, end):
            row = season[zone[k]]
            if row < 0 or open_days[row, day[i]]:
                zone[used], cls[used] = zone[k], cls[k]
                used += 1
        begin = end
        start[i + 1] = used
