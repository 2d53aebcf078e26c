"""A resident is shown what was reported near by, and follows it instead of reporting it anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings

from zhizhi.engine import closing, reading, reporting, settings_in_force
from zhizhi.engine.models import Case, CaseLink, Report
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.tests.building import LAT, LON, NOON, area
from zhizhi.systems.grid.tests.packs import brought, row

pytestmark = pytest.mark.django_db
NOW = NOON + timedelta(hours=3)
NEAR = "/home/report/near/"


@pytest.fixture(autouse=True)
def district(tmp_path: Path) -> Iterator[None]:
    area()
    brought(
        row("lamp", name_en="Lamp out", radius_m="30"),
        row("pole", name_en="Bent pole", radius_m="30"), row("noise", kind="event"),
    )  # fmt: skip
    reading.forget()
    with override_settings(DATA=tmp_path), time_machine.travel(NOW, tick=False):
        yield
    reading.forget()


@pytest.fixture
def first() -> Report:
    new = NewReport(
        external_id="a" * 32, kind="grid.lamp", telling="my neighbour broke it", lon=LON, lat=LAT,
        place_by="map", occurred_at=NOON, place="at my door",
    )  # fmt: skip
    return reporting.file_report(new, now=NOON).report


def answer(client: Client, step: str, **told: Any) -> str:
    return str(client.post(f"/home/report/{step}/", told)["Location"])


def writer(kind: str = "grid.lamp", *, accuracy_m: float = 10) -> tuple[Client, str]:
    """Somebody who has said what and where, and where that led."""
    client = Client(headers={"accept-language": "en"})
    client.post("/home/report/")
    answer(client, "kind", kind=kind)
    answer(client, "telling", telling="dark")
    return client, answer(client, "where", lon=LON, lat=LAT, accuracy=accuracy_m)


def read(client: Client, path: str = NEAR) -> str:
    return client.get(path).content.decode()


def test_before_more_is_asked_the_same_near_by_is_shown_without_anything_personal(
    first: Report,
) -> None:
    client, led = writer()

    page = read(client)

    assert led == NEAR
    for told in ("Lamp out", "at most 10 m away", "3 h ago", "Somebody on duty looks at it"):
        assert told in page
    for kept in ("neighbour", "at my door", first.number, first.case.code, '<img src="/e'):
        assert kept not in page


def test_whoever_says_that_it_is_it_gets_a_receipt_and_the_case_is_one(first: Report) -> None:
    client, _led = writer()

    sent = client.post(NEAR, {"same": "1"})

    second = Report.everything.exclude(pk=first.pk).get()
    assert sent["Location"] == "/home/report/sent/"
    link = CaseLink.everything.get()
    assert (link.case_id, link.root_id) == (second.case_id, first.case_id)
    assert "dealt with together with what was reported before" in read(client, "/home/report/sent/")
    followed = read(client, f"/home/follow/{second.pk}/")
    assert "Others reported the same" in followed
    assert client.get(NEAR)["Location"] == "/home/report/sent/"
    assert client.post(NEAR, {"same": "1"})["Location"] == "/home/report/sent/"
    assert Report.everything.count() == 2


def test_none_of_these_goes_on_to_what_was_not_asked_yet(first: Report) -> None:
    client, _led = writer()

    assert 'href="/home/report/when/"' in read(client)
    answer(client, "when", when="now")
    answer(client, "photo")
    answer(client, "contact", way="anonymous")

    assert 'href="/home/report/check/"' in read(client)
    assert client.post("/home/report/send/")["Location"] == "/home/report/sent/"
    assert not CaseLink.everything.exists()
    assert Case.everything.filter(state="open").count() == 2


@pytest.mark.parametrize("chosen", ["", "0", "2", "-1", "x", "9" * 40])
def test_only_a_line_of_the_offer_can_be_followed(chosen: str, first: Report) -> None:
    client, _led = writer()

    assert client.post(NEAR, {"same": chosen})["Location"] == NEAR
    assert Report.everything.get() == first


def test_what_has_ended_meanwhile_is_not_offered_and_the_questions_go_on(first: Report) -> None:
    client, _led = writer()
    closing.dismiss(first.case, reason="seen", by="account:1", now=NOW)

    assert client.post(NEAR, {"same": "1"})["Location"] == NEAR
    assert client.get(NEAR)["Location"] == "/home/report/when/"


@pytest.mark.usefixtures("first")
def test_another_place_or_kind_is_another_question() -> None:
    client, _led = writer()
    far = {"lon": LON, "lat": LAT + 0.01, "accuracy": 10}

    assert answer(client, "where", check="1", **far) == "/home/report/when/"
    assert client.get(NEAR)["Location"] == "/home/report/when/"
    assert answer(client, "kind", check="1", kind="grid.noise") == "/home/report/when/"
    assert writer("grid.noise")[1] == writer("fishery.angling")[1] == "/home/report/when/"


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize(("accuracy_m", "is_asked"), [(249, True), (250, True), (251, False)])
def test_a_vague_place_is_near_nothing(accuracy_m: float, *, is_asked: bool) -> None:
    assert (writer(accuracy_m=accuracy_m)[1] == NEAR) == is_asked


@pytest.mark.usefixtures("first")
def test_one_address_looks_so_often_an_hour_and_then_reports_as_before() -> None:
    settings_in_force.change("residents.looks_near_per_address", 2, by="account:1", now=NOW)

    assert [writer()[1] == NEAR for _time in range(4)] == [True, True, False, False]
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert writer()[1] == NEAR


@pytest.mark.usefixtures("first")
def test_following_counts_as_a_report_and_what_is_refused_is_kept() -> None:
    settings_in_force.change("residents.reports_per_address", 1, by="account:1", now=NOW)
    (one, _led), (other, _led) = writer(), writer()

    assert one.post(NEAR, {"same": "1"}).status_code == 302
    refused = other.post(NEAR, {"same": "1"})

    assert refused.status_code == 429
    assert "Too many were sent from here" in refused.content.decode()
    assert Report.everything.count() == 2


def test_without_a_beginning_there_is_nothing_to_see(first: Report) -> None:
    stranger = Client()

    assert stranger.get(NEAR)["Location"] == "/home/report/"
    assert stranger.post(NEAR, {"same": str(first.case_id)})["Location"] == "/home/report/"
    assert Report.everything.get() == first
