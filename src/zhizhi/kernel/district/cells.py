"""Grid cells: an exact tiling of the district, one face for each seat.

Only the cells are drawn; everything larger is dissolved from them, so nesting is exact. Cell
borders follow the rivers and are broken at random, as borders that grew are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.strtree import STRtree

from zhizhi.kernel.district.plane import Points, point_array
from zhizhi.kernel.district.randomness import layer
from zhizhi.kernel.district.settlement import Land

GRID_SIZE_M = 0.1
_PIECE_M = 260.0  # a border is broken about this often
Index = NDArray[np.int64]
Shapes = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Tiling:
    """Cells in the order of their seats, and which of them share how much border."""

    seats: Points
    cells: Shapes
    left: Index  # pairs of neighbours
    right: Index
    border_m: Points


def tile(seed: int, land: Land, seats: Points) -> Tiling:
    """Return one cell for each of ``seats``; the cells cover the outline without gap or overlap."""
    random = layer(seed, "cells")
    lines = [land.outline.boundary, *(bank.boundary for bank in land.banks)]
    for bank in land.banks:
        shapely.prepare(bank)
        own = seats[shapely.contains_xy(bank, seats[:, 0], seats[:, 1])]
        edges = _broken(_voronoi_edges(own, land), own, random)
        lines.extend(shapely.intersection(edges, bank))
    network = shapely.union_all(np.array(lines), grid_size=GRID_SIZE_M)
    faces = shapely.get_parts(shapely.polygonize([network]))
    owner = _owners(faces, seats)
    cells = dissolve(faces, owner, len(seats))
    left, right, border = neighbours(cells)
    return Tiling(seats, cells, left, right, border)


def dissolve(parts: Shapes, owner: Index, count: int) -> Shapes:
    """Return for each owner 0..count-1 the union of its parts, keeping every vertex."""
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(count + 1))
    merged = np.empty(count, dtype=object)
    for one in range(count):
        own = parts[order[starts[one] : starts[one + 1]]]
        if len(own) == 1:
            merged[one] = own[0]
        else:
            joined = shapely.get_parts(shapely.coverage_union_all(own))
            merged[one] = joined[0] if len(joined) == 1 else shapely.multipolygons(joined)
    return merged


def neighbours(cells: Shapes) -> tuple[Index, Index, Points]:
    """Return the pairs of cells that share border segments, and the length shared."""
    coordinates, ring = shapely.get_coordinates(shapely.boundary(cells), return_index=True)
    same = ring[1:] == ring[:-1]
    a, b = coordinates[:-1][same], coordinates[1:][same]
    keys = np.rint(np.concatenate([a, b], axis=1) / GRID_SIZE_M).astype(np.int64)
    turned = (keys[:, 0] > keys[:, 2]) | ((keys[:, 0] == keys[:, 2]) & (keys[:, 1] > keys[:, 3]))
    keys[turned] = keys[turned][:, [2, 3, 0, 1]]
    cell = ring[1:][same]
    order = np.lexsort((cell, *keys.T))
    twin = (keys[order][1:] == keys[order][:-1]).all(axis=1)
    first, second = cell[order][:-1][twin], cell[order][1:][twin]
    length = np.hypot(*(a - b)[order][:-1][twin].T)
    pair, index = np.unique(np.minimum(first, second) * len(cells) + np.maximum(first, second),
                            return_inverse=True)  # fmt: skip
    distinct = pair // len(cells) != pair % len(cells)
    total = np.bincount(index, length, len(pair))
    return (pair // len(cells))[distinct], (pair % len(cells))[distinct], total[distinct]


def _voronoi_edges(seats: Points, land: Land) -> Shapes:
    """Return the single borders between the cells of ``seats``."""
    edges = shapely.voronoi_polygons(
        shapely.multipoints(seats), extend_to=land.outline, only_edges=True
    )
    return np.asarray(shapely.get_parts(edges))


def _broken(edges: Shapes, seats: Points, random: np.random.Generator) -> Shapes:
    """Return ``edges`` with inner points pushed aside, less than a quarter of the way to a seat."""
    ends = shapely.get_coordinates(edges).reshape(-1, 2, 2)
    start, side = ends[:, 0], ends[:, 1] - ends[:, 0]
    length = np.hypot(*side.T)
    normal = np.column_stack([-side[:, 1], side[:, 0]]) / np.maximum(length, 1e-9)[:, None]
    middle = shapely.points(start + side / 2)
    room = STRtree(point_array(seats)).query_nearest(middle, return_distance=True,
                                                       all_matches=False)[1]  # fmt: skip
    swing = np.minimum(0.09 * length, 0.22 * room)
    pieces = np.clip((length / _PIECE_M).astype(np.int64) + 1, 2, 6)
    lines = np.empty(len(edges), dtype=object)
    for count in range(2, 7):
        some = np.flatnonzero(pieces == count)
        t = (np.arange(count + 1) / count)[None, :]
        push = random.normal(0, 0.5, (len(some), count + 1)).clip(-1, 1) * np.sin(np.pi * t)
        path = (
            start[some, None]
            + t[..., None] * side[some, None]
            + (push * swing[some, None])[..., None] * normal[some, None]
        )
        lines[some] = shapely.linestrings(path)
    return lines


def _owners(faces: Shapes, seats: Points) -> Index:
    """Return the seat of each face; a sliver without a seat joins its longest neighbour."""
    face, seat = STRtree(point_array(seats)).query(faces, predicate="contains")
    owner = np.full(len(faces), -1, dtype=np.int64)
    owner[face] = seat
    if len(np.unique(seat)) != len(seats) or len(np.unique(face)) != len(seats):
        message = "two seats share one cell: the borders were broken too wildly"
        raise ValueError(message)
    left, right, border = neighbours(faces)
    while (owner < 0).any():
        best: dict[int, tuple[float, int]] = {}
        for a, b, metres in zip(left, right, border, strict=True):
            for orphan, other in ((a, b), (b, a)):
                if owner[orphan] < 0 <= owner[other]:
                    found = (float(metres), int(owner[other]))
                    best[int(orphan)] = max(best.get(int(orphan), (0.0, 0)), found)
        if not best:
            message = "a piece of the district touches no other"
            raise ValueError(message)
        for orphan, (_, seat_number) in best.items():
            owner[orphan] = seat_number
    return owner
