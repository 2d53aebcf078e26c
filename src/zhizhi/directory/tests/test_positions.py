"""Where units are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from zhizhi.directory import positions
from zhizhi.directory.models import Unit, UnitPosition
from zhizhi.directory.positions import PositionRefused
from zhizhi.directory.tests.places import AT, unit

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def report(
    boat: Unit, *, lon: float = 100.7, lat: float = 30.7, at: datetime = AT + SECOND
) -> bool:
    return positions.report_position(boat, lon=lon, lat=lat, at=at, now=AT + timedelta(minutes=1))


def test_a_newer_report_moves_the_unit() -> None:
    boat = unit()

    assert report(boat) is True

    stored = Unit.objects.get()
    assert (stored.lon, stored.lat, stored.position_at) == (100.7, 30.7, AT + SECOND)
    assert (boat.lon, boat.position_at) == (100.7, AT + SECOND)


@pytest.mark.parametrize(("at", "moved"), [(AT - SECOND, False), (AT, False), (AT + SECOND, True)])
def test_only_a_later_report_counts(at: datetime, moved: bool) -> None:
    assert report(unit(), at=at) is moved


def test_reports_are_kept_for_later_with_the_place_from_where_the_unit_came() -> None:
    boat = unit()

    report(boat)

    kept = UnitPosition.objects.order_by("recorded_at", "pk")
    assert [(one.at, one.lon) for one in kept] == [(AT, boat_home()), (AT + SECOND, 100.7)]


def boat_home() -> float:
    return float(UnitPosition.objects.earliest("pk").lon)


@pytest.mark.parametrize(("seconds", "kept"), [(59, 2), (60, 3), (61, 3)])
def test_at_most_one_report_a_minute_is_kept(seconds: int, kept: int) -> None:
    boat = unit()
    report(boat)  # recorded a minute after AT
    at = AT + timedelta(seconds=60 + seconds)

    positions.report_position(boat, lon=100.8, lat=30.7, at=at, now=at)

    assert UnitPosition.objects.count() == kept


@pytest.mark.parametrize(("minutes", "kept"), [(9, 1), (10, 2), (11, 2)])
def test_units_that_stand_are_written_down_every_ten_minutes(minutes: int, kept: int) -> None:
    unit()
    positions.report_standing(now=AT + SECOND)

    positions.report_standing(now=AT + timedelta(minutes=minutes))

    assert UnitPosition.objects.count() == kept
    assert Unit.objects.get().position_at == AT + timedelta(minutes=minutes)


@pytest.mark.parametrize(("later", "left"), [(-SECOND, 2), (0 * SECOND, 2), (SECOND, 1)])
def test_what_was_recorded_before_is_forgotten(later: timedelta, left: int) -> None:
    report(unit())
    first = UnitPosition.objects.earliest("recorded_at").recorded_at

    positions.forget(first + later)

    assert UnitPosition.objects.count() == left


def test_an_outdated_copy_of_the_unit_does_not_bring_an_old_position_back() -> None:
    boat = unit()
    outdated = Unit.objects.get()
    report(boat, at=AT + 10 * SECOND)

    assert report(outdated, lon=100.1, at=AT + 5 * SECOND) is False

    assert outdated.lon == Unit.objects.get().lon == 100.7


def test_the_reservation_of_the_unit_is_left_alone() -> None:
    boat = unit()
    Unit.objects.update(status=Unit.Status.RESERVED, task=9)

    report(boat)

    stored = Unit.objects.get()
    assert (stored.status, stored.task) == ("reserved", 9)


@pytest.mark.parametrize(("ahead", "kept"), [(119, True), (120, True), (121, False)])
def test_a_device_clock_may_be_two_minutes_fast(ahead: int, kept: bool) -> None:
    at = AT + timedelta(minutes=1, seconds=ahead)
    if kept:
        assert report(unit(), at=at) is True
        return
    with pytest.raises(PositionRefused, match="device's clock") as refused:
        report(unit(), at=at)
    assert refused.value.code == "future"


@pytest.mark.parametrize(
    "bad",
    [{"lon": 180.1}, {"lon": -180.1}, {"lat": 90.1}, {"lat": -90.1}, {"lon": float("nan")},
     {"lat": float("inf")}],
    ids=str,
)  # fmt: skip
def test_a_position_off_the_globe_is_refused(bad: dict[str, Any]) -> None:
    boat = unit()

    with pytest.raises(PositionRefused) as refused:
        report(boat, **bad)

    assert refused.value.code == "out-of-range"
    assert Unit.objects.get().position_at == AT


@pytest.mark.parametrize(("seconds", "fresh"), [(599, True), (600, True), (601, False)])
def test_a_position_is_fresh_for_ten_minutes(seconds: int, fresh: bool) -> None:
    assert positions.is_fresh(unit(), now=AT + timedelta(seconds=seconds)) is fresh


def test_a_position_from_a_fast_clock_has_no_negative_age() -> None:
    assert positions.age(unit(), now=AT - SECOND) == timedelta(0)
