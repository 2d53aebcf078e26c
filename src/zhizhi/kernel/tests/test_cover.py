from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel.tests.zone_shapes import (
    SHAPES,
    SOUTH,
    WEST,
    Shape,
    along,
    classes,
    inside,
    plain,
    reference,
    square,
)
from zhizhi.kernel.zones import compile_zones, locate_points, screen_points


@pytest.mark.parametrize("name", SHAPES)
def test_location_equals_shapely_everywhere(name: str) -> None:
    shape = SHAPES[name]
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(106.9, 107.9, 150_000), rng.uniform(29.2, 30.0, 150_000)
    near = [along(shape, 30_000, seed, spread) for seed, spread in ((1, 60.0), (2, 0.5), (3, 1e-5))]
    lon = np.concatenate([lon, *(x for x, _ in near)])
    lat = np.concatenate([lat, *(y for _, y in near)])

    found = inside(plain(shape), lon, lat)[:, 0]

    shapely.prepare(shape)
    np.testing.assert_array_equal(found, shapely.contains_xy(shape, lon, lat))


@pytest.mark.parametrize("name", SHAPES)
def test_location_equals_shapely_on_vertices_edges_and_their_levels(name: str) -> None:
    shape = SHAPES[name]
    corner = shapely.get_coordinates(shape)
    middle = (corner[:-1] + corner[1:]) / 2
    points = [corner, middle]
    for step in (0.001, 1e-9, np.spacing(107.0)):
        east = np.array([step, 0])
        points += [corner + east, corner - east, corner + east[::-1], middle + east]
    lon, lat = np.vstack(points).T.copy()

    found = inside(plain(shape), lon, lat)[:, 0]

    np.testing.assert_array_equal(found, shapely.contains_xy(shape, lon, lat))


def test_a_point_on_the_boundary_is_not_inside() -> None:
    zone = shapely.box(107.25, 29.5, 107.5, 29.75)
    lon = np.array([107.25, 107.5, 107.25, 107.3, 107.3, 107.25, 107.3])
    lat = np.array([29.5, 29.75, 29.75, 29.5, 29.75, 29.6, 29.6])

    assert inside(plain(zone), lon, lat)[:, 0].tolist() == [False] * 6 + [True]


def test_many_overlapping_zones_equal_shapely_pair_by_pair() -> None:
    rng = np.random.default_rng(5)
    zones = [
        shapely.Point(x, y).buffer(size, quad_segs=8)
        for x, y, size in zip(
            rng.uniform(107, 107.8, 300), rng.uniform(29.3, 29.9, 300),
            rng.choice([0.001, 0.02, 0.2], 300), strict=True,
        )
    ]  # fmt: skip
    lon, lat = rng.uniform(106.9, 107.9, 20_000), rng.uniform(29.2, 30.0, 20_000)

    found = inside(plain(*zones), lon, lat)

    expected = np.column_stack([shapely.contains_xy(zone, lon, lat) for zone in zones])
    np.testing.assert_array_equal(found, expected)
    assert expected.sum() > 20_000


def test_zones_of_a_point_come_in_the_order_of_their_keys() -> None:
    zones = [shapely.Point(WEST, SOUTH).buffer(0.01 * n) for n in range(1, 40)]

    found = screen_points(compile_zones(reference(*zones)), [WEST] * 3, [SOUTH] * 3, [5, 300, 5])

    assert found.zone.tolist() == list(range(39)) * 3
    assert found.start.tolist() == [0, 39, 78, 117]


def test_nothing_is_found_where_nothing_can_be() -> None:
    zones = compile_zones(reference(square(500)))
    lon = [math.nan, WEST, math.inf, -math.inf, 0.0, 1e300, WEST]
    lat = [SOUTH, math.nan, SOUTH, SOUTH, 0.0, -1e300, 89.0]

    assert classes(zones, lon, lat) == [0] * 7
    assert classes(zones, lon, lat, [500.0] * 7) == [0] * 7
    assert len(locate_points(zones, lon, lat).zone) == 0


def test_no_zones_and_no_points_are_fine() -> None:
    nobody = pa.table({"key": pa.array([], pa.string()), "boundary": pa.array([], pa.binary())})
    empty = compile_zones(nobody)

    assert screen_points(empty, [WEST], [SOUTH], [900]).start.tolist() == [0, 0]
    assert screen_points(plain(square(9)), [], []).start.tolist() == [0]


coordinate = st.one_of(
    st.integers(0, 8).map(float),
    st.floats(-1, 9).filter(lambda degrees: degrees == 0 or abs(degrees) > 1e-100),  # see ``sides``
    st.sampled_from([1e-9, 4.000000000000001, 1 / 3]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12),
    st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=30),
)
def test_any_valid_polygon_contains_what_shapely_says(
    corners: list[tuple[float, float]], points: list[tuple[float, float]]
) -> None:
    shape: Shape = shapely.Polygon(corners)
    if not shape.is_valid or shape.area < 1e-9:
        shape = shape.convex_hull
    if shape.geom_type != "Polygon" or shape.area < 1e-9:
        return
    lon, lat = np.array([*points, *corners]).T.copy()

    found = inside(plain(shape), lon, lat)[:, 0]

    np.testing.assert_array_equal(found, shapely.contains_xy(shape, lon, lat))
