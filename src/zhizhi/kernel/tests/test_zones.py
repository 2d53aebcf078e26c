from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest
import shapely

from zhizhi.kernel.detection import INSIDE, RING, Batch
from zhizhi.kernel.tests.zone_shapes import (
    EAST_M,
    HOLED,
    NORTH_M,
    SHAPES,
    SOUTH,
    WEST,
    Numbers,
    Shape,
    along,
    at,
    classes,
    hits,
    inside,
    plain,
    reference,
    square,
)
from zhizhi.kernel.zones import (
    BadReference,
    compile_zones,
    locate_points,
    screen_batch,
    screen_named,
    screen_points,
)


@pytest.mark.parametrize(("metres", "cls"), [(14.9, RING), (15.1, INSIDE)])
def test_inside_begins_fifteen_metres_from_the_boundary(metres: float, cls: int) -> None:
    assert classes(compile_zones(reference(square(500))), *at(metres, 250)) == [cls]


@pytest.mark.parametrize(("metres", "cls"), [(49.9, RING), (50.1, 0)])
def test_the_ring_ends_fifty_metres_outside(metres: float, cls: int) -> None:
    assert classes(compile_zones(reference(square(500))), *at(-metres, 250)) == [cls]


@pytest.mark.parametrize(
    ("accuracy", "east", "cls"),
    [
        (14.0, 14.9, RING), (14.0, 15.1, INSIDE),  # the margin is larger
        (16.0, 15.9, RING), (16.0, 16.1, INSIDE),  # the accuracy is larger
        (24.9, -50.1, 0), (25.1, -50.1, RING),  # twice the accuracy is larger
        (30.0, 29.9, RING), (30.0, 30.1, INSIDE),  # the last accuracy that the cover answers for
        (30.1, 30.0, RING), (30.1, 30.2, INSIDE),  # the first that the boxes answer for
        (240.0, 250.0, INSIDE), (260.0, 250.0, RING),  # an operator's position
        (240.0, -479.0, RING), (240.0, -481.0, 0),
        (math.nan, 15.1, INSIDE), (math.nan, -49.9, RING),
    ],
)  # fmt: skip
def test_a_worse_accuracy_moves_both_rings(accuracy: float, east: float, cls: int) -> None:
    zones = compile_zones(reference(square(500)))

    assert classes(zones, *at(east, 250), [accuracy]) == [cls]


def test_the_boundary_itself_is_ring_with_margins_and_nothing_without() -> None:
    assert classes(compile_zones(reference(square(500))), [WEST], [SOUTH]) == [RING]
    assert classes(plain(square(500)), [WEST], [SOUTH]) == [0]


def test_without_margins_only_the_accuracy_makes_a_ring() -> None:
    zones = plain(square(500))
    lon, lat = [x + y for x, y in zip(at(5, 250), at(-5, 250), strict=True)]

    assert classes(zones, lon, lat) == [INSIDE, 0]
    assert classes(zones, lon, lat, [4, 2]) == [INSIDE, 0]
    assert classes(zones, lon, lat, [6, 3]) == [RING, RING]


def test_a_zone_may_have_margins_of_its_own() -> None:
    table = reference(
        square(500), square(500),
        parameters=['{"enter_margin_m": 40, "exit_margin_m": 400}', "{}"],
    )  # fmt: skip
    zones = compile_zones(table, enter_margin_m=10)
    lon, lat = [x + y for x, y in zip(at(30, 250), at(-390, 250), strict=True)]

    found = hits(screen_points(zones, lon, lat), 2, 2)

    assert found.tolist() == [[RING, INSIDE], [RING, 0]]
    assert zones.parameters[0] == {"enter_margin_m": 40, "exit_margin_m": 400}


def oracle(shape: Shape, lon: Numbers, lat: Numbers, enter: Numbers, leave: Numbers) -> Numbers:
    """The rule once more, by shapely, in a plane of local metres; NaN where it is a near thing."""
    scale = [EAST_M, NORTH_M]
    plane = shapely.transform(shape, lambda points: (points - [WEST, SOUTH]) * scale)
    points = shapely.points((np.column_stack([lon, lat]) - [WEST, SOUTH]) * scale)
    distance = shapely.distance(plane.boundary, points)
    within = shapely.contains_xy(shape, lon, lat)
    cls = np.where(within & (distance >= enter), 2.0, np.where(within | (distance < leave), 1, 0))
    doubtful = (
        np.minimum(np.abs(distance - enter), np.abs(distance - leave)) < 0.01 + distance * 1e-3
    )
    return np.where(doubtful, np.nan, cls)


@pytest.mark.parametrize("size_m", [30.0, 200.0, 3_000.0])
def test_both_rings_equal_an_oracle_in_metres(size_m: float) -> None:
    rng = np.random.default_rng(int(size_m))
    angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
    radius = size_m * rng.uniform(0.5, 1.0, 40)
    shape = shapely.Polygon(
        np.column_stack(
            [WEST + radius * np.cos(angle) / EAST_M, SOUTH + radius * np.sin(angle) / NORTH_M]
        )
    )
    lon, lat = along(shape, 40_000, 9, 60.0)
    accuracy = rng.choice([np.nan, 3, 20, 29, 31, 80, 400], 40_000).astype(np.float32)
    known = np.nan_to_num(accuracy)

    found = np.array(classes(compile_zones(reference(shape)), lon, lat, accuracy))

    expected = oracle(shape, lon, lat, np.maximum(known, 15), np.maximum(2 * known, 50))
    sure = ~np.isnan(expected)
    assert sure.mean() > 0.9
    np.testing.assert_array_equal(found[sure], expected[sure])


def test_the_cover_and_the_boxes_agree_where_one_takes_over_from_the_other() -> None:
    lon, lat = along(SHAPES["holed"], 5_000, 4, 40.0)
    zones = compile_zones(reference(SHAPES["holed"], HOLED.buffer(0.01)))
    below, above = np.float32(30.0), np.nextafter(np.float32(30.0), np.float32(31.0))

    by_cover, by_boxes = (screen_points(zones, lon, lat, np.full(5_000, a)) for a in (below, above))

    np.testing.assert_array_equal(by_cover.start, by_boxes.start)
    np.testing.assert_array_equal(by_cover.zone, by_boxes.zone)
    np.testing.assert_array_equal(by_cover.cls, by_boxes.cls)


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        ("02-28", False),
        ("03-01", True),
        ("06-30", True),
        ("07-01", False),
        ("12-31", True),
        ("01-01", True),
    ],
)
def test_a_zone_is_screened_only_in_its_seasons(day: str, open_: bool) -> None:
    seasons = json.dumps([["03-01", "06-30"], ["12-25", "01-05"]])
    zones = compile_zones(reference(square(500), square(500), seasons=[seasons, "[]"]))
    noon = np.array([f"2026-{day}T04:00:00"], "datetime64[us]").astype(np.int64)  # 12:00 local

    for accuracy in (5, 200):
        found = screen_points(zones, *at(250, 250), [accuracy], noon)
        assert found.zone.tolist() == ([0, 1] if open_ else [1])
    named = screen_named(zones, np.array([0], np.int32), ("Z00000",), noon)
    assert named.start.tolist() == [0, int(open_)]


def test_without_a_time_seasons_do_not_matter() -> None:
    zones = compile_zones(reference(square(500), seasons=['[["01-01", "01-02"]]']))

    assert classes(zones, *at(250, 250)) == [INSIDE]


def test_a_stream_that_names_its_zone_is_inside_it() -> None:
    zones = compile_zones(reference(square(500), square(900)))
    none = np.zeros(3)
    batch = Batch(
        entity=none.astype(np.int64), time_us=none.astype(np.int64),
        arrival_us=none.astype(np.int64), lon=none, lat=none,
        accuracy_m=none.astype(np.float32), flags=none.astype(np.uint8),
        offset=none.astype(np.int64), row=none.astype(np.int32),
        zone=np.array([1, 0, 1], np.int32), zone_keys=("Z00001", "elsewhere"),
    )  # fmt: skip

    found = screen_batch(zones, batch)

    assert (found.start.tolist(), found.zone.tolist()) == ([0, 0, 1, 1], [1])
    assert found.cls.tolist() == [INSIDE]


def test_of_no_rows_none_is_inside() -> None:
    zones = compile_zones(reference(square(500)))

    found = screen_named(zones, np.empty(0, np.int32), (), np.empty(0, np.int64))

    assert (found.start.tolist(), found.zone.tolist()) == ([0], [])


def test_a_corner_that_stands_twice_changes_nothing() -> None:
    shape = square(500)
    corners = list(shape.exterior.coords)
    doubled = shapely.Polygon([one for corner in corners for one in (corner, corner)])
    lon, lat = along(shape, 5_000, 9, 60.0)

    once, twice = (classes(compile_zones(reference(one)), lon, lat) for one in (shape, doubled))

    assert once == twice


def test_the_answer_grows_as_far_as_it_must() -> None:
    zones = plain(*[square(500)] * 50)
    lon, lat = at(250, 250)

    found = locate_points(zones, lon * 5_000, lat * 5_000)

    assert found.start[-1] == 250_000
    assert found.zone.reshape(5_000, 50).tolist() == [list(range(50))] * 5_000


def test_the_version_of_a_reference_is_its_content() -> None:
    table = reference(square(500), HOLED, parameters=['{"a": 1, "b": 2}', "{}"])
    version = compile_zones(table).ref_version

    assert compile_zones(table.take([1, 0])).ref_version == version
    assert compile_zones(table.append_column("name", [["x", "y"]])).ref_version == version
    respaced = table.set_column(2, "parameters", [['{"b":2,"a":1}', "{}"]])
    assert compile_zones(respaced).ref_version == version
    for changed in (
        reference(square(500), HOLED, parameters=['{"a": 1, "b": 3}', "{}"]),
        reference(square(501), HOLED, parameters=['{"a": 1, "b": 2}', "{}"]),
        table.set_column(0, "key", [["Z00000", "Z1"]]),
        table.append_column("seasons", [['[["01-01", "01-02"]]', "[]"]]),
    ):
        assert compile_zones(changed).ref_version != version


def test_read_only_and_strided_columns_are_accepted() -> None:
    zones = plain(square(500))
    both = np.array([at(250, 250), at(-9, 0)])[:, :, 0]
    fixed = both[:, 0].copy()
    fixed.flags.writeable = False

    assert inside(zones, fixed, both[:, 1])[:, 0].tolist() == [True, False]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": ["A", "A"]}, "Two zones have the key 'A'"),
        ({"boundary": [b"junk", b""]}, "not WKB"),
        ({"boundary": [shapely.to_wkb(shapely.Point(1, 2))] * 2}, "Zone 'A': the boundary must be"),
        ({"boundary": [shapely.to_wkb(shapely.Polygon())] * 2}, "not empty"),
        ({"seasons": ["[", "[]"]}, "Zone 'A': seasons is not JSON"),
        ({"seasons": ["{}", "[]"]}, "seasons must be a JSON list"),
        ({"seasons": ['[["02-30", "03-01"]]', "[]"]}, "Zone 'A': '02-30' is no day"),
        ({"seasons": ['["02-20"]', "[]"]}, "write its first and its last day"),
        ({"parameters": ["[]", "{}"]}, "parameters must be a JSON dict"),
        ({"parameters": ['{"enter_margin_m": -1}', "{}"]}, "enter_margin_m must be a number"),
        ({"parameters": ['{"exit_margin_m": "far"}', "{}"]}, "exit_margin_m must be a number"),
        ({"parameters": ['{"exit_margin_m": true}', "{}"]}, "exit_margin_m must be a number"),
        ({"parameters": ['{"exit_margin_m": NaN}', "{}"]}, "exit_margin_m must be a number"),
    ],
)
def test_a_bad_reference_names_the_zone_and_what_is_wrong(
    changes: dict[str, list[object]], message: str
) -> None:
    good = {"key": ["A", "B"], "boundary": [shapely.to_wkb(square(9))] * 2}

    with pytest.raises(BadReference, match=message):
        compile_zones(pa.table({**good, **changes}))


def test_what_a_zone_leaves_empty_is_as_if_it_were_not_there() -> None:
    table = pa.table({"key": ["A"], "boundary": [shapely.to_wkb(square(9))]})
    version = compile_zones(table).ref_version

    for empty in ("", None):
        told = table.append_column("seasons", [[empty]]).append_column("parameters", [[empty]])
        assert compile_zones(told).ref_version == version


BOW_TIE = shapely.Polygon([(107, 29), (107.1, 29.1), (107.1, 29), (107, 29.1)])
HOLE_AWAY = shapely.Polygon([(1, 1), (2, 1), (2, 2)], [[(5, 5), (6, 5), (6, 6)]])
AROUND_THE_WORLD = shapely.Polygon([(179, 29), (-179, 29), (-179, 30), (179, 30)])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (BOW_TIE, r"crosses or touches itself here\. \(107\.050000, 29\.050000\)"),
        (AROUND_THE_WORLD, "crosses the 180th meridian, which is not supported: split it there"),
        (shapely.box(29, 107, 30, 108), "Longitude and latitude look exchanged"),
        (shapely.box(190, 20, 191, 21), "not on the globe: check the coordinate system"),
        (
            shapely.Polygon([(1, 1), (2, 1), (2, 2)], [[(5, 5), (6, 5), (6, 6)]]),
            "A hole lies outside",
        ),
        (shapely.MultiPolygon(), "not empty"),
    ],
)
def test_a_shape_without_a_certain_inside_is_refused_with_its_zone_and_a_remedy(
    shape: Shape, message: str
) -> None:
    with pytest.raises(BadReference, match=f"Zone 'Z00001': .*{message}") as refused:
        compile_zones(reference(square(9), shape))

    assert str(refused.value).endswith("save the zone again.")


def test_a_shape_on_either_side_of_the_antimeridian_is_screened() -> None:
    zones = plain(shapely.box(179, 20, 180, 21), shapely.box(-180, 20, -179, 21))

    found = inside(zones, np.array([179.9, -179.9, 0.0]), np.array([20.5, 20.5, 20.5]))

    assert found.tolist() == [[True, False], [False, True], [False, False]]


def test_a_wide_shape_that_does_not_cross_the_antimeridian_is_no_fault() -> None:
    lon = np.linspace(-175, 175, 40)
    north, south = np.column_stack([lon, lon * 0 + 1]), np.column_stack([lon, lon * 0 - 1])
    belt = shapely.Polygon(np.vstack([north, south[::-1]]))

    assert inside(plain(belt), np.array([0.0, 178.0]), np.array([0.5, 0.5]))[:, 0].tolist() == [
        True,
        False,
    ]


def test_a_reference_without_boundaries_is_refused() -> None:
    with pytest.raises(BadReference, match="no column 'boundary'"):
        compile_zones(pa.table({"key": ["A"]}))
