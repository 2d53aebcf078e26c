from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from tests.districts import district_of

from zhizhi.kernel.district import District
from zhizhi.kernel.observations import read_table
from zhizhi.sources.ais import marinecadastre
from zhizhi.sources.ais.carrying import (
    EARTH_RADIUS_M,
    MISSISSIPPI_TO_DEMO,
    Motion,
    carry,
    chained,
    shift_time,
)


@pytest.fixture(scope="module")
def district() -> District:
    return district_of(7)


def great_circle_m(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Distances from the first place to all others."""
    a, b = np.radians(lon), np.radians(lat)
    half = np.sin((b - b[0]) / 2) ** 2 + np.cos(b[0]) * np.cos(b) * np.sin((a - a[0]) / 2) ** 2
    distance: np.ndarray = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(half))
    return distance


def test_the_motion_keeps_every_distance() -> None:
    random = np.random.default_rng(5)
    lon, lat = random.uniform(-180, 180, 500), random.uniform(-89, 89, 500)

    moved = MISSISSIPPI_TO_DEMO.carry(lon, lat)

    assert np.abs(great_circle_m(*moved) - great_circle_m(lon, lat)).max() < 0.01


def test_the_anchor_comes_to_the_origin_of_the_district() -> None:
    lon, lat = MISSISSIPPI_TO_DEMO.carry(np.array([-90.35]), np.array([29.99]))
    assert (lon[0], lat[0]) == pytest.approx((107.0, 29.7), abs=1e-9)


def test_what_lay_to_the_east_lies_turned_counter_clockwise() -> None:
    quarter = Motion(0.0, 0.0, 0.0, 0.0, 90.0)
    lon, lat = quarter.carry(np.array([1.0]), np.array([0.0]))
    assert (lon[0], lat[0]) == pytest.approx((0.0, 1.0), abs=1e-9)


def test_a_course_turns_with_the_vessel_and_an_unknown_one_stays_unknown() -> None:
    table = pa.table({"lon": [-90.35, -90.35], "lat": [29.99, 29.99], "course_deg": [10.0, None]})
    assert carry(table)["course_deg"].to_pylist() == [342.0, None]


def test_a_place_that_is_not_known_stays_not_known() -> None:
    table = pa.table({"lon": [float("nan")], "lat": [29.99]})
    assert carry(table)["lon"].to_pylist() == [None]


def test_the_sample_sails_on_the_demo_river(district: District) -> None:
    table = carry(marinecadastre.sample())
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()

    near = shapely.dwithin(shapely.points(lon, lat), district.river, 0.02)
    wet = shapely.contains_xy(district.water, lon[near], lat[near])

    assert near.sum() > 4_500
    assert wet.mean() > 0.84  # the others lie at quays, or on the river beyond the district


def test_moored_and_moving_vessels_lie_in_the_no_fishing_reaches(district: District) -> None:
    table = carry(marinecadastre.sample())
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    speed = np.nan_to_num(np.asarray(table["speed_kn"].to_numpy()))
    for reach in district.reaches[:3]:
        inside = shapely.contains_xy(reach.geometry, lon, lat)
        assert (inside & (speed < 0.5)).sum() > 30
        assert (inside & (speed > 2)).sum() > 10


def positions(times: list[int]) -> pa.Table:
    lon = [107.0 + t / 1e6 for t in times]
    return pa.table({"entity": [1] * len(times), "time_us": times, "lon": lon})


def test_a_record_can_be_set_to_another_day() -> None:
    assert shift_time(positions([5, 9]), 100)["time_us"].to_pylist() == [105, 109]


def test_chaining_plays_forth_and_back_without_a_jump() -> None:
    table = chained(positions([0, 10, 40]), laps=3, pause_us=5)

    assert table["time_us"].to_pylist() == [0, 10, 40, 45, 75, 85, 90, 100, 130]
    places = np.rint((table["lon"].to_numpy() - 107.0) * 1e6).tolist()
    assert places == [0, 10, 40, 40, 10, 0, 0, 10, 40]


def test_chaining_nothing_gives_nothing() -> None:
    assert chained(positions([]), laps=2).num_rows == 0


def test_the_sample_is_read_without_a_defect() -> None:
    reading = read_table("vessel_positions.v1", marinecadastre.sample())

    assert reading.defects == []
    assert reading.table.num_rows == 13_558
    assert len(set(reading.table["entity"].to_pylist())) == 955
