import math

import numpy as np
import pytest
import shapely

from zhizhi.kernel.measuring import area_m2, border_m, corner_count
from zhizhi.kernel.metres import metres_per_degree

CELL = shapely.box(107.0, 29.0, 107.1, 29.1)
HOLE = shapely.box(107.02, 29.02, 107.04, 29.04)


def strips(west: float, south: float, east: float, north: float) -> float:
    """The area between meridians and parallels, added up from narrow strips."""
    edges = np.linspace(south, north, 20_001)
    middles = (edges[1:] + edges[:-1]) / 2
    lengths = np.array([metres_per_degree(lat) for lat in middles[::100]])
    per_square = np.interp(middles, middles[::100], lengths[:, 0] * lengths[:, 1])
    return float(per_square.sum() * (east - west) * (north - south) / len(middles))


def test_an_area_is_that_of_the_ellipsoid() -> None:
    assert area_m2(CELL) == pytest.approx(strips(107.0, 29.0, 107.1, 29.1), rel=1e-7)


def test_a_hole_is_taken_off_and_parts_are_added() -> None:
    holed = shapely.difference(CELL, HOLE)
    far = shapely.box(108.0, 29.0, 108.1, 29.1)

    assert area_m2(holed) == pytest.approx(area_m2(CELL) - area_m2(HOLE), rel=1e-12)
    assert area_m2(shapely.union(CELL, far)) == pytest.approx(2 * area_m2(CELL), rel=1e-9)


def test_nothing_has_no_area_no_border_and_no_corner() -> None:
    nothing = shapely.Polygon()

    assert (area_m2(nothing), border_m(nothing), corner_count(nothing)) == (0.0, 0.0, 0)


def test_a_border_is_as_long_as_its_edges_and_counts_those_of_holes() -> None:
    south, middle, north = (metres_per_degree(lat) for lat in (29.0, 29.05, 29.1))
    edges = 0.1 * (south[0] + north[0] + 2 * middle[1])

    assert border_m(CELL) == pytest.approx(edges, rel=1e-9)
    assert border_m(shapely.difference(CELL, HOLE)) > edges
    assert corner_count(shapely.difference(CELL, HOLE)) == 8


def test_a_degree_of_the_equator_is_as_long_as_it_is() -> None:
    sliver = shapely.Polygon([(0, 0), (1, 0), (0.5, 1e-9)])

    assert border_m(sliver) == pytest.approx(2 * 6_378_137 * math.pi / 180, rel=1e-6)
