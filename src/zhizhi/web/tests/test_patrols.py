"""The patrol check-in on the phone and on the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from tests.district_world import LAT, LON, World, photo

from zhizhi.directory.models import Unit
from zhizhi.engine.models import CheckIn
from zhizhi.trust.models import AuditEntry
from zhizhi.web.tests.conftest import Browse

JSON = {"accept": "application/json"}
DAY = "2026-03-01"  # of the world's own check-in


@pytest.fixture
def before(world: World) -> set[int]:
    return set(CheckIn.everything.values_list("pk", flat=True))


def check_in(browser: Any, world: World, **body: Any) -> Any:
    given = {"unit": world.records["unit"].pk, "key": "k", **body}
    return browser.post(reverse("web:check-in"), given, headers=JSON)


def newest(before: set[int]) -> CheckIn:
    return CheckIn.everything.exclude(pk__in=before).get()


def test_a_check_in_with_the_phones_position_is_on_the_days_list_and_moves_the_unit(
    world: World, browse: Browse, before: set[int]
) -> None:
    now = timezone.now()
    place = {"lon": str(LON + 0.01), "lat": str(LAT), "accuracy_m": "12",
             "fixed_at": (now - timedelta(seconds=130)).isoformat(), "device_at": now.isoformat(),
             "sent_at": now.isoformat()}  # fmt: skip

    answer = check_in(browse("unit_member"), world, note="cover closed", **place)

    assert answer.json() == {"arrived": True}
    row = newest(before)
    assert (row.place_by, row.accuracy_m, row.age_minutes, row.is_sure) == ("device", 12, 2, True)
    assert Unit.objects.get(pk=row.unit_id).lon == pytest.approx(LON + 0.01)
    page = browse("operator").get("/units/check-ins/").content.decode()
    assert "cover closed" in page
    assert "to within 12 m" in page
    assert "2 min old" in page
    assert "not proven by the phone" not in page
    assert "cover closed" in browse("unit_member").get("/my/").content.decode()


def test_without_a_position_a_place_of_the_list_or_words_do(
    world: World, browse: Browse, before: set[int]
) -> None:
    browser, code = browse("unit_member"), world.records["area"].code

    check_in(browser, world, area=code, key="a")
    check_in(browser, world, place="third lamp", key="b")

    rows = CheckIn.everything.exclude(pk__in=before).order_by("pk")
    assert [row.place_by for row in rows] == ["list", "words"]
    page = browse("leader").get("/units/check-ins/").content.decode()
    assert page.count("not proven by the phone") == 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "Say where you are"),
        ({"lon": "107.4"}, "Say where you are"),
        ({"area": "nowhere"}, "Choose a place of the list."),
        ({"lon": "181", "lat": "29"}, "180"),
        ({"place": "x", "unit": "999999"}, "Unit"),
    ],
)
def test_a_check_in_of_nowhere_is_refused_with_words(
    body: dict[str, str], told: str, world: World, browse: Browse, before: set[int]
) -> None:
    answer = check_in(browse("unit_member"), world, **body)

    assert answer.status_code == 400
    assert told in answer.json()["reason"]
    assert not CheckIn.everything.exclude(pk__in=before).exists()


def test_nobody_checks_in_for_the_unit_of_others(
    world: World, browse: Browse, before: set[int]
) -> None:
    answer = check_in(browse("unit_member", elsewhere=True), world, place="x")

    assert answer.status_code == 400
    assert not CheckIn.everything.exclude(pk__in=before).exists()


def test_a_draft_that_arrives_twice_is_one_check_in_and_other_words_are_told(
    world: World, browse: Browse, before: set[int]
) -> None:
    browser = browse("unit_member")

    answers = [
        check_in(browser, world, place="third lamp", note=note).status_code
        for note in ("quiet", "quiet", "loud")
    ]

    assert answers == [200, 200, 400]
    assert newest(before).note == "quiet"


def test_a_check_in_that_waited_on_the_phone_keeps_its_time(
    world: World, browse: Browse, before: set[int]
) -> None:
    now = timezone.now()

    check_in(browse("unit_member"), world, place="x", sent_at=now.isoformat(),
             device_at=(now - timedelta(minutes=90)).isoformat())  # fmt: skip

    row = newest(before)
    assert row.received_at - row.at == timedelta(minutes=90)


def test_a_plain_form_comes_back_with_what_was_typed(world: World, browse: Browse) -> None:
    bad = SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")

    answer = browse("unit_member").post(
        reverse("web:check-in"),
        {"unit": world.records["unit"].pk, "place": "third lamp", "note": "kept", "photo": bad},
    )

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "third lamp" in page
    assert "kept" in page
    assert "The file is not a JPEG, PNG or WebP picture." in page


def test_each_look_at_a_photo_is_on_record(world: World, browse: Browse) -> None:
    row = world.records["check_in"]

    answer = browse("operator").get(reverse("web:check-in-photo", args=[row.pk]))

    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, no-store"
    leaf = AuditEntry.objects.get(verb="unit.photo")
    assert leaf.actor == f"account:{world.here['operator'].pk}"


def test_a_check_in_without_a_photo_has_none(
    world: World, browse: Browse, before: set[int]
) -> None:
    check_in(browse("unit_member"), world, place="x")

    answer = browse("operator").get(reverse("web:check-in-photo", args=[newest(before).pk]))

    assert answer.status_code == 404


def test_the_desk_of_another_town_sees_nothing(world: World, browse: Browse) -> None:
    here = browse("operator").get(f"/units/check-ins/?day={DAY}").content.decode()
    there = browse("operator", elsewhere=True).get(f"/units/check-ins/?day={DAY}").content.decode()

    assert ("all quiet" in here, "all quiet" in there) == (True, False)


@pytest.mark.parametrize("day", ["", "tomorrow", "2026-02-31", "9999-01-01", "-1"])
def test_a_day_that_is_none_or_has_not_come_is_today(
    day: str, world: World, browse: Browse
) -> None:
    answer = browse("operator").get("/units/check-ins/", {"day": day})

    assert str(timezone.localdate()) in answer.content.decode()


def test_the_list_can_be_narrowed_to_a_unit(world: World, browse: Browse) -> None:
    row = world.records["check_in"]
    browser = browse("operator")

    own = browser.get(f"/units/check-ins/?day={DAY}&unit={row.unit_id}").content.decode()
    none = browser.get(f"/units/check-ins/?day={DAY}&unit=999999").content.decode()

    assert "all quiet" in own
    assert "all quiet" in none, "a unit that is not there narrows nothing"


def test_the_list_needs_few_queries_however_long_it_is(
    world: World, browse: Browse, django_assert_max_num_queries: Any
) -> None:
    browser = browse("unit_member")
    for number in range(12):
        check_in(
            browser, world, place="x", key=str(number), photo=SimpleUploadedFile("a.jpg", photo())
        )
    desk = browse("operator")

    with django_assert_max_num_queries(14):
        page = desk.get("/units/check-ins/").content.decode()

    assert page.count("with photo") + page.count("photo.jpg") >= 12
