"""Coordinates in every system that may come in, against formulas written down independently."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.crs import (
    InverseNotAllowed,
    UnknownCrs,
    from_wgs84,
    grid_of,
    is_known,
    to_wgs84,
)

A, F = 6_378_137.0, 1 / 298.257222101
E2 = F * (2 - F)
CHINA = {"lon": st.floats(74, 134), "lat": st.floats(4, 53)}


def meridian_arc(lat: float, steps: int = 20_000) -> float:
    """Metres from the equator, by Simpson's rule on the meridian's radius of curvature."""
    phi = np.linspace(0, math.radians(lat), steps + 1)
    radius = A * (1 - E2) / (1 - E2 * np.sin(phi) ** 2) ** 1.5
    weight = np.ones(steps + 1)
    weight[1:-1:2], weight[2:-1:2] = 4, 2
    return float((radius * weight).sum() * phi[-1] / steps / 3)


def by_textbook(lon: float, lat: float, meridian: float) -> tuple[float, float]:
    """The classic series of the transverse Mercator projection (J. P. Snyder, 1987, eq. 8-9)."""
    phi, along = math.radians(lat), math.radians(lon - meridian)
    second = E2 / (1 - E2)
    n = A / math.sqrt(1 - E2 * math.sin(phi) ** 2)
    t, c, a = math.tan(phi) ** 2, second * math.cos(phi) ** 2, along * math.cos(phi)
    east = n * (
        a + (1 - t + c) * a**3 / 6 + (5 - 18 * t + t * t + 72 * c - 58 * second) * a**5 / 120
    )
    north = meridian_arc(lat, 2_000) + n * math.tan(phi) * (
        a * a / 2
        + (5 - t + 9 * c + 4 * c * c) * a**4 / 24
        + (61 - 58 * t + t * t + 600 * c - 330 * second) * a**6 / 720
    )
    return 500_000 + east, north


@pytest.mark.parametrize(
    "name",
    ["WGS84", "wgs 84", "CGCS2000", "EPSG:4326", "EPSG:4490", "urn:ogc:def:crs:EPSG::4490",
     "urn:ogc:def:crs:OGC:1.3:CRS84"],
)  # fmt: skip
def test_geographic_systems_keep_their_numbers(name: str) -> None:
    lon, lat = to_wgs84([107.4], [29.7], name)

    assert (lon[0], lat[0]) == (107.4, 29.7)
    assert is_known(name)


def test_what_comes_in_is_never_written_to() -> None:
    lon, lat = np.array([107.4]), np.array([29.7])

    moved, _ = to_wgs84(lon, lat, "WGS84")
    moved[0] = 0

    assert lon[0] == 107.4


@pytest.mark.parametrize(
    ("crs", "lon", "lat"),
    [
        ("GCJ-02", 116.41024449916938, 39.91640428150164),
        ("gcj02", 116.41024449916938, 39.91640428150164),
    ],
)  # the values that the public converters give for Tiananmen's 116.404, 39.915
def test_the_gcj02_offset_is_the_published_one(crs: str, lon: float, lat: float) -> None:
    x, y = from_wgs84([116.404], [39.915], crs)

    assert (x[0], y[0]) == (pytest.approx(lon, abs=1e-9), pytest.approx(lat, abs=1e-9))


def test_the_bd09_offset_comes_on_top_of_the_gcj02_offset() -> None:
    x, y = from_wgs84([116.404 - 0.00624449916938], [39.915 - 0.00140428150164], "BD-09")

    assert x[0] == pytest.approx(116.41036949371029, abs=2e-5)
    assert y[0] == pytest.approx(39.92133699351022, abs=2e-5)


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
@given(**CHINA)
def test_an_offset_is_undone_to_a_millimetre(crs: str, lon: float, lat: float) -> None:
    moved = from_wgs84([lon], [lat], crs)

    back = to_wgs84(*moved, crs, allow_inverse=True)

    assert abs(moved[0][0] - lon) + abs(moved[1][0] - lat) > 1e-4
    assert (back[0][0], back[1][0]) == (pytest.approx(lon, abs=1e-8), pytest.approx(lat, abs=1e-8))


@pytest.mark.parametrize(("lon", "lat"), [(71.9, 40.0), (137.9, 40.0), (100.0, 0.8), (100.0, 55.9)])
def test_outside_of_the_mainland_there_is_no_offset(lon: float, lat: float) -> None:
    x, y = from_wgs84([lon], [lat], "GCJ-02")

    assert (x[0], y[0]) == (lon, lat)


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_an_offset_is_undone_only_where_the_deployer_permits_it(crs: str) -> None:
    with pytest.raises(InverseNotAllowed, match=f"{crs}.*permit it for this import"):
        to_wgs84([107.4], [29.7], crs)


@pytest.mark.parametrize("lat", [0.0, 29.7, 53.5])
def test_on_the_central_meridian_north_is_the_length_of_the_meridian(lat: float) -> None:
    east, north = from_wgs84([105.0], [lat], "EPSG:4544")

    assert east[0] == pytest.approx(500_000, abs=1e-6)
    assert north[0] == pytest.approx(meridian_arc(lat), abs=1e-5)


@pytest.mark.parametrize("lat", [5.0, 29.7, 50.0])
@pytest.mark.parametrize("off", [-1.5, -0.4, 0.9, 1.5])
def test_a_three_degree_grid_equals_the_textbook_to_a_millimetre(lat: float, off: float) -> None:
    east, north = from_wgs84([108.0 + off], [lat], "EPSG:4545")

    assert (east[0], north[0]) == pytest.approx(by_textbook(108.0 + off, lat, 108.0), abs=1e-3)


@pytest.mark.parametrize("crs", ["EPSG:4491", "EPSG:4506", "EPSG:4523", "EPSG:4545", "4545"])
@given(off=st.floats(-3.5, 3.5), lat=st.floats(0, 60))
def test_a_grid_comes_back_to_the_same_degrees(crs: str, off: float, lat: float) -> None:
    grid = grid_of(crs)
    assert grid is not None
    lon = grid.meridian + off

    x, y = to_wgs84(*from_wgs84([lon], [lat], crs), crs)

    assert (x[0], y[0]) == (pytest.approx(lon, abs=1e-10), pytest.approx(lat, abs=1e-10))


@pytest.mark.parametrize(
    ("code", "meridian", "false_east"),
    [
        (4491, 75, 13_500_000), (4501, 135, 23_500_000),  # 6 degrees, number before the easting
        (4502, 75, 500_000), (4512, 135, 500_000),
        (4513, 75, 25_500_000), (4533, 135, 45_500_000),  # 3 degrees
        (4534, 75, 500_000), (4554, 135, 500_000),
    ],
)  # fmt: skip
def test_the_ends_of_each_family_of_grids(code: int, meridian: int, false_east: int) -> None:
    grid = grid_of(f"EPSG:{code}")

    assert grid is not None
    assert (grid.meridian, grid.false_east_m) == (meridian, false_east)


@pytest.mark.parametrize("name", ["EPSG:4490x", "EPSG:4555", "EPSG:3857", "Beijing 1954", ""])
def test_an_unknown_system_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownCrs, match=r"Known: WGS84 .*EPSG:4491 to EPSG:4554"):
        to_wgs84([1], [2], name)
    with pytest.raises(UnknownCrs):
        from_wgs84([1], [2], name)
    assert not is_known(name)


@pytest.mark.parametrize(("metres", "is_far"), [(1_999_999, False), (2_000_001, True)])
def test_a_point_nowhere_near_its_grid_is_no_number(metres: float, is_far: bool) -> None:
    lon, _ = to_wgs84([500_000 + metres], [3_000_000], "EPSG:4545")

    assert bool(np.isnan(lon[0])) is is_far


def test_the_grid_number_before_the_easting_is_part_of_the_coordinate() -> None:
    lon, lat = to_wgs84([36_500_000.0], [3_286_000.0], "EPSG:4524")
    plain, same = to_wgs84([500_000.0], [3_286_000.0], "EPSG:4545")

    assert (lon[0], lat[0]) == (pytest.approx(plain[0]), pytest.approx(same[0]))
