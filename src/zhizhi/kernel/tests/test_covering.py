"""Building the cover: no cell that a boundary comes near is forgotten."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.cover import FINE, Outline
from zhizhi.kernel.covering import (
    FEWEST_CELLS,
    MOST_CELLS,
    cell_at,
    filled_cells,
    is_within,
    raster_around,
    touched_cells,
    touches,
)
from zhizhi.kernel.tests.zone_shapes import EAST_M, NORTH_M, SHAPES, Shape, river


def outline(shape: Shape, reach: float = 0.0) -> Outline:
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]
    edges = np.vstack([np.hstack([ring[:-1], ring[1:]]) for ring in rings])
    return Outline(np.ascontiguousarray(edges), np.array([0, len(edges)]), np.array([reach]))


@pytest.mark.parametrize("reach", [0.0, 60.0, 3_000.0])
@pytest.mark.parametrize("name", SHAPES)
def test_every_coarse_cell_near_the_boundary_is_touched(name: str, reach: float) -> None:
    shape, lines = SHAPES[name], outline(SHAPES[name], reach)
    raster = raster_around(lines)

    touched = touched_cells(lines, raster)

    boxes = [box_of(raster, cell) for cell in range(raster.columns * raster.rows)]
    flat = shapely.transform(np.array([shape.boundary, *boxes]), lambda p: p * [EAST_M, NORTH_M])
    near = np.flatnonzero(shapely.dwithin(flat[1:], flat[0], 0.99 * reach + 1e-6))
    assert set(near.tolist()) <= set(touched.cell.tolist())
    assert len(touched.cell) < 3 * len(near) + 40  # and not many more


def box_of(raster: object, number: int) -> shapely.Polygon:
    row, column = divmod(number, raster.columns)  # type: ignore[attr-defined]
    cell = cell_at(raster, column, row, FINE)  # type: ignore[arg-type]
    return shapely.box(
        cell.x - cell.half_width, cell.y - cell.half_height,
        cell.x + cell.half_width, cell.y + cell.half_height,
    )  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_filled_cell_lies_inside_and_no_other_does_but_touched_ones(name: str) -> None:
    shape, lines = SHAPES[name], outline(SHAPES[name])
    raster = raster_around(lines)
    touched = touched_cells(lines, raster)

    _, filled = filled_cells(lines, raster, touched)

    inside = {
        number
        for number in range(raster.columns * raster.rows)
        if shape.contains(box_of(raster, number))
    }
    assert set(filled.tolist()) == inside - set(touched.cell.tolist())


@pytest.mark.parametrize(
    ("vertices", "most"), [(4, FEWEST_CELLS + 2), (2_000, 200), (400_000, MOST_CELLS + 2)]
)
def test_more_edges_get_finer_cells_up_to_a_limit(vertices: int, most: int) -> None:
    raster = raster_around(outline(river(vertices)))

    assert max(raster.columns, raster.rows) <= most


def test_a_coarse_cell_is_never_smaller_than_twice_the_reach() -> None:
    raster = raster_around(outline(SHAPES["stairs"], 5_000.0))

    assert raster.width * FINE * EAST_M > 9_900
    assert raster.height * FINE * NORTH_M > 9_900


number = st.integers(-40, 40).map(lambda n: n / 4)


@given(st.tuples(number, number, number, number), st.integers(0, 5), st.integers(0, 5))
def test_an_edge_that_enters_a_cell_touches_it(
    edge: tuple[float, float, float, float], column: int, row: int
) -> None:
    raster = raster_around(outline(shapely.box(0, 0, 8, 8)))._replace(
        west=0.0, south=0.0, width=1.0, height=1.0
    )
    cell = cell_at(raster, column, row, 1)
    enters = shapely.LineString([edge[:2], edge[2:]]).intersects(
        shapely.box(column, row, column + 1, row + 1)
    )

    assert touches(edge, cell) == enters


@pytest.mark.parametrize("name", SHAPES)
def test_a_point_is_within_as_shapely_says(name: str) -> None:
    lines, rng = outline(SHAPES[name]), np.random.default_rng(2)
    points = rng.uniform([106.9, 29.2], [107.9, 30.0], (500, 2))

    found = [is_within(lines, 0, x, y) for x, y in points]

    assert found == shapely.contains_xy(SHAPES[name], points[:, 0], points[:, 1]).tolist()
