"""The fine cells of the cover: what is known about one zone in each of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from zhizhi.kernel.cover import (
    BLOCK,
    CROSSING,
    EDGE,
    EDGE_IN,
    EDGE_OUT,
    END,
    FAR_MM,
    FARTHEST,
    FINE,
    KIND,
    NEAR,
    NEAREST,
    OUTSIDE,
    SLOT,
    WIDTH,
    WITHIN,
    ZONE,
    Floats,
    Ints,
    Outline,
    Raster,
    crossings,
    segment,
)
from zhizhi.kernel.covering import Cell, Touched, cell_at, is_within, touches
from zhizhi.kernel.metres import squared_distance
from zhizhi.kernel.native import native


class Found(NamedTuple):
    """Room for records and runs, and how much of it is used."""

    records: Ints
    numbers: Floats  # the memory of ``records``
    runs: Ints
    used: Ints  # records, runs


class Group(NamedTuple):
    """One touched coarse cell: the edges near it and whether its centre is inside."""

    zone: int
    edge: Ints
    distance_m: Floats  # of each edge to the centre of the fine cell at hand
    centre: Cell
    is_inside: bool


@native
def _add_run(runs: Ints, used: int, start: int, edge: int) -> int:
    """Append ``edge`` to the last run since ``start`` when it follows it, else as a new run."""
    if used > start and runs[used - 1, 0] + runs[used - 1, 1] == edge:
        runs[used - 1, 1] += 1
        return used
    runs[used, 0], runs[used, 1] = edge, 1
    return used + 1


@native
def _group(outline: Outline, raster: Raster, touched: Touched, g: int) -> Group:
    zone, cell = int(touched.zone[g]), int(touched.cell[g])
    edge = touched.edge[touched.first[g] : touched.first[g + 1]]
    centre = cell_at(raster, cell % raster.columns, cell // raster.columns, FINE)
    inside = is_within(outline, zone, centre.x, centre.y)
    return Group(zone, edge, np.empty(len(edge)), centre, inside)


@native
def _is_inside(outline: Outline, group: Group, x: float, y: float) -> bool:
    """Tell whether the centre (x, y) of a fine cell is inside, by the path to the coarse centre."""
    odd = 0
    for k in group.edge:
        found = crossings(segment(outline.edges, k), x, y, group.centre.x, group.centre.y)
        if found == 2:
            return is_within(outline, group.zone, x, y)
        odd ^= found
    return (odd == 1) != group.is_inside


@native
def _measure(outline: Outline, group: Group, cell: Cell) -> float:
    """Measure all edges of the group from the cell's centre; return the shortest distance."""
    shortest = np.inf
    for k in range(len(group.edge)):
        d2 = squared_distance(
            segment(outline.edges, group.edge[k]), cell.x, cell.y, cell.east_m, cell.north_m
        )
        group.distance_m[k] = math.sqrt(d2)
        shortest = min(shortest, group.distance_m[k])
    return shortest


@native
def _add_crossing(outline: Outline, group: Group, cell: Cell, found: Found) -> tuple[bool, int]:
    """Write the first edge that enters the cell and append the runs of the others.

    Return whether there is any, and how many runs there are now.
    """
    start = used = found.used[1]
    any_enters = False
    for k in range(len(group.edge)):
        is_close = group.distance_m[k] * (1.0 - cell.slack) <= cell.half_diagonal_m
        if not is_close or not touches(segment(outline.edges, group.edge[k]), cell):
            continue
        if any_enters:
            used = _add_run(found.runs, used, start, group.edge[k])
        else:
            any_enters = True
            for j in range(4):
                found.numbers[found.used[0], EDGE + j] = outline.edges[group.edge[k], j]
    return any_enters, int(used)


@native
def _add_near(group: Group, cell: Cell, most_m: float, runs: Ints, start: int) -> int:
    """Append the runs of the edges that may be the nearest of some point of the cell."""
    used = start
    for k in range(len(group.edge)):
        if group.distance_m[k] * (1.0 - cell.slack) <= most_m:
            used = _add_run(runs, used, start, group.edge[k])
    return used


@native
def _millimetres(metres: float) -> int:
    return int(min(max(metres * 1000.0, 0.0), float(FAR_MM)))


@native
def _describe(outline: Outline, group: Group, cell: Cell, found: Found, slot: int) -> None:
    """Append the record of one zone in one fine cell, unless the zone does not reach it."""
    reach, h = outline.reach[group.zone], cell.half_diagonal_m
    shortest = _measure(outline, group, cell)
    nearest, farthest = shortest * (1.0 - cell.slack) - h, shortest * (1.0 + cell.slack) + h
    inside = _is_inside(outline, group, cell.x, cell.y)
    first = found.used[1]
    any_enters, near = _add_crossing(outline, group, cell, found)
    if reach == 0.0:
        nearest = np.inf  # nobody asks how near
    if any_enters:
        kind = EDGE_IN if inside else EDGE_OUT
        nearest = 0.0
    elif inside:
        kind = WITHIN
    elif nearest > reach:
        return
    else:
        kind = OUTSIDE
    end = near
    if kind == WITHIN and nearest >= reach:
        nearest = farthest = np.inf
    else:
        most_m = min(farthest, reach) + h * (1.0 + cell.slack)
        end = _add_near(group, cell, most_m, found.runs, near)
    record = found.records[found.used[0]]
    record[ZONE], record[KIND], record[SLOT] = group.zone, kind, slot
    record[NEAREST], record[FARTHEST] = (
        _millimetres(nearest - 0.001),
        _millimetres(farthest + 0.001),
    )
    record[CROSSING], record[NEAR], record[END] = first, near, end
    found.used[0] += 1
    found.used[1] = end


@native
def _refine(outline: Outline, raster: Raster, touched: Touched, start: int, found: Found) -> int:
    """Describe the fine cells of groups from ``start`` on; return where the room ran out."""
    for g in range(start, len(touched.zone)):
        edges = touched.first[g + 1] - touched.first[g]
        if found.used[0] + BLOCK > len(found.records):
            return g
        if found.used[1] + 2 * BLOCK * edges > len(found.runs):
            return g
        group = _group(outline, raster, touched, g)
        column = int(touched.cell[g]) % raster.columns * FINE
        row = int(touched.cell[g]) // raster.columns * FINE
        for sub in range(BLOCK):
            cell = cell_at(raster, column + sub % FINE, row + sub // FINE, 1)
            _describe(outline, group, cell, found, g * BLOCK + sub)
    return len(touched.zone)


def fine_records(outline: Outline, raster: Raster, touched: Touched) -> tuple[Ints, Ints]:
    """Return the records of all touched cells, in the order of their slots, and their runs."""
    groups = len(touched.zone)
    widest = int(np.diff(touched.first).max(initial=1))
    found = _room(
        np.empty((groups * BLOCK // 2 + BLOCK, WIDTH), np.int32),
        np.empty((groups * BLOCK + 2 * BLOCK * widest, 2), np.int32),
        np.zeros(2, np.int32),
    )
    done = 0
    while (done := _refine(outline, raster, touched, done, found)) < groups:
        found = _room(_doubled(found.records), _doubled(found.runs), found.used)
    return found.records[: found.used[0]], found.runs[: found.used[1]].copy()


def _room(records: Ints, runs: Ints, used: Ints) -> Found:
    return Found(records, records.view(np.float64), runs, used)


def _doubled(array: Ints) -> Ints:
    return np.concatenate([array, np.empty_like(array)])
