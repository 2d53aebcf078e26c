"""Discovery, services and definitions: the same content as JSON and as XML."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from tests.district_world import AT, LAT, LON, World

from zhizhi.directory.models import Area
from zhizhi.engine import reporting
from zhizhi.engine.system import ReportKind
from zhizhi.web.outward.open311.offering import kind_of
from zhizhi.web.outward.open311.tests.reading import xml

FIELDS = ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"]


def read(path: str, **asked: Any) -> Any:
    answer = Client(headers={"accept-language": "en"}).get(f"/open311/{path}", asked)
    assert answer.status_code == 200, answer.content
    return answer.json() if path.endswith("json") else xml(answer)


def test_discovery_leads_to_where_the_services_are(world: World) -> None:
    told = read("discovery.json")

    [endpoint] = told["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"] == "http://testserver/open311"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert told["contact"]
    assert "/walls/" in told["key_service"]
    changed = datetime.fromisoformat(told["changeset"])
    assert changed.tzinfo is not None
    assert changed < datetime.now(changed.tzinfo)


def test_discovery_is_the_same_as_xml(world: World) -> None:
    told = read("discovery.xml")

    assert told.tag == "discovery"
    assert [one.text for one in told.iterfind("endpoints/endpoint/formats/format")] == [
        "text/xml", "application/json",
    ]  # fmt: skip
    assert Client().get("/open311/discovery.xml")["Content-Type"] == "text/xml"


def test_every_kind_that_residents_are_asked_for_is_a_service(world: World) -> None:
    told = read("services.json")

    kinds = reporting.kinds().values()
    assert [one["service_code"] for one in told] == [
        kind.code for kind in kinds if kind.is_for_residents
    ]
    assert all(list(one) == FIELDS for one in told)
    assert {one["type"] for one in told} == {"realtime"}
    assert all(one["service_name"] and one["description"] for one in told)
    assert next(one for one in told if one["service_code"] == "fishery.angling")["group"]


def test_a_kind_stands_in_the_groups_above_it_and_one_for_staff_is_not_offered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = ReportKind("grid.lamp", "Lamp", "x", groups=(("a", "Street"), ("b", "Light")))
    desk = ReportKind("grid.desk", "Desk", "x", is_for_residents=False)
    monkeypatch.setattr(reporting, "kinds", lambda: {one.code: one for one in (lamp, desk)})

    [told] = read("services.json")

    assert (told["service_code"], told["group"], told["keywords"]) == (
        "grid.lamp", "Street", "Light",
    )  # fmt: skip
    assert Client().get("/open311/services/grid.desk.json").status_code == 404
    assert kind_of("grid.desk", is_known=True) == desk


def test_the_services_are_the_same_as_xml(world: World) -> None:
    rows = read("services.json")
    nodes = read("services.xml")

    assert nodes.tag == "services"
    for row, node in zip(rows, nodes.iterfind("service"), strict=True):
        told = {one.tag: one.text or "" for one in node}
        assert told == {**row, "metadata": "true"}


def test_a_definition_asks_when_and_for_the_consent(world: World) -> None:
    told = read("services/fishery.angling.json")

    assert told["service_code"] == "fishery.angling"
    when, agreed = told["attributes"]
    assert (when["code"], when["datatype"], when["order"]) == ("occurred_at", "datetime", 1)
    assert (agreed["code"], agreed["datatype"], agreed["order"]) == (
        "contact_consent", "singlevaluelist", 2,
    )  # fmt: skip
    assert [one["key"] for one in agreed["values"]] == ["contact@2"]
    assert agreed["description"].startswith("Name and number are used only to call you")
    assert "365 days" in agreed["description"]
    assert not any(one["required"] for one in told["attributes"])


def test_the_definition_is_the_same_as_xml(world: World) -> None:
    top = read("services/residents.other.xml")

    assert top.tag == "service_definition"
    assert top.findtext("service_code") == "residents.other"
    assert top.findtext("attributes/attribute[2]/values/value/key") == "contact@2"
    assert top.findtext("attributes/attribute/variable") == "true"


def test_a_service_that_there_is_not_is_an_error_in_both_forms(world: World) -> None:
    path = "/open311/services/nobody.knows"
    [told] = Client().get(f"{path}.json").json()
    answer = Client().get(f"{path}.xml")

    assert told["code"] == answer.status_code == 404
    assert told["description"].startswith("service_code “nobody.knows” was not found")
    errors = xml(answer)
    assert (errors.tag, errors.findtext("error/code")) == ("errors", "404")
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")


@pytest.mark.parametrize("form", ["html", "xlsx", "JSON", "x-y"])
def test_another_form_is_an_error(form: str, world: World) -> None:
    answer = Client().get(f"/open311/services.{form}")

    assert answer.status_code == 404
    assert xml(answer).findtext("error/code") == "404"


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_what_is_only_read_says_so(method: str, world: World) -> None:
    answer = getattr(Client(), method)("/open311/services.json")

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer.json()[0]["code"] == 405


def test_the_jurisdiction_may_be_named_and_no_other(world: World) -> None:
    Area.objects.create(
        kind="district", code="990101000000000", name="D", path="/990101000000000/", min_lon=LON,
        min_lat=LAT, max_lon=LON, max_lat=LAT, lon=LON, lat=LAT, valid_from=AT,
    )  # fmt: skip

    for good in ("", "990101000000000", "testserver"):
        assert read("services.json", jurisdiction_id=good)
    for bad in ("990101001000000", "sfgov.org", "河" * 300, "é"):
        answer = Client().get("/open311/services.json", {"jurisdiction_id": bad})
        assert answer.status_code == 404
        assert answer.json()[0]["description"].startswith("jurisdiction_id")


def test_nothing_here_is_kept_by_caches(world: World) -> None:
    for path in ("discovery.json", "services.xml", "services/none.json"):
        assert Client().get(f"/open311/{path}")["Cache-Control"] == "private, no-store"
