"""Local metres, against the ellipsoid's own formulas and shapely in a plane."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.metres import metres_per_degree, squared_distance

A, E2 = 6_378_137.0, 0.006_694_379_990_141_317


@given(st.floats(-89.9, 89.9))
def test_a_degree_is_as_long_as_the_ellipsoid_says(lat: float) -> None:
    sine, cosine = math.sin(math.radians(lat)), math.cos(math.radians(lat))
    root = math.sqrt(1 - E2 * sine**2)

    east, north = metres_per_degree(lat)

    assert east == pytest.approx(math.radians(1) * A / root * cosine, rel=1e-9)
    assert north == pytest.approx(math.radians(1) * A * (1 - E2) / root**3, rel=1e-9)


@pytest.mark.parametrize(
    ("lat", "east", "north"), [(0, 111_319.5, 110_574.3), (45, 78_846.8, 111_131.8)]
)
def test_a_degree_has_the_length_of_the_tables(lat: float, east: float, north: float) -> None:
    assert metres_per_degree(lat) == pytest.approx((east, north), abs=0.1)


number = st.integers(-5_000, 5_000).map(lambda n: n / 1_000)


@given(st.tuples(number, number, number, number), number, number)
def test_the_distance_is_that_of_the_plane(
    edge: tuple[float, float, float, float], x: float, y: float
) -> None:
    east_m, north_m = 3.0, 4.0
    line = shapely.LineString(
        [(edge[0] * east_m, edge[1] * north_m), (edge[2] * east_m, edge[3] * north_m)]
    )

    found = squared_distance(edge, x, y, east_m, north_m)

    expected = shapely.distance(line, shapely.Point(x * east_m, y * north_m))
    assert math.sqrt(found) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("length", [0.0, 5e-324, 2.2e-308, 1e-200])
def test_an_edge_of_next_to_no_length_is_as_far_as_its_end(length: float) -> None:
    assert squared_distance((0.0, 0.0, length, 0.0), 3.0, 4.0, 1.0, 1.0) == 25.0
