"""The finished cover: what a code says about a cell is true of every point of the cell."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.assembling import CACHE_LINE, _packed
from zhizhi.kernel.cover import (
    BLOCK,
    FARTHEST,
    FINE,
    KIND,
    LAST,
    NEAREST,
    PLACES,
    ZONE,
    Grid,
    Raster,
    cell_of,
    centre_around,
    code_at,
    refined,
)
from zhizhi.kernel.tests.zone_shapes import EAST_M, HOLED, NORTH_M, PARTS, plain, reference, square
from zhizhi.kernel.zones import CompiledZones, compile_zones

SMALL = shapely.Point(107.4, 29.7).buffer(0.004, quad_segs=4)
ZONES = (HOLED, SMALL, SMALL.buffer(0.001), PARTS)


@pytest.fixture(scope="module", params=["plain", "with margins"])
def zones(request: pytest.FixtureRequest) -> CompiledZones:
    return plain(*ZONES) if request.param == "plain" else compile_zones(reference(*ZONES))


def cell_box(raster: Raster, x: float, y: float) -> shapely.Polygon:
    cx, cy = centre_around(raster, x, y)
    half = raster.width / 2, raster.height / 2
    return shapely.box(cx - half[0], cy - half[1], cx + half[0], cy + half[1])


def places(zones: CompiledZones, count: int = 400) -> list[tuple[float, float]]:
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(107.06, 107.59, count), rng.uniform(29.41, 29.89, count)
    near = rng.uniform([107.39, 29.69], [107.41, 29.71], (count, 2))
    return [*zip(lon, lat, strict=True), *map(tuple, near)]


def test_what_a_code_says_is_true_of_the_whole_cell(zones: CompiledZones) -> None:
    grid, seen = zones.index.grid, set()
    for x, y in places(zones):
        code, box = int(code_at(grid, int(cell_of(grid.raster, x, y)))), cell_box(grid.raster, x, y)
        touched = {n for n, zone in enumerate(ZONES) if zone.intersects(box)}
        if code == 0:
            assert not touched
        elif code > 0:
            assert touched == {code - 1}
            assert ZONES[code - 1].contains(box)
        else:
            assert touched <= named(grid, (-code - 1) >> 1)
        seen.add(np.sign(code))
    assert seen == {-1, 0, 1}


def named(grid: Grid, record: int) -> set[int]:
    """The zones of the records from this one to the last of its cell, and of its list."""
    cells, found = grid.cells, set()
    deep = int(cells.records[record, 7])
    while deep >= 0 and cells.deep[deep] >= 0:
        found.add(int(cells.deep[deep]))
        deep += 1
    while True:
        found.add(int(cells.records[record, ZONE]))
        if cells.records[record, KIND] >= LAST:
            return found
        record += 1


def test_the_distances_of_a_record_hold_for_every_point_of_its_cell() -> None:
    zones = compile_zones(reference(SMALL))
    grid, rng = zones.index.grid, np.random.default_rng(4)
    boundary = shapely.transform(SMALL.boundary, lambda points: points * [EAST_M, NORTH_M])
    checked = 0
    for x, y in places(zones):
        code = int(code_at(grid, int(cell_of(grid.raster, x, y))))
        if code >= 0:
            continue
        record = grid.cells.records[(-code - 1) >> 1]
        west, south, east, north = cell_box(grid.raster, x, y).bounds
        points = rng.uniform([west, south], [east, north], (20, 2)) * [EAST_M, NORTH_M]
        metres = shapely.distance(boundary, shapely.points(points))
        assert (metres * 1_000 >= record[NEAREST] * 0.999 - 20).all()
        assert (metres * 1_000 <= record[FARTHEST] * 1.001 + 20).all()
        checked += 1
    assert checked > 20


codes = st.lists(
    st.one_of(st.just(0), st.just(0), st.integers(-(2**31) + 1, 2**31 - 1)), max_size=BLOCK
)


@given(st.lists(codes, min_size=1, max_size=5))
def test_a_packed_block_tells_the_code_of_each_of_its_cells(blocks: list[list[int]]) -> None:
    fine = np.array([(block + [0] * BLOCK)[:BLOCK] for block in blocks], np.int64)

    words, first = _packed(fine.ravel())

    grid = plain(square(9)).index.grid._replace(blocks=words)
    for number, block in enumerate(fine):
        coarse = int(-2 * first[number] - 2)
        assert [int(refined(grid, coarse, cell)) for cell in range(BLOCK)] == block.tolist()
    assert len(words) == len(blocks) * PLACES + sum(len(set(block[block != 0])) for block in fine)


def test_a_cell_that_is_not_divided_keeps_its_code() -> None:
    grid = plain(square(9)).index.grid

    assert [int(refined(grid, code, 5)) for code in (0, 7, -1, -9)] == [0, 7, -1, -9]


def test_no_record_lies_across_two_cache_lines() -> None:
    records = plain(*ZONES).index.grid.cells.records

    assert records.ctypes.data % CACHE_LINE == 0
    assert records[0].nbytes == CACHE_LINE


@pytest.mark.parametrize("at", [(106.0, 29.0), (108.0, 31.0), (107.0, 1e9), (np.nan, 29.5)])
def test_whatever_lies_outside_falls_into_the_empty_rim(at: tuple[float, float]) -> None:
    grid = plain(*ZONES).index.grid

    cell = int(cell_of(grid.raster, *at))

    assert 0 <= cell < len(grid.coarse) * FINE * FINE
    assert code_at(grid, cell) == 0
