"""Building the cover: which cells each zone touches, and what is known about each of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from zhizhi.kernel.cover import (
    FINE,
    Ints,
    Longs,
    Outline,
    Raster,
    segment,
)
from zhizhi.kernel.metres import Segment, metres_per_degree, squared_distance
from zhizhi.kernel.native import lean
from zhizhi.kernel.sides import crosses_right

FEWEST_CELLS, MOST_CELLS = 32, 1024  # coarse cells along a side
RIM = 1.000_001  # cells are taken a hair larger than they are, so rounding cannot lose an edge


class Cell(NamedTuple):
    """A cell as the builder sees it; ``slack`` is the relative error of its local metres."""

    x: float
    y: float
    half_width: float  # degrees
    half_height: float
    east_m: float
    north_m: float
    half_diagonal_m: float
    slack: float


class Touched(NamedTuple):
    """One row for each coarse cell that a zone's boundary comes near, ordered by zone and cell."""

    zone: Ints
    cell: Ints
    first: Longs  # into ``edge``; one more entry than groups
    edge: Ints


def raster_around(outline: Outline) -> Raster:
    """Choose the cells: finer for more edges, but a coarse cell is never below twice the reach."""
    edges, reach = outline.edges, float(outline.reach.max(initial=1.0))
    west, east = edges[:, [0, 2]].min(), edges[:, [0, 2]].max()
    south, north = edges[:, [1, 3]].min(), edges[:, [1, 3]].max()
    north_m = metres_per_degree(min(abs(south), abs(north)))[1]
    east_m = max(metres_per_degree(max(abs(south), abs(north)))[0], 1.0)
    pad_x, pad_y = 1.01 * reach / east_m + 1e-9, 1.01 * reach / north_m + 1e-9
    width, height = float(east - west + 2 * pad_x), float(north - south + 2 * pad_y)
    wanted = np.clip(18.0 * len(edges) ** 0.26, FEWEST_CELLS, MOST_CELLS)  # measured
    smallest = max(max(width * east_m, height * north_m) / wanted, 2.0 * reach, 0.5)
    columns = max(1, int(width * east_m / smallest))
    rows = max(1, int(height * north_m / smallest))
    wide, high = width / columns, height / rows
    return Raster(
        west=float(west - pad_x) - wide,  # one empty cell all around, see ``cell_of``
        south=float(south - pad_y) - high,
        width=wide / FINE,
        height=high / FINE,
        per_degree_east=FINE / wide,
        per_degree_north=FINE / high,
        columns=columns + 2,
        rows=rows + 2,
    )


@lean
def cell_at(raster: Raster, column: int, row: int, size: int) -> Cell:
    """Return the cell that is ``size`` fine cells wide, counted in cells of that size."""
    half_width, half_height = 0.5 * size * raster.width, 0.5 * size * raster.height
    x = raster.west + (column + 0.5) * size * raster.width
    y = raster.south + (row + 0.5) * size * raster.height
    east_m, north_m = metres_per_degree(y)
    widest = metres_per_degree(max(abs(y) - half_height, 0.0))[0]
    steep = math.tan(min(abs(y) + half_height, 89.0) * math.pi / 180.0) + 0.02
    slack = steep * half_height * math.pi / 180.0 + 1e-7
    diagonal = RIM * math.hypot(half_width * widest, half_height * north_m * (1.0 + slack))
    return Cell(x, y, half_width, half_height, east_m, north_m, diagonal, slack)


@lean
def touches(edge: Segment, cell: Cell) -> bool:
    """Tell whether the edge enters the cell."""
    half_width, half_height = cell.half_width * RIM, cell.half_height * RIM
    if max(edge[0], edge[2]) < cell.x - half_width or min(edge[0], edge[2]) > cell.x + half_width:
        return False
    if max(edge[1], edge[3]) < cell.y - half_height or min(edge[1], edge[3]) > cell.y + half_height:
        return False
    dx, dy = edge[2] - edge[0], edge[3] - edge[1]
    off = (cell.x - edge[0]) * dy - (cell.y - edge[1]) * dx
    return abs(off) <= half_width * abs(dy) + half_height * abs(dx)


@lean
def _span(edge: Segment, cell: Cell, reach: float) -> tuple[float, float]:
    """Return the lowest and highest longitude at which the edge comes near the cell's row."""
    near = reach / cell.north_m * 1.01 + cell.half_height * RIM
    low, high = cell.y - near, cell.y + near
    y1, y2 = edge[1], edge[3]
    start, end = 0.0, 1.0
    if y1 != y2:
        a, b = (low - y1) / (y2 - y1), (high - y1) / (y2 - y1)
        start, end = max(0.0, min(a, b)), min(1.0, max(a, b))
    dx = edge[2] - edge[0]
    ends = edge[0] + start * dx, edge[0] + end * dx
    aside = 1.01 * reach / (cell.east_m * (1.0 - min(cell.slack, 0.5)))
    return min(ends[0], ends[1]) - aside, max(ends[0], ends[1]) + aside


@lean
def _near_cells(
    outline: Outline, raster: Raster, edge: int, zone: int, out: Longs, used: int
) -> int:
    """Append the coarse cells near one edge to ``out``; beyond its end only count them."""
    row_height = raster.height * FINE
    line, reach = segment(outline.edges, edge), outline.reach[zone]
    pad = 1.01 * reach / metres_per_degree(line[1])[1]
    lowest = int((min(line[1], line[3]) - pad - raster.south) / row_height - 1e-6)
    highest = int((max(line[1], line[3]) + pad - raster.south) / row_height + 1e-6)
    for row in range(max(lowest, 0), min(highest, raster.rows - 1) + 1):
        cell = cell_at(raster, 0, row, FINE)
        left, right = _span(line, cell, reach)
        first = int(max((left - raster.west) / (raster.width * FINE) - 1e-6, 0.0))
        last = int(max((right - raster.west) / (raster.width * FINE) + 1e-6, 0.0))
        for column in range(first, min(last, raster.columns - 1) + 1):
            cell = cell_at(raster, column, row, FINE)
            d = math.sqrt(squared_distance(line, cell.x, cell.y, cell.east_m, cell.north_m))
            if d * (1.0 - min(cell.slack, 0.9)) > reach + cell.half_diagonal_m:
                continue
            if used < len(out):
                out[used] = (zone * raster.rows + row) * raster.columns + column
            used += 1
    return used


@lean
def _all_near_cells(outline: Outline, raster: Raster, out: Longs, edge_of: Ints) -> int:
    used = 0
    for zone in range(len(outline.first) - 1):
        for edge in range(outline.first[zone], outline.first[zone + 1]):
            before = used
            used = _near_cells(outline, raster, edge, zone, out, used)
            for k in range(before, min(used, len(edge_of))):
                edge_of[k] = edge
    return used


def touched_cells(outline: Outline, raster: Raster) -> Touched:
    """Find for each zone the coarse cells that its boundary comes near, with the edges."""
    capacity = 8 * len(outline.edges) + 1024
    while True:
        keys, edge = np.empty(capacity, np.int64), np.empty(capacity, np.int32)
        used = _all_near_cells(outline, raster, keys, edge)
        if used <= capacity:
            break
        capacity = used
    keys, edge = keys[:used], edge[:used]
    order = np.argsort(keys, kind="stable")
    keys, edge = keys[order], edge[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    cells = raster.rows * raster.columns
    groups = keys[starts]
    return Touched(
        zone=(groups // cells).astype(np.int32),
        cell=(groups % cells).astype(np.int32),
        first=np.append(starts, used).astype(np.int64),
        edge=edge,
    )


@lean
def is_within(outline: Outline, zone: int, x: float, y: float) -> bool:
    """Tell whether the nudged point is inside the zone, by all of its edges."""
    inside = False
    for k in range(outline.first[zone], outline.first[zone + 1]):
        e = segment(outline.edges, k)
        if crosses_right(e[0], e[1], e[2], e[3], x, y):
            inside = not inside
    return inside


@lean
def _filled(outline: Outline, raster: Raster, touched: Touched, out: Longs) -> int:
    """Append (zone, cell) of the coarse cells that lie deep inside; count beyond the end.

    Between two touched cells of a row all cells are alike, so one test tells for the whole gap.
    """
    used, cells = 0, raster.rows * raster.columns
    for g in range(len(touched.zone) - 1):
        zone, cell, following = touched.zone[g], touched.cell[g], touched.cell[g + 1]
        is_same_row = cell // raster.columns == following // raster.columns
        if touched.zone[g + 1] != zone or not is_same_row or following - cell < 2:
            continue
        row, column = (cell + 1) // raster.columns, (cell + 1) % raster.columns
        middle = cell_at(raster, column, row, FINE)
        if not is_within(outline, zone, middle.x, middle.y):
            continue
        for k in range(cell + 1, following):
            if used < len(out):
                out[used] = np.int64(zone) * cells + k
            used += 1
    return used


def filled_cells(outline: Outline, raster: Raster, touched: Touched) -> tuple[Ints, Ints]:
    """Return zone and cell of every coarse cell that lies deep inside a zone."""
    capacity = 4096
    while True:
        out = np.empty(capacity, np.int64)
        used = _filled(outline, raster, touched, out)
        if used <= capacity:
            break
        capacity = used
    cells = raster.rows * raster.columns
    return (out[:used] // cells).astype(np.int32), (out[:used] % cells).astype(np.int32)
