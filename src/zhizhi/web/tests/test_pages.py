"""Zones, messages, health, signing in, and the map's data."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from tests.district_world import LAT, LON, World

from zhizhi.directory import second_factor
from zhizhi.directory.tests.authenticating import app_code
from zhizhi.engine.models import Message, Source, Zone
from zhizhi.web.tests.conftest import Browse


def drawing(name: str = "新区") -> str:
    ring = [[LON, LAT], [LON + 0.1, LAT], [LON + 0.1, LAT + 0.1], [LON, LAT]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return json.dumps({"type": "Feature", "properties": {"name": name}, "geometry": geometry})


def import_zone(browser: Client, *, is_tried: bool = True, **body: Any) -> Any:
    """Import a zone; to put it in force, first look at what it would find."""
    told = {"geojson": drawing(), "crs": "WGS84", "reason": "notice 3", **body}
    if is_tried and "save" in told:
        shown = browser.post("/zones/import/", {**told, "save": ""}).context.get("preview")
        told["tried"] = shown["proof"] if shown else ""
    return browser.post("/zones/import/", told)


def test_a_preview_saves_nothing(world: World, browse: Browse) -> None:
    page = import_zone(browse("administrator"))

    assert [draft.name for draft in page.context["preview"]["drafts"]] == ["新区"]
    assert Zone.objects.count() == 1


def test_what_was_previewed_is_put_in_force_as_the_next_version(
    world: World, browse: Browse
) -> None:
    zone = world.records["zone"]
    body = {"key": zone.key, "name": "Reach", "seen": json.dumps({zone.key: zone.version})}

    answer = import_zone(browse("administrator"), **body, save="1")

    current = Zone.objects.get(key=zone.key, is_current=True)
    assert (answer.status_code, current.version) == (302, zone.version + 1)
    assert current.created_by == f"account:{world.here['administrator'].pk}"


def test_a_zone_that_another_has_redrawn_meanwhile_is_not_overwritten(
    world: World, browse: Browse
) -> None:
    zone = world.records["zone"]
    body = {"key": zone.key, "name": "Reach", "seen": json.dumps({zone.key: zone.version})}
    import_zone(browse("administrator", elsewhere=True), **body, save="1")

    answer = import_zone(browse("administrator"), **body, save="1")

    assert answer.status_code == 409
    assert str(world.elsewhere["administrator"]) in answer.content.decode()
    assert Zone.objects.filter(key=zone.key).count() == 2


def test_a_file_that_cannot_be_read_is_told_and_kept(world: World, browse: Browse) -> None:
    answer = import_zone(browse("administrator"), geojson="{", save="1")

    assert answer.status_code == 400
    assert "Nothing was saved." in answer.content.decode()


def test_a_retired_zone_is_out_of_force_and_cannot_be_retired_again(
    world: World, browse: Browse
) -> None:
    address = reverse("web:zone-retire", args=["reach-1"])

    assert browse("administrator").post(address).status_code == 302
    assert not Zone.objects.filter(is_current=True).exists()
    assert browse("administrator").post(address).status_code == 404


def test_a_message_is_read_by_those_whom_it_addresses(world: World, browse: Browse) -> None:
    message = world.records["message"]
    address = reverse("web:message-read", args=[message.pk])

    assert browse("operator", elsewhere=True).post(address).status_code == 404
    assert browse("operator").post(address).status_code == 302
    assert Message.everything.get(pk=message.pk).read_at is not None


def test_a_message_whose_template_is_gone_still_opens_the_page(
    world: World, browse: Browse
) -> None:
    Message.everything.update(payload={})

    page = browse("operator").get("/messages/")

    assert "This message has no text any more." in page.content.decode()


def test_the_health_page_names_what_is_missing(world: World, browse: Browse) -> None:
    page = browse("auditor").get("/health/").content.decode()

    assert "no worker is running" in page
    assert "AIS" in page


def test_pages_of_the_house_are_not_called_silent_and_keep_the_name_of_the_district(
    world: World, browse: Browse
) -> None:
    Source.objects.update(last_arrival_at=timezone.now())
    with translation.override("en"):
        made = Source.of_pages("own", gettext_lazy("Residents' pages"), "reports.v1")
    with translation.override("zh-hans"):
        assert made.name == str(gettext_lazy("Residents' pages"))

    assert "all send" in browse("auditor").get("/health/").content.decode()

    Source.objects.filter(pk=made.pk).update(kind="http_push")
    assert "1 of" in browse("auditor").get("/health/").content.decode()


@pytest.mark.django_db
def test_a_load_balancer_is_told_that_the_database_answers() -> None:
    assert Client().get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_a_load_balancer_is_told_when_the_database_does_not_answer() -> None:
    def away(*_arguments: Any) -> Any:
        raise OperationalError

    with connection.execute_wrapper(away):
        answer = Client().get("/healthz")

    assert answer.status_code == 503


@pytest.mark.django_db
def test_a_page_without_a_database_says_that_nothing_was_saved(world: World) -> None:
    def away(*_arguments: Any) -> Any:
        raise OperationalError

    stranger = Client(headers={"accept-language": "en"})
    with connection.execute_wrapper(away):
        answer = stranger.post("/sign-in/", {"username": "nobody", "password": "x"})

    assert answer.status_code == 503
    assert "Nothing was saved." in answer.content.decode()


@pytest.mark.parametrize(
    ("role", "start"),
    [
        ("operator", "/desk/"), ("inspector", "/desk/"), ("leader", "/desk/"),
        ("unit_member", "/my/"), ("agency_officer", "/fishery/agency/"),
        ("technical_reviewer", "/fishery/violations/"), ("administrator", "/zones/"),
        ("auditor", "/health/"), ("security_administrator", "/accounts/"),
    ],
)  # fmt: skip
def test_everybody_starts_with_the_own_work(
    role: str, start: str, world: World, browse: Browse
) -> None:
    assert browse(role).get("/")["Location"] == start


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/desk/?q=1", "/desk/?q=1"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("-181", "/"),
        ("desk", "/"),
    ],
)
def test_signing_in_leads_back_to_pages_of_ours_alone(
    wanted: str, led_to: str, world: World
) -> None:
    body = {"username": "nobody", "password": "lantern-7-boats", "next": wanted}

    stranger = Client()
    stranger.post("/sign-in/", body)
    assert world.nobody is not None
    app = "MEQHGZLDOJSXIIDPMYQDEMBAMJ4XIZLT"
    then, now = timezone.now() - timedelta(hours=1), timezone.now()
    second_factor.add_app(world.nobody, app, app_code(app, then), is_first=True, now=then)
    stranger.post("/sign-in/", body)
    code = app_code(app, now)

    assert stranger.post("/sign-in/code/", {"code": code})["Location"] == led_to


@pytest.mark.django_db
def test_a_wrong_password_says_so_and_keeps_the_name(world: World) -> None:
    stranger = Client(headers={"accept-language": "en"})

    answer = stranger.post("/sign-in/", {"username": "nobody", "password": "wrong"})

    assert answer.status_code == 422
    assert "Name or password is wrong." in answer.content.decode()
    assert 'value="nobody"' in answer.content.decode()


def test_area_shapes_are_sent_once(world: World, browse: Browse) -> None:
    reader = browse("operator")
    first = reader.get("/geo/areas.geojson", headers={"accept-encoding": "gzip"})

    again = reader.get("/geo/areas.geojson", headers={"if-none-match": first["ETag"]})
    plain = reader.get("/geo/areas.geojson")

    assert again.status_code == 304
    assert gzip.decompress(first.content) == plain.content
    names = [one["properties"].get("name") for one in json.loads(plain.content)["features"]]
    assert "990101001000000" in names


def test_the_zones_in_force_are_drawn(world: World, browse: Browse) -> None:
    [zone] = browse("unit_member").get("/geo/zones.geojson").json()["features"]

    assert (zone["id"], zone["properties"]) == ("reach-1", {"name": "Reach", "open": True})
