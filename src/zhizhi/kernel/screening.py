"""Asking the cover: for each row the zones it touches, as INSIDE or RING.

These are the loops; ``zhizhi.kernel.zones`` says what they mean. Their arrays are taken out of the
index before a loop starts: taking them out at every row would cost more than the answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.cover import (
    BLOCK_SHIFT,
    DEEP,
    KIND,
    LAST,
    ZONE,
    Cells,
    Floats,
    Grid,
    Ints,
    Longs,
    Point,
    cell_of,
    centre_around,
    code_at,
    is_closer,
    is_within,
    refined,
    segment,
)
from zhizhi.kernel.metres import Segment, metres_per_degree, squared_distance
from zhizhi.kernel.native import lean, woven

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


class Lookup(NamedTuple):
    """Scratch memory for the rows that are looked up together."""

    cell: NDArray[np.uint32]  # of each row
    wide: NDArray[np.bool_]  # of each row: its accuracy is beyond the reach of the cover
    hot: Ints  # the rows that need more than a look, and behind it their codes
    codes: Ints


@lean
def _look_up(grid: Grid, rows: Rows, first: int, size: int, work: Lookup) -> int:
    """List in ``work`` those of the next rows that touch anything; return how many they are.

    The steps are separate loops with next to no branches: so the processor computes several rows
    in one instruction, and waits for many cells at once instead of for one after the other.
    """
    raster, coarse, records = grid.raster, grid.coarse, grid.cells.records
    lon, lat = rows.lon[first : first + size], rows.lat[first : first + size]
    cell, wide, hot, codes = work
    for j in range(size):
        cell[j] = cell_of(raster, lon[j], lat[j])
    found = kept = 0
    for j in range(size):
        code = coarse[cell[j] >> BLOCK_SHIFT]
        hot[found], codes[found] = j, code
        found += (code != 0) | wide[j]
    for k in range(found):
        j = hot[k]
        code = refined(grid, codes[k], cell[j])
        hot[kept], codes[kept] = j, code
        kept += (code != 0) | wide[j]
    for k in range(kept):  # touching a record brings it near
        codes[k] -= records[max(-codes[k] - 1, 0) >> 1, ZONE] < 0
    return kept


@lean
def _locate_some(index: Index, rows: Rows, first: int, hits: Hits, work: Lookup) -> int:
    """Locate the next rows; return how far that went."""
    raster, cells = index.grid.raster, index.grid.cells
    start, zone, cls = hits
    end = min(first + len(work.cell), len(rows.lon))
    used, room = start[first], len(zone) - len(index.margins)
    start[first + 1 : end + 1] = 0
    for k in range(_look_up(index.grid, rows, first, end - first, work)):
        i, code = first + work.hot[k], work.codes[k]
        if used > room:
            end = i
            break
        if code > 0:
            zone[used], cls[used] = code - 1, INSIDE
            used += 1
        else:
            x, y = rows.lon[i], rows.lat[i]
            centre = centre_around(raster, x, y)
            used = _locate_in_cell(cells, (-code - 1) >> 1, (x, y), centre, (zone, cls), used)
        start[i + 1] = used
    _fill_gaps(start, first, end)
    return end


@lean
def _fill_gaps(start: Ints, first: int, end: int) -> None:
    """Let rows without a hit, whose entries are 0, end where the row before them ends."""
    used = start[first]
    for i in range(first + 1, end + 1):
        used = max(used, start[i])
        start[i] = used


@lean
def _screen_some(index: Index, rows: Rows, first: int, hits: Hits, work: Lookup) -> int:
    """Screen the next rows; return how far that went."""
    raster, cells = index.grid.raster, index.grid.cells
    start, zone, cls = hits
    end = min(first + len(work.cell), len(rows.lon))
    used, room = start[first], len(zone) - len(index.margins)
    start[first + 1 : end + 1] = 0
    for j in range(end - first):
        work.wide[j] = rows.accuracy_m[first + j] > index.answered_accuracy_m
    for k in range(_look_up(index.grid, rows, first, end - first, work)):
        i, code = first + work.hot[k], work.codes[k]
        if used > room:
            end = i
            break
        if work.wide[i - first]:
            used = _screen_wide(index, rows, i, hits, used)
        elif code > 0:
            zone[used], cls[used] = code - 1, INSIDE
            used += 1
        else:
            x, y = rows.lon[i], rows.lat[i]
            cx, cy = centre_around(raster, x, y)
            fix = (x, y, rows.accuracy_m[i], cx, cy)
            r = (-code - 1) >> 1
            used = _screen_cell(cells, index.margins, r, fix, (zone, cls), used)
        start[i + 1] = used
    _fill_gaps(start, first, end)
    return end


@lean
def locate_rows(index: Index, rows: Rows, first: int, hits: Hits, work: Lookup) -> int:
    """Fill in the zones whose polygon contains each row; return where room may run out."""
    while first < len(rows.lon):
        end = min(first + len(work.cell), len(rows.lon))
        done = _locate_some(index, rows, first, hits, work)
        if done < end:
            return done
        first = end
    return first


@lean
def screen_rows(index: Index, rows: Rows, first: int, hits: Hits, work: Lookup) -> int:
    """Fill in the zones of each row with both rings; return where room may run out."""
    while first < len(rows.lon):
        end = min(first + len(work.cell), len(rows.lon))
        done = _screen_some(index, rows, first, hits, work)
        if done < end:
            return done
        first = end
    return first


@woven
def _locate_in_cell(
    cells: Cells,
    r: int,
    point: Point,
    centre: Point,
    out: tuple[Ints, NDArray[np.uint8]],
    used: int,
) -> int:
    """Write the zones that contain one point of the cell whose records begin at ``r``."""
    begin, deep = used, cells.records[r, DEEP]
    is_last = False
    while not is_last:
        out[0][used], out[1][used] = cells.records[r, ZONE], INSIDE
        used += is_within(cells, r, point[0], point[1], centre)
        is_last = cells.records[r, KIND] >= LAST
        r += 1
    return _add_deep(cells.deep, deep, out, begin, used) if deep >= 0 else used


@lean
def _margin(metres: float, times: float, accuracy_m: float) -> float:
    """Return the larger of a margin and the accuracy's share; an unknown accuracy adds none."""
    return max(metres, times * accuracy_m)


@woven
def _screen_cell(
    cells: Cells,
    margins: Floats,
    r: int,
    fix: tuple[float, float, float, float, float],
    out: tuple[Ints, NDArray[np.uint8]],
    used: int,
) -> int:
    """Write the hits of one point in the cell whose records begin at ``r``."""
    x, y, accuracy_m, centre = fix[0], fix[1], fix[2], (fix[3], fix[4])
    begin, deep = used, cells.records[r, DEEP]
    is_last = False
    while not is_last:
        zone = cells.records[r, ZONE]
        if is_within(cells, r, x, y, centre):
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
    return _add_deep(cells.deep, deep, out, begin, used) if deep >= 0 else used


@lean
def _add_deep(
    zones: Ints, deep: int, out: tuple[Ints, NDArray[np.uint8]], begin: int, used: int
) -> int:
    """Write the zones of the list at ``deep`` among the hits since ``begin``."""
    while zones[deep] >= 0:
        _insert(out, begin, used, zones[deep], INSIDE)
        used += 1
        deep += 1
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
                _insert((hits.zone, hits.cls), start, used, zone, cls)
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
    cell = int(cell_of(grid.raster, x, y))
    code = code_at(grid, cell)
    if code >= 0:
        return code - 1 == zone
    r, centre = (-code - 1) >> 1, centre_around(grid.raster, x, y)
    if _is_listed(grid.cells.deep, grid.cells.records[r, DEEP], zone):
        return True
    while True:
        if grid.cells.records[r, ZONE] == zone:
            return is_within(grid.cells, r, x, y, centre)
        if grid.cells.records[r, KIND] >= LAST:
            return False
        r += 1


@lean
def _is_listed(zones: Ints, deep: int, zone: int) -> bool:
    """Tell whether the list at ``deep``, if there is one, holds ``zone``."""
    while deep >= 0 and zones[deep] >= 0:
        if zones[deep] == zone:
            return True
        deep += 1
    return False


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
def _insert(
    out: tuple[Ints, NDArray[np.uint8]], begin: int, used: int, zone: int, cls: int
) -> None:
    """Write a hit behind those of lower zones."""
    zones, classes = out
    k = used
    while k > begin and zones[k - 1] > zone:
        zones[k], classes[k] = zones[k - 1], classes[k - 1]
        k -= 1
    zones[k], classes[k] = zone, cls


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
