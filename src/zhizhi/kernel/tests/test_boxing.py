"""Boxes hold everything that they stand for, so what they rule out is far away."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from zhizhi.kernel.boxing import build_boxes
from zhizhi.kernel.cover import Outline
from zhizhi.kernel.screening import CHUNK, CROWD
from zhizhi.kernel.tests.zone_shapes import SHAPES, plain, reference, river, square
from zhizhi.kernel.zones import compile_zones


@pytest.mark.parametrize("count", [1, CROWD - 1, CROWD, CROWD + 1, 3 * CROWD + 5])
def test_every_zone_stands_in_one_crowd_whose_box_holds_it(count: int) -> None:
    rng = np.random.default_rng(count)
    shapes = [square(200, east=x, north=y) for x, y in rng.uniform(0, 40_000, (count, 2))]

    boxes = plain(*shapes).index.boxes

    assert sorted(boxes.order.tolist()) == list(range(count))
    assert len(boxes.crowd) == -(-count // CROWD)
    np.testing.assert_allclose(boxes.zone, shapely.bounds(shapes))
    crowd = boxes.crowd[np.arange(count) // CROWD]
    members = boxes.zone[boxes.order]
    assert (crowd[:, :2] <= members[:, :2]).all()
    assert (crowd[:, 2:] >= members[:, 2:]).all()


@pytest.mark.parametrize("name", SHAPES)
def test_every_edge_stands_in_one_chunk_of_its_zone_whose_box_holds_it(name: str) -> None:
    zones = plain(river(60), SHAPES[name])
    boxes, edges = zones.index.boxes, zones.index.grid.cells.edges

    sizes = np.diff(boxes.first_edge)
    chunk = np.repeat(np.arange(len(sizes)), sizes)

    assert (sizes > 0).all()
    assert (sizes <= CHUNK).all()
    assert len(chunk) == len(edges)
    assert boxes.first_edge[boxes.first_chunk[1]] == 60  # no chunk reaches into the next zone
    assert (boxes.chunk[chunk, :2] <= np.minimum(edges[:, :2], edges[:, 2:])).all()
    assert (boxes.chunk[chunk, 2:] >= np.maximum(edges[:, :2], edges[:, 2:])).all()


def test_neighbours_share_a_crowd() -> None:
    shapes = [square(100, east=500 * (n % 40), north=500 * (n // 40)) for n in range(1_600)]

    boxes = plain(*shapes).index.boxes

    crowd = (boxes.crowd[:, 2:] - boxes.crowd[:, :2]).prod(axis=1).sum()
    whole = np.ptp(boxes.zone[:, ::2]) * np.ptp(boxes.zone[:, 1::2])
    assert crowd < 3 * whole


def test_without_zones_there_are_no_boxes() -> None:
    nothing = Outline(np.empty((0, 4)), np.zeros(1, np.int64), np.zeros(0))

    from_nothing = build_boxes(nothing, 50.0)

    assert (len(from_nothing.zone), len(from_nothing.crowd), len(from_nothing.chunk)) == (0, 0, 0)


def test_the_widest_margin_of_all_zones_is_known() -> None:
    table = reference(square(9), square(9), parameters=['{"exit_margin_m": 700}', "{}"])

    assert compile_zones(table).index.boxes.widest_exit_m == 700.0
