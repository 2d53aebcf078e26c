"""The cover: a grid over all zones that answers most points by one look into a cell.

A coarse cell is empty, lies deep inside one zone, or is divided into 8 x 8 fine cells. A fine cell
lists, for each zone that reaches it, whether the cell lies inside, outside but near, or on the
boundary, how near the boundary may be, and which edges can matter there. So the exact test looks
at the few edges of one cell: the status of the cell's centre is known, and the path from the point
to the centre changes sides as often as it crosses an edge.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.metres import Segment, metres_per_degree, squared_distance
from zhizhi.kernel.native import lean, woven
from zhizhi.kernel.sides import ERROR, is_on_edge, nudged_side, side

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Point = tuple[float, float]

FINE = 8  # fine cells along one side of a coarse cell
FINE_SHIFT = 3
BLOCK = FINE * FINE
BLOCK_SHIFT = 2 * FINE_SHIFT
PLACES = BLOCK // 4  # words of a block that hold a byte for each of its cells

# Columns of ``Cells.records``: one zone in one fine cell, in one cache line. Distances to the
# boundary are in millimetres. From EDGE on, in columns of ``Cells.numbers``, stands the first edge
# that enters the cell; the runs CROSSING to NEAR hold the others, NEAR to END those near by.
# DEEP of a cell's first record is where ``Cells.deep`` lists more zones that it lies deep inside.
ZONE, KIND, NEAREST, FARTHEST, CROSSING, NEAR, END, DEEP = range(8)
SLOT = DEEP  # while the cover is built
EDGE = 4
WIDTH = 16
# Kinds; LAST is added to the last record of a cell.
WITHIN, OUTSIDE, EDGE_IN, EDGE_OUT = range(4)
LAST = 4
MILLIMETRE = 0.001
FAR_MM = 2_000_000_000  # stands for "farther than anybody asks"


class Outline(NamedTuple):
    """The edges of all zones; zone ``z`` owns ``first[z]:first[z + 1]``."""

    edges: Floats  # (m, 4): x1, y1, x2, y2
    first: Longs
    reach: Floats  # metres around each zone's boundary that the cover answers for


class Raster(NamedTuple):
    """Where the cells lie; a coarse cell is FINE times as wide and high as a fine one."""

    west: float
    south: float
    width: float  # of a fine cell, degrees
    height: float
    per_degree_east: float  # fine cells
    per_degree_north: float
    columns: int  # of coarse cells
    rows: int


class Cells(NamedTuple):
    """What is known about each zone in each fine cell; see the columns above."""

    records: Ints  # (k, WIDTH)
    numbers: Floats  # the same memory, (k, WIDTH / 2)
    runs: Ints  # (r, 2): first edge and number of consecutive edges
    edges: Floats
    deep: Ints  # lists of zones in ascending order, each ended by -1


class Grid(NamedTuple):
    """The finished cover.

    A code is 0 (no zone), > 0 (deep inside zone ``code - 1``) or < 0: with ``v = -code - 1`` it
    points to word ``v >> 1`` of ``blocks`` when ``v`` is odd, else to record ``v >> 1``.

    At that word begins what is known of the BLOCK fine cells of a coarse cell: one byte for each,
    in PLACES words, and behind them a list of codes. A byte is 0 (no zone) or counts in that list.
    """

    raster: Raster
    coarse: Ints
    blocks: Ints
    cells: Cells


@lean
def segment(edges: Floats, k: int) -> Segment:
    """Return edge ``k`` as plain numbers; a view of its row would cost more than its use."""
    return edges[k, 0], edges[k, 1], edges[k, 2], edges[k, 3]


@woven
def crossings(edge: Segment, x: float, y: float, cx: float, cy: float) -> int:
    """Follow the path from (x, y) along its row to ``cx`` and then to the centre (cx, cy).

    Return 1 when it crosses the edge once, 0 when twice or never, but 2 when (x, y) lies on it.
    Everything is computed without branches, which random points would take by surprise; the rare
    edge that passes too close for rounded numbers is looked at again without rounding.
    """
    x1, y1, x2, y2 = edge
    here_1, here_2 = (x1 - x) * (y2 - y), (y1 - y) * (x2 - x)
    turn_1, turn_2 = (x1 - cx) * (y2 - y), (y1 - y) * (x2 - cx)
    end_1, end_2 = (x1 - cx) * (y2 - cy), (y1 - cy) * (x2 - cx)
    here, turn, end = here_1 - here_2, turn_1 - turn_2, end_1 - end_2
    doubt = abs(here) <= ERROR * (abs(here_1) + abs(here_2))
    doubt |= abs(turn) <= ERROR * (abs(turn_1) + abs(turn_2))
    doubt |= abs(end) <= ERROR * (abs(end_1) + abs(end_2))
    if doubt:
        return _exact_crossings(edge, x, y, cx, cy)
    along, up = (y1 > y) != (y2 > y), (x1 > cx) != (x2 > cx)
    is_left = turn > 0.0
    return int((along & (is_left != (here > 0.0))) ^ (up & (is_left != (end > 0.0))))


@lean
def _exact_crossings(edge: Segment, x: float, y: float, cx: float, cy: float) -> int:
    x1, y1, x2, y2 = edge
    if is_on_edge(x1, y1, x2, y2, x, y):
        return 2
    odd = 0
    is_left = nudged_side(x1, y1, x2, y2, cx, y) > 0.0
    if (y1 > y) != (y2 > y):
        odd += is_left != (side(x1, y1, x2, y2, x, y) > 0.0)
    if (x1 > cx) != (x2 > cx):
        odd += is_left != (nudged_side(x1, y1, x2, y2, cx, cy) > 0.0)
    return odd & 1


@woven
def is_within(cells: Cells, record: int, x: float, y: float, centre: Point) -> bool:
    """Tell whether the point is inside the record's zone; a point on the boundary is not.

    ``centre`` is that of the record's cell.
    """
    records, numbers, runs, edges, _ = cells
    kind = records[record, KIND] & (LAST - 1)
    if kind <= OUTSIDE:
        return bool(kind == WITHIN)
    first = (
        numbers[record, EDGE],
        numbers[record, EDGE + 1],
        numbers[record, EDGE + 2],
        numbers[record, EDGE + 3],
    )
    odd = crossings(first, x, y, centre[0], centre[1])
    if odd == 2:
        return False
    for r in range(records[record, CROSSING], records[record, NEAR]):
        for k in range(runs[r, 0], runs[r, 0] + runs[r, 1]):
            found = crossings(segment(edges, k), x, y, centre[0], centre[1])
            if found == 2:
                return False
            odd ^= found
    return bool((odd == 1) != (kind == EDGE_IN))


@lean
def is_closer(cells: Cells, record: int, x: float, y: float, limit_m: float) -> bool:
    """Tell whether the boundary of the record's zone is closer to its point than ``limit_m``."""
    records, _, runs, edges, _ = cells
    if records[record, NEAREST] * MILLIMETRE >= limit_m:
        return False
    if records[record, FARTHEST] * MILLIMETRE < limit_m:
        return True
    east_m, north_m = metres_per_degree(y)
    nearest = np.inf
    for r in range(records[record, NEAR], records[record, END]):
        for k in range(runs[r, 0], runs[r, 0] + runs[r, 1]):
            nearest = min(nearest, squared_distance(segment(edges, k), x, y, east_m, north_m))
    return nearest < limit_m * limit_m


@lean
def cell_of(raster: Raster, x: float, y: float) -> np.uint32:
    """Return the number of the fine cell of (x, y): its coarse cell times BLOCK, and its place.

    The outermost coarse cells are empty: they stand for all that is outside, and for NaN. So no
    branch is needed that half of the points would take by surprise.
    """
    fx = (x - raster.west) * raster.per_degree_east
    fy = (y - raster.south) * raster.per_degree_north
    fx = min(max(0.0, fx), raster.columns * FINE - 1.0)
    fy = min(max(0.0, fy), raster.rows * FINE - 1.0)
    column, row = np.int32(fx), np.int32(fy)
    coarse = (row >> FINE_SHIFT) * np.int32(raster.columns) + (column >> FINE_SHIFT)
    place = ((row & (FINE - 1)) << FINE_SHIFT) | (column & (FINE - 1))
    return np.uint32((coarse << BLOCK_SHIFT) | place)


@lean
def centre_around(raster: Raster, x: float, y: float) -> Point:
    """Return the centre of the fine cell of (x, y), a point within the raster."""
    column = int((x - raster.west) * raster.per_degree_east)
    row = int((y - raster.south) * raster.per_degree_north)
    return raster.west + (column + 0.5) * raster.width, raster.south + (row + 0.5) * raster.height


@lean
def code_at(grid: Grid, cell: int) -> int:
    """Return the code of a fine cell of the grid."""
    return refined(grid, grid.coarse[cell >> BLOCK_SHIFT], cell)


@lean
def refined(grid: Grid, code: int, cell: int) -> int:
    """Return the code of a fine cell, given that of its coarse cell; divided or not, no branch."""
    is_divided = (code >> 31) & ~code & 1
    word, place = ((-code - 1) >> 1) & -is_divided, np.int64(cell) & (BLOCK - 1)
    place = (grid.blocks[word + (place >> 2)] >> ((place & 3) << 3)) & 255
    is_told = (place + 255) >> 8
    inner = grid.blocks[word + PLACES + place - 1] & -is_told
    return (code & (is_divided - 1)) | (inner & -is_divided)
