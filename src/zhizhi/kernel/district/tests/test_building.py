from __future__ import annotations

import numpy as np
import pytest
import shapely
from tests.districts import district_of

from zhizhi.kernel.district import District, build
from zhizhi.kernel.district.plane import METRES_PER_DEGREE

REAL_TOWNS = (
    "敦仁 崇义 荔枝 江北 江东 李渡 龙桥 白涛 马鞍 蔺市 义和 百胜 珍溪 清溪 南沱 焦石 罗云 大木 "
    "武陵山 石沱 青羊 龙潭 马武 新妙 增福 同乐 大顺"
)
SQUARE_METRES_PER_DEGREE = float(METRES_PER_DEGREE.prod())


@pytest.fixture(scope="module", params=[1, 7])
def district(request: pytest.FixtureRequest) -> District:
    return district_of(request.param)


def shapes_of(district: District, kind: str) -> np.ndarray:
    return np.array([area.geometry for area in district.of(kind)], dtype=object)


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("district", 1), ("town", 27), ("community", 420), ("grid_cell", 2_000),
        ("building", 6_000), ("road_section", 360), ("exclusive_area", 60),
    ],
)  # fmt: skip
def test_every_kind_of_area_has_its_number(district: District, kind: str, count: int) -> None:
    assert len(district.of(kind)) == count


def test_schools_stations_cameras_and_patrols_have_their_numbers(district: District) -> None:
    assert [len(district.schools), len(district.stations), len(district.cameras)] == [120, 31, 800]
    assert 200 <= sum(len(school.gates) for school in district.schools) <= 280
    kinds = [patrol.kind for patrol in district.patrols]
    assert kinds.count("police_patrol") == 62
    assert kinds.count("river_patrol") == 8
    assert kinds.count("grid_worker") == 420


def test_grids_tile_the_district_without_gap_or_overlap(district: District) -> None:
    grids = shapes_of(district, "grid_cell")

    assert shapely.is_valid(grids).all()
    total = shapely.area(grids).sum() * SQUARE_METRES_PER_DEGREE
    assert total == pytest.approx(2_942e6, abs=200)
    whole = shapes_of(district, "district")[0]
    assert shapely.symmetric_difference(shapely.union_all(grids), whole).area < 1e-12


@pytest.mark.parametrize(
    ("small", "large"), [("grid_cell", "community"), ("community", "town"), ("town", "district")]
)
def test_each_area_is_exactly_the_sum_of_its_parts(
    district: District, small: str, large: str
) -> None:
    parts: dict[str, list[shapely.Geometry]] = {}
    for area in district.of(small):
        parts.setdefault(area.parent, []).append(area.geometry)

    for whole in district.of(large):
        joined = shapely.coverage_union_all(parts[whole.code])
        assert shapely.equals(joined, whole.geometry)


def test_every_community_and_town_is_in_one_piece(district: District) -> None:
    for kind in ("town", "community", "grid_cell"):
        assert set(shapely.get_type_id(shapes_of(district, kind))) == {3}


def test_codes_are_unique_have_fifteen_digits_and_begin_like_their_parent(
    district: District,
) -> None:
    codes = [area.code for area in district.areas]
    assert len(set(codes)) == len(codes)
    stem = {"town": 6, "community": 9, "grid_cell": 12}
    for kind, digits in stem.items():
        for area in district.of(kind):
            assert len(area.code) == 15
            assert area.code.isdigit()
            assert area.code[:digits] == area.parent[:digits]


def test_parents_come_before_their_children_so_that_they_can_be_loaded_in_order(
    district: District,
) -> None:
    seen = {""}
    for area in district.areas:
        assert area.parent in seen
        seen.add(area.code)


def test_buildings_stand_inside_their_grid_and_out_of_the_water(district: District) -> None:
    grids = {area.code: area.geometry for area in district.of("grid_cell")}
    buildings = district.of("building")

    assert all(shapely.contains(grids[b.parent], b.geometry) for b in buildings)
    assert not shapely.intersects(district.water, shapes_of(district, "building")).any()


def test_no_two_buildings_of_a_sample_overlap(district: District) -> None:
    shapes = shapes_of(district, "building")
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    overlapping = (left < right).sum()
    assert overlapping < 60  # 1 % of 6,000: rows of neighbouring settlements may touch


def test_exclusive_areas_lie_in_their_community(district: District) -> None:
    communities = {area.code: area.geometry for area in district.of("community")}
    for area in district.of("exclusive_area"):
        assert shapely.contains(communities[area.parent], area.geometry)


def test_every_area_has_a_point_that_its_parent_covers(district: District) -> None:
    outlines = {area.code: area.geometry for area in district.areas}
    for area in district.areas:
        if area.parent:
            point = shapely.Point(area.lon, area.lat)
            assert shapely.intersects(outlines[area.parent], point), area.code


def test_people_add_up_level_by_level(district: District) -> None:
    totals = {
        kind: sum(area.population for area in district.of(kind))
        for kind in ("district", "town", "community", "grid_cell")
    }
    assert len(set(totals.values())) == 1
    assert 1_090_000 < totals["district"] < 1_120_000


def test_reaches_are_long_narrow_wet_and_watched_by_cameras(district: District) -> None:
    assert len({reach.key for reach in district.reaches}) == 4
    assert sum(bool(reach.seasons) for reach in district.reaches) == 1
    for reach in district.reaches:
        assert shapely.is_valid(reach.geometry)
        wet = shapely.intersection(reach.geometry, district.water).area
        assert wet / reach.geometry.area > 0.75
        assert sum(camera.reach == reach.key for camera in district.cameras) == 14
    shapes = [reach.geometry for reach in district.reaches]
    assert shapely.union_all(shapes).area == pytest.approx(sum(s.area for s in shapes))


def test_no_name_is_that_of_a_real_town(district: District) -> None:
    names = {area.name for area in district.of("town")}
    assert len(names) == 27
    assert not {name.rstrip("街道镇乡") for name in names} & set(REAL_TOWNS.split())


def test_the_district_lies_where_no_county_number_is_assigned(district: District) -> None:
    whole = district.of("district")[0]
    assert whole.code == "990001000000000"
    assert (whole.lon, whole.lat) == pytest.approx((107.0, 29.7), abs=0.15)


def test_the_same_seed_gives_the_same_district(district: District) -> None:
    again = build(district.seed)

    assert again.areas == district.areas
    assert again.schools == district.schools
    assert again.cameras == district.cameras
    assert again.patrols == district.patrols


def test_another_seed_gives_another_district_on_the_same_river(district: District) -> None:
    other = district_of(3)

    assert other.of("town")[0].geometry != district.of("town")[0].geometry
    assert other.river == district.river
