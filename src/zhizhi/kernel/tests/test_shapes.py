"""Imported shapes: read, or refused with the place and the remedy named."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.crs import InverseNotAllowed, UnknownCrs, from_wgs84
from zhizhi.kernel.shapes import MESSAGES, UnreadableShapes, check, parse_geojson

SQUARE = [[107.0, 29.0], [107.1, 29.0], [107.1, 29.1], [107.0, 29.1], [107.0, 29.0]]
HOLE = [[107.02, 29.02], [107.04, 29.02], [107.04, 29.04], [107.02, 29.02]]
FAR_HOLE = [[108.0, 29.0], [108.1, 29.0], [108.1, 29.1], [108.0, 29.0]]
BOW_TIE = [[107.0, 29.0], [107.1, 29.1], [107.1, 29.0], [107.0, 29.1], [107.0, 29.0]]
DISTRICT = (106.9, 28.9, 107.9, 30.0)


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def reasons(geometry: Any, **context: Any) -> list[str]:
    return [problem.reason for problem in check(geometry, **context)]


@pytest.mark.parametrize(
    "geometry",
    [
        polygon(SQUARE),
        polygon(SQUARE, HOLE),
        {"type": "MultiPolygon", "coordinates": [[SQUARE], [FAR_HOLE]]},
        shapely.box(107, 29, 107.1, 29.1),
        shapely.box(179.5, 29, 180, 29.1),  # up to the antimeridian
    ],
)
def test_a_good_shape_has_no_problem(geometry: Any) -> None:
    assert check(geometry) == []


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "empty"),
        (polygon(), "empty"),
        (polygon([]), "empty"),
        (shapely.Polygon(), "empty"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], []]}, "empty"),
        ({"type": "Point", "coordinates": [107, 29]}, "unsupported"),
        ({"coordinates": [SQUARE]}, "unsupported"),
        (polygon([[107, 29], [107.1, "x"], [107.1, 29.1], [107, 29]]), "not-a-number"),
        (polygon([[107, 29], [107.1, math.nan], [107.1, 29.1], [107, 29]]), "not-a-number"),
        (polygon([[107, 29], [True, 29], [107.1, 29.1], [107, 29]]), "not-a-number"),
        (polygon("text"), "not-a-number"),
        (polygon(SQUARE[:4]), "unclosed"),
        (polygon([[107, 29], [107.1, 29], [107, 29]]), "too-few-corners"),
        (polygon([[181, 91], [182, 91], [182, 92], [181, 91]]), "out-of-range"),
        (polygon([[y, x] for x, y in SQUARE]), "swapped"),
        (polygon([[179, 29], [-179, 29], [-179, 30], [179, 29]]), "antimeridian"),
        (polygon([[107, 29], [107.000_001, 29], [107, 29.000_001], [107, 29]]), "zero-area"),
        (polygon(BOW_TIE), "self-crossing"),
        (polygon(SQUARE, FAR_HOLE), "hole-outside"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [HOLE]]}, "overlapping"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, "self-crossing"),
        (polygon([[107, 29], [107.1, 29], [107.2, 29], [107, 29]]), "zero-area"),
    ],
)
def test_a_bad_shape_says_what_is_wrong(geometry: Any, reason: str) -> None:
    found = check(geometry)

    assert reason in [problem.reason for problem in found]
    assert all(problem.message == MESSAGES[problem.reason] for problem in found)


@pytest.mark.parametrize("name", ["self-crossing", "unclosed", "swapped", "out-of-range"])
def test_the_place_is_named_where_there_is_one(name: str) -> None:
    bad = {
        "self-crossing": (polygon(BOW_TIE), "(107.050000, 29.050000)"),
        "unclosed": (polygon(SQUARE[:4]), "(107.000000, 29.000000)"),
        "swapped": (polygon([[y, x] for x, y in SQUARE]), "(29.000000, 107.000000)"),
        "out-of-range": (polygon([[181, 91], [182, 91], [182, 92], [181, 91]]), "(181.000000, 91"),
    }
    geometry, place = bad[name]

    assert place in str(check(geometry)[0])


def test_a_shape_is_called_swapped_where_exchanging_leads_into_the_district() -> None:
    near_lisbon = (-9.5, 38.4, -8.8, 39.0)
    exchanged = shapely.box(38.5, -9.2, 38.7, -9.0)

    assert reasons(exchanged) == []
    assert reasons(exchanged, bounds=near_lisbon) == ["swapped"]
    assert reasons(polygon(SQUARE), bounds=DISTRICT) == []


@pytest.mark.parametrize(("metres", "expected"), [(0.99, ["zero-area"]), (1.02, [])])
def test_a_shape_is_at_least_a_square_metre_large(metres: float, expected: list[str]) -> None:
    side = metres / 111_195.0
    box = shapely.box(107, 0, 107 + side, side)

    assert reasons(box) == expected


def test_every_feature_is_read_and_carries_its_own_problems() -> None:
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": 7, "properties": {"name": "河"}, "geometry": polygon(SQUARE)},
            {"type": "Feature", "properties": {"key": "K2"}, "geometry": polygon(BOW_TIE)},
            {"type": "Feature", "properties": None, "geometry": None},
        ],
    }

    good, crossing, nothing = parse_geojson(json.dumps(document))

    assert (good.number, good.key, good.name, good.problems) == (0, "7", "河", ())
    assert shapely.from_wkb(good.boundary).equals(shapely.Polygon(SQUARE))
    assert (crossing.key, crossing.boundary, len(crossing.problems)) == ("K2", b"", 1)
    assert (nothing.key, [p.reason for p in nothing.problems]) == ("", ["empty"])


def test_heights_are_left_out() -> None:
    with_heights = polygon([[*corner, 123.0] for corner in SQUARE])

    (shape,) = parse_geojson(json.dumps(with_heights))

    assert not shapely.has_z(shapely.from_wkb(shape.boundary))


@pytest.mark.parametrize("crs", ["EPSG:4545", "CGCS2000", "GCJ-02"])
def test_a_shape_in_another_system_arrives_in_wgs84(crs: str) -> None:
    lon, lat = zip(*SQUARE, strict=True)
    east, north = from_wgs84(lon, lat, crs)
    ring = [[float(x), float(y)] for x, y in zip(east, north, strict=True)]

    (shape,) = parse_geojson(json.dumps(polygon(ring)), crs=crs, allow_inverse=True)

    read = shapely.from_wkb(shape.boundary)
    assert shapely.hausdorff_distance(read, shapely.Polygon(SQUARE)) < 1e-8


def test_the_system_that_the_text_names_goes_before_the_declared_one() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}}

    (shape,) = parse_geojson(json.dumps({**polygon(SQUARE), "crs": crs}), crs="EPSG:4545")

    assert shape.problems == ()


def test_an_unknown_or_forbidden_system_is_refused() -> None:
    with pytest.raises(UnknownCrs):
        parse_geojson(json.dumps(polygon(SQUARE)), crs="EPSG:3857")
    with pytest.raises(InverseNotAllowed):
        parse_geojson(json.dumps(polygon(SQUARE)), crs="GCJ-02")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not list"),
        ('{"type": "Topology"}', "not Topology"),
        ('{"type": "FeatureCollection"}', "needs a list of features"),
        ('{"type": "FeatureCollection", "features": [1]}', "needs a list of features"),
    ],
)
def test_what_is_no_geojson_is_refused_with_the_reason(text: str, part: str) -> None:
    with pytest.raises(UnreadableShapes, match=part):
        parse_geojson(text)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
corner = st.lists(st.floats(-200, 200), min_size=2, max_size=3)


@given(st.sampled_from(["Polygon", "MultiPolygon"]), anything | st.lists(st.lists(corner)))
def test_whatever_coordinates_come_they_are_read_or_refused(kind: str, coordinates: Any) -> None:
    geometry = {"type": kind, "coordinates": coordinates}

    (shape,) = parse_geojson(json.dumps(geometry))

    assert bool(shape.problems) != bool(shape.boundary)
    if shape.boundary:
        assert shapely.is_valid(shapely.from_wkb(shape.boundary))
