"""Patrol check-ins: written once, surely told, seen by the desk of the unit, forgotten in time."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from zhizhi.directory.models import Area, Unit
from zhizhi.engine import patrolling
from zhizhi.engine.models import CheckIn
from zhizhi.engine.patrolling import PlaceMissing, Sighting
from zhizhi.engine.tests.building import LAT, LON, NOON, later, unit
from zhizhi.engine.tests.racing import race
from zhizhi.trust.models import AuditEntry, SubjectKey
from zhizhi.trust.pictures import PictureRefused
from zhizhi.trust.vault import Erased

pytestmark = pytest.mark.django_db

HERE = Sighting(LON, LAT, 10.0, timedelta(seconds=5))


def check_in(of: Unit, seen: Sighting = HERE, *, key: str = "a", **also: Any) -> CheckIn:
    return patrolling.check_in(
        of, seen, **{"key": key, "by": "account:4", "now": later(minutes=1), **also}
    )


def photo(width: int = 40) -> bytes:
    out = BytesIO()
    taken = Image.new("RGB", (width, width), (90, 120, 60))
    taken.save(out, "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00")
    return out.getvalue()


def test_a_check_in_says_who_was_where_and_leaves_its_trace_without_the_place() -> None:
    worker = unit()

    row = check_in(worker, note="all quiet")

    assert (row.unit, row.place_by, row.note) == (worker, "device", "all quiet")
    assert (row.lon, row.accuracy_m, row.position_age) == (LON, 10.0, timedelta(seconds=5))
    leaf = AuditEntry.objects.get(verb="unit.check_in")
    assert (leaf.subject, leaf.area_path) == (f"unit:{worker.pk}", worker.area.path)
    assert leaf.detail == {"check_in": row.pk, "place_by": "device"}


def test_the_same_draft_again_is_the_same_check_in() -> None:
    worker = unit()

    rows = [check_in(worker, key=key) for key in ("a", "b", "a")]

    assert rows[0] == rows[2] != rows[1]
    assert AuditEntry.objects.filter(verb="unit.check_in").count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_a_draft_that_arrives_several_times_at_once_one_check_in_remains() -> None:
    worker = unit()

    rows = race(*[lambda: check_in(worker, photo=photo())] * 4)

    assert {row.pk for row in rows} == set(CheckIn.everything.values_list("pk", flat=True))
    assert len({row.pk for row in rows}) == 1
    assert SubjectKey.objects.count() == 1


@pytest.mark.parametrize(("metres", "is_sure"), [(199, True), (200, True), (201, False)])
def test_a_position_that_may_be_off_by_more_than_200_metres_is_unsure(
    metres: float, is_sure: bool
) -> None:
    worker = unit()

    row = check_in(worker, Sighting(LON + 0.05, LAT, metres, timedelta(0)))

    worker.refresh_from_db()
    assert row.is_sure is is_sure
    assert (worker.lon == LON + 0.05) is is_sure, "only a sure one moves the unit"


@pytest.mark.parametrize(("seconds", "is_sure"), [(299, True), (300, True), (301, False)])
def test_a_position_older_than_five_minutes_is_unsure(seconds: int, is_sure: bool) -> None:
    row = check_in(unit(), Sighting(LON, LAT, 5.0, timedelta(seconds=seconds)))

    assert row.is_sure is is_sure
    assert row.age_minutes == (5 if seconds >= 300 else 4)


def test_a_late_check_in_moves_no_unit_back() -> None:
    worker = unit(position_at=later(minutes=30))

    check_in(worker, Sighting(LON + 0.05, LAT, 5.0), at=later(minutes=10), now=later(hours=1))

    worker.refresh_from_db()
    assert worker.lon != LON + 0.05


@pytest.mark.parametrize(
    ("seen", "by"),
    [(Sighting(place="at the third lamp"), "words"), (Sighting(LON, None, place="x"), "words")],
)
def test_without_a_whole_position_the_words_say_where(seen: Sighting, by: str) -> None:
    row = check_in(unit(), seen)

    assert (row.place_by, row.is_sure) == (by, False)


def test_an_area_of_the_list_says_where() -> None:
    worker = unit()

    row = check_in(worker, Sighting(area=worker.area))

    assert (row.place_by, row.area, row.is_sure) == ("list", worker.area, False)


def test_a_check_in_of_no_place_is_none() -> None:
    with pytest.raises(PlaceMissing):
        check_in(unit(), Sighting())

    assert not CheckIn.everything.exists()


def test_a_photo_is_kept_sealed_small_and_without_what_the_camera_wrote() -> None:
    row = check_in(unit(), photo=photo(2000))

    sealed = bytes(CheckIn.everything.get(pk=row.pk).photo or b"")
    shown = Image.open(BytesIO(patrolling.photo_of(row, by="account:9", now=later(minutes=2))))
    assert b"\xff\xd8\xff" not in sealed
    assert shown.size == (1600, 1600)
    assert not shown.getexif()
    leaf = AuditEntry.objects.get(verb="unit.photo")
    assert (leaf.actor, leaf.detail) == ("account:9", {"check_in": row.pk})


def test_what_is_no_picture_is_refused_and_nothing_is_kept() -> None:
    with pytest.raises(PictureRefused):
        check_in(unit(), photo=b"no picture")

    assert not CheckIn.everything.exists()


@pytest.mark.parametrize(("later_by", "left"), [(-1, 1), (0, 1), (1, 0)])
def test_a_check_in_is_forgotten_with_its_photo_when_its_time_is_over(
    later_by: int, left: int
) -> None:
    row = check_in(unit(), photo=photo())

    forgotten = patrolling.forget(row.received_at + timedelta(seconds=later_by), now=later(days=40))

    assert (CheckIn.everything.count(), forgotten) == (left, 1 - left)
    assert SubjectKey.objects.filter(wrapped__isnull=False).count() == left


def test_the_photo_of_a_forgotten_check_in_opens_no_more() -> None:
    row = check_in(unit(), photo=photo())
    patrolling.forget(later(days=2), now=later(days=2))
    assert row.photo_key is not None
    row.photo_key.refresh_from_db()

    with pytest.raises(Erased):
        patrolling.photo_of(row, by="account:9", now=later(days=2))


def test_the_place_lies_in_the_smallest_area_that_answers_for_it() -> None:
    worker = unit()

    row = check_in(worker, Sighting(worker.area.lon, worker.area.lat, 5.0))

    assert row.area == Area.objects.get(pk=worker.area_id)
    assert row.received_at - NOON == timedelta(minutes=1)
