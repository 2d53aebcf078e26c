"""The fine cells: each says which edges matter in it, and leaves out no edge that does."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from zhizhi.kernel.cover import (
    BLOCK,
    CROSSING,
    EDGE,
    EDGE_IN,
    EDGE_OUT,
    END,
    FINE,
    KIND,
    NEAR,
    OUTSIDE,
    SLOT,
    WITHIN,
)
from zhizhi.kernel.covering import cell_at, raster_around, touched_cells
from zhizhi.kernel.refining import fine_records
from zhizhi.kernel.tests.test_covering import outline
from zhizhi.kernel.tests.zone_shapes import SHAPES


@pytest.mark.parametrize("reach", [0.0, 60.0])
@pytest.mark.parametrize("name", ["holed", "stairs", "sliver"])
def test_a_record_names_every_edge_that_enters_its_cell(name: str, reach: float) -> None:
    lines = outline(SHAPES[name], reach)
    raster = raster_around(lines)
    touched = touched_cells(lines, raster)

    records, runs = fine_records(lines, raster, touched)

    segments = shapely.linestrings(lines.edges.reshape(-1, 2, 2))
    tree, shape = shapely.STRtree(np.array(segments)), SHAPES[name]
    for record in records[:: max(1, len(records) // 300)]:
        box, centre = fine_box(raster, int(touched.cell[record[SLOT] // BLOCK]), record[SLOT])
        entering = set(tree.query(box, predicate="intersects").tolist())
        assert entering <= crossing(record, runs, lines.edges)
        inside = shape.contains(centre)
        expected = {True: (EDGE_IN, WITHIN), False: (EDGE_OUT, OUTSIDE)}[inside]
        assert record[KIND] in expected
        assert (record[KIND] in (EDGE_IN, EDGE_OUT)) or not entering
    if reach == 0.0:
        assert not (records[:, KIND] == OUTSIDE).any()  # nobody asks how near


def crossing(record: np.ndarray, runs: np.ndarray, edges: np.ndarray) -> set[int]:
    """The numbers of the edges that a record says enter its cell."""
    if record[KIND] not in (EDGE_IN, EDGE_OUT):
        return set()
    numbers = record.view(np.float64)[EDGE : EDGE + 4]
    found = set(np.flatnonzero((edges == numbers).all(axis=1)).tolist())
    for first, count in runs[record[CROSSING] : record[NEAR]]:
        found |= set(range(first, first + count))
    assert record[CROSSING] <= record[NEAR] <= record[END]
    return found


def fine_box(raster: object, coarse: int, slot: int) -> tuple[shapely.Polygon, shapely.Point]:
    row, column = divmod(coarse, raster.columns)  # type: ignore[attr-defined]
    place = int(slot) % BLOCK
    cell = cell_at(raster, column * FINE + place % FINE, row * FINE + place // FINE, 1)  # type: ignore[arg-type]
    west, south = cell.x - cell.half_width, cell.y - cell.half_height
    box = shapely.box(west, south, cell.x + cell.half_width, cell.y + cell.half_height)
    return box, shapely.Point(cell.x, cell.y)
