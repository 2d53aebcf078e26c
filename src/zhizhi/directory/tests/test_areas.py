"""Which areas contain a point, and what the database refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import shapely
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhizhi.directory.models import Area, Unit
from zhizhi.directory.tests.places import AT, area, unit

pytestmark = pytest.mark.django_db
WHOLE = (100.0, 30.0, 101.0, 31.0)


def codes(lon: float, lat: float, **options: Any) -> list[str]:
    return [found.code for found in Area.objects.in_force().containing(lon, lat, **options)]


def test_the_smallest_responsible_unit_comes_first() -> None:
    for number, kind in enumerate(
        ("district", "town", "community", "grid_cell", "road_section", "exclusive_area", "building")
    ):
        area(kind, str(number), WHOLE)

    assert codes(100.5, 30.5) == ["6", "5", "4", "3", "2", "1", "0"]


def test_of_one_kind_the_smaller_one_comes_first_then_the_lower_code() -> None:
    area("grid_cell", "1", WHOLE)
    area("grid_cell", "3", (100.4, 30.4, 100.6, 30.6))
    area("grid_cell", "2", (100.4, 30.4, 100.6, 30.6))

    assert codes(100.5, 30.5) == ["2", "3", "1"]


def test_a_point_in_the_box_but_not_in_the_shape_is_outside() -> None:
    area("town", "1", WHOLE, shape=shapely.Polygon([(100, 30), (101, 30), (100, 31)]))

    assert codes(100.2, 30.2) == ["1"]
    assert codes(100.9, 30.9) == []


def test_a_hole_belongs_to_nobody() -> None:
    ring = shapely.box(*WHOLE).difference(shapely.box(100.4, 30.4, 100.6, 30.6))
    area("town", "1", WHOLE, shape=ring)

    assert codes(100.5, 30.5) == []
    assert codes(100.1, 30.1) == ["1"]


@pytest.mark.parametrize("lon", [100.0, 101.0])
def test_the_border_belongs_to_the_area(lon: float) -> None:
    area("town", "1", WHOLE)

    assert codes(lon, 30.5) == ["1"]
    assert codes(lon + (1e-6 if lon > 100.5 else -1e-6), 30.5) == []


def test_only_the_kinds_asked_for_are_searched() -> None:
    area("district", "1", WHOLE)
    area("grid_cell", "2", WHOLE)

    assert codes(100.5, 30.5, kinds=["district"]) == ["1"]


def test_a_building_known_as_a_point_contains_nothing() -> None:
    area("building", "1", WHOLE, boundary=None)

    assert codes(100.5, 30.5) == []


def test_a_redrawn_boundary_counts_at_once_however_it_was_written() -> None:
    row = area("town", "1", WHOLE)
    assert codes(100.9, 30.9) == ["1"]

    smaller = shapely.to_wkb(shapely.box(100, 30, 100.5, 30.5))
    Area.objects.filter(pk=row.pk).update(boundary=smaller)

    assert codes(100.9, 30.9) == []
    assert codes(100.2, 30.2) == ["1"]


def test_an_area_counts_while_it_is_in_force() -> None:
    area("town", "1", WHOLE, valid_to=AT + timedelta(days=1))
    area("town", "1", WHOLE, version=2, valid_from=AT + timedelta(days=1))

    def version(at: Any) -> list[int]:
        return [found.version for found in Area.objects.in_force(at).containing(100.5, 30.5)]

    assert version(AT - timedelta(seconds=1)) == []
    assert version(AT) == [1]
    assert version(AT + timedelta(days=1, seconds=-1)) == [1]
    assert version(AT + timedelta(days=1)) == [2]
    assert version(None) == [2]


def test_a_subtree_is_a_prefix_of_whole_steps() -> None:
    for code, path in (("1", "/1/"), ("11", "/1/11/"), ("12", "/12/")):
        area("town", code, WHOLE, path=path)

    found = Area.objects.below("/1/").order_by("code")

    assert [row.code for row in found] == ["1", "11"]


@given(st.floats(99.9, 101.1), st.floats(29.9, 31.1))
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
def test_the_answer_is_that_of_exact_geometry(lon: float, lat: float) -> None:
    star = shapely.Polygon([(100, 30), (100.5, 30.3), (101, 30), (100.7, 30.5), (101, 31),
                            (100.5, 30.7), (100, 31), (100.3, 30.5)])  # fmt: skip
    with transaction.atomic():
        area("town", "1", WHOLE, shape=star)

        assert bool(codes(lon, lat)) is star.covers(shapely.Point(lon, lat))
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "changed",
    [
        {"path": "990101"},
        {"path": "/990101"},
        {"min_lon": 101.5},
        {"min_lat": 31.5},
        {"max_lon": 180.5},
        {"min_lon": -180.5},
        {"max_lat": 90.5},
        {"valid_to": AT},
    ],
    ids=str,
)
def test_the_database_refuses_an_impossible_area(changed: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        area("town", "1", WHOLE, **changed)


def test_the_database_refuses_two_drawings_in_force() -> None:
    area("town", "1", WHOLE)

    with pytest.raises(IntegrityError), transaction.atomic():
        area("town", "1", WHOLE, version=2)
    area("community", "1", WHOLE)  # another kind may carry the same code


@pytest.mark.parametrize(
    "changed",
    [{"lon": 180.5}, {"lon": -180.5}, {"lat": 90.5}, {"lat": -90.5}, {"speed_kmh": 0}],
    ids=str,
)
def test_the_database_refuses_an_impossible_unit(changed: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        unit(**changed)


def test_the_database_refuses_a_call_sign_twice() -> None:
    first = unit()

    with pytest.raises(IntegrityError), transaction.atomic():
        unit(area=first.area)
    assert Unit.objects.count() == 1
