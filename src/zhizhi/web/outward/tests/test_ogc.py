"""The map interface: what is read, by whom, in which pages, and what is told of it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import shapely
from django.test import Client
from django.utils import timezone
from tests.district_world import AT, LAT, LON, World

from zhizhi.directory import walls
from zhizhi.directory.models import Area, Unit
from zhizhi.engine.models import Alert, Case, Zone
from zhizhi.trust.allowances import Rate
from zhizhi.trust.models import AccessRecord, AuditEntry
from zhizhi.web.outward.asking import MOST
from zhizhi.web.outward.reader import RATE
from zhizhi.web.outward.tests.asking import HOUR, ids, more_cases, passed, program, reading
from zhizhi.web.tests.conftest import Browse

CASES = "/ogc/collections/cases/items"
ZONES = "/ogc/collections/zones/items"
AREAS = "/ogc/collections/areas/items"


def links(told: dict[str, Any]) -> dict[str, str]:
    return {one["rel"]: one["href"].removeprefix("http://testserver") for one in told["links"]}


def named(client: Client) -> list[str]:
    return [one["id"] for one in client.get("/ogc/collections").json()["collections"]]


def test_the_first_page_leads_to_everything_else(world: World) -> None:
    told = links(Client().get("/ogc/").json())

    assert told == {
        "self": "/ogc/", "service-desc": "/ogc/api", "conformance": "/ogc/conformance",
        "data": "/ogc/collections",
    }  # fmt: skip
    assert all(Client().get(path).status_code == 200 for path in told.values())
    assert len(Client().get("/ogc/conformance").json()["conformsTo"]) == 3


def test_the_description_knows_every_parameter_that_is_taken(world: World) -> None:
    told = Client().get("/ogc/api").json()
    operation = told["paths"]["/collections/{collection}/items"]["get"]

    names = {one["name"] for one in operation["parameters"] if one["in"] == "query"}

    assert names == {"bbox", "datetime", "limit", "after", "f"}
    assert "429" in operation["responses"]


def test_the_public_reads_areas_and_announced_zones_and_nothing_of_cases(world: World) -> None:
    client = Client()

    assert named(client) == ["areas", "zones"]
    assert ids(client, ZONES) == ["reach-1"]
    for name in ("cases", "units", "alerts"):
        answer = client.get(f"/ogc/collections/{name}/items")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert "features" not in answer.json()


def test_the_public_sees_no_zone_of_a_kind_that_is_not_announced(world: World) -> None:
    Zone.objects.update(kind="stake_out")

    assert ids(Client(), ZONES) == []
    assert ids(reading(world), ZONES) == ["reach-1"]


def test_the_public_sees_towns_and_no_grid_cell(world: World) -> None:
    town = world.records["area"]
    Area.objects.create(
        kind="grid_cell", code="c" * 15, name="cell", path=f"{town.path}c/", min_lon=LON,
        min_lat=LAT, max_lon=LON, max_lat=LAT, lon=LON, lat=LAT, valid_from=AT,
    )  # fmt: skip

    assert len(ids(Client(), AREAS)) == 2
    assert len(ids(reading(world), AREAS)) == 3


def test_a_case_is_told_without_whom_it_is_about(world: World) -> None:
    case = world.records["case"]

    told = reading(world).get(f"{CASES}/{case.pk}").json()

    assert told["geometry"] == {"type": "Point", "coordinates": [LON, LAT]}
    assert told["properties"] == {
        "number": case.code, "kind": "illegal-fishing", "state": "dispatched",
        "severity": "important", "opened_at": "2026-03-01T04:00:00Z",
        "changed_at": "2026-03-01T04:00:00Z", "closed_at": None, "zone": "reach-1",
        "area_code": "990101001000000", "unit": "boat-990101001000000",
    }  # fmt: skip


PERSONAL = re.compile(r"subject|wei|120123|rods|person|report|account|explanation|acknowledged_by")


@pytest.mark.parametrize("name", ["areas", "zones", "cases", "units", "alerts"])
def test_nothing_about_people_is_told_and_so_no_look_is_recorded(name: str, world: World) -> None:
    client, looks = reading(world), AccessRecord.objects.count()

    features = client.get(f"/ogc/collections/{name}/items").json()["features"]

    assert features
    assert PERSONAL.search(json.dumps(features).lower()) is None
    assert AccessRecord.objects.count() == looks


def test_a_report_lies_where_the_desk_shows_its_case_and_not_where_it_was_told(
    world: World,
) -> None:
    world.records["report"].lon, world.records["report"].lat = 107.123456, 29.654321
    world.records["report"].save(update_fields=["lon", "lat"])

    text = reading(world).get(CASES).content.decode()

    assert "107.123456" not in text
    assert "29.654321" not in text


def test_the_cases_of_a_neighbour_town_never_appear(world: World, browse: Browse) -> None:
    there = Area.objects.exclude(pk=world.records["area"].pk).get()
    elsewhere = program(passed(there)[1])

    assert ids(elsewhere, CASES) == []
    assert elsewhere.get(f"{CASES}/{world.records['case'].pk}").status_code == 404
    assert ids(browse("operator", elsewhere=True), CASES) == []
    assert ids(elsewhere, "/ogc/collections/alerts/items") == []
    assert ids(elsewhere, "/ogc/collections/units/items") == ["boat-990101002000000"]
    assert ids(browse("operator"), CASES) == [world.records["case"].pk]


def test_a_unit_member_reads_the_own_case_and_no_list_of_units(
    world: World, browse: Browse
) -> None:
    more_cases(world, 2)
    member = browse("unit_member")

    assert ids(member, CASES) == [world.records["case"].pk]
    assert member.get("/ogc/collections/units/items").status_code == 403
    assert named(member) == ["areas", "zones", "cases", "alerts"]


def test_a_unit_off_duty_has_no_place(world: World) -> None:
    path, box = "/ogc/collections/units/items", f"?bbox={LON - 1},{LAT - 1},{LON + 1},{LAT + 1}"
    client = reading(world)
    assert client.get(path + box).json()["features"][0]["geometry"] is not None

    Unit.objects.update(status="off_duty")

    [told] = client.get(path).json()["features"]
    assert (told["geometry"], told["properties"]["position_at"]) == (None, None)
    assert ids(client, path + box) == []


@pytest.mark.parametrize(
    ("limit", "shown", "is_more"), [(4, 4, True), (5, 5, False), (6, 5, False)]
)
def test_a_page_leads_on_while_there_is_more(
    limit: int,
    shown: int,
    is_more: bool,
    world: World,
) -> None:
    more_cases(world, 4)

    told = reading(world).get(f"{CASES}?limit={limit}").json()

    assert told["numberReturned"] == len(told["features"]) == shown
    assert ("next" in links(told)) is is_more


def test_each_case_is_on_one_page_while_others_come_and_change(world: World) -> None:
    client = reading(world)
    there = sorted([world.records["case"].pk, *(one.pk for one in more_cases(world, 9))])
    path, found = f"{CASES}?limit=3", []
    while path:
        told = client.get(path).json()
        found += [one["id"] for one in told["features"]]
        Case.everything.filter(pk=there[0]).update(
            state="closed", changed_at=AT + len(found) * HOUR
        )
        if len(found) < 7:
            more_cases(world, 2, lon=LON + len(found) / 100)
        path = links(told).get("next", "")

    assert len(found) == len(set(found)) == 14
    assert set(there) <= set(found)


def test_alerts_go_on_after_their_own_kind_of_key(world: World) -> None:
    alert = world.records["alert"]
    for letter in "bcde":
        alert.pk = letter * 32
        alert.save(force_insert=True)

    found = ids(reading(world), "/ogc/collections/alerts/items?limit=2")

    assert found == [letter * 32 for letter in "abcde"]


@pytest.mark.parametrize(
    ("box", "count"),
    [
        ((0, 0, 1, 1), 0),
        ((LON, LAT, LON, LAT), 1),  # on the edge
        ((LON + 0.0005, LAT - 1, LON + 1, LAT + 1), 2),
        ((LON - 1, LAT - 1, LON + 0.001, LAT + 1), 2),
        ((LON - 1, LAT - 1, 0, LON + 1, LAT + 1, 99), 3),  # with heights
        ((170, LAT - 1, LON + 0.001, LAT + 1), 2),  # across the date line
        ((LON + 0.001, LAT - 1, -170, LAT + 1), 2),
    ],
)
def test_a_box_holds_the_cases_in_it(box: tuple[float, ...], count: int, world: World) -> None:
    more_cases(world, 2)

    assert len(ids(reading(world), f"{CASES}?bbox={','.join(map(str, box))}")) == count


def test_a_box_beside_an_outline_and_inside_the_box_around_it_holds_no_zone(world: World) -> None:
    corner = shapely.Polygon([(LON, LAT), (LON + 0.1, LAT), (LON, LAT + 0.1)])
    Zone.objects.update(boundary=shapely.to_wkb(corner))
    client = reading(world)

    assert ids(client, f"{ZONES}?bbox={LON + 0.08},{LAT + 0.08},{LON + 0.1},{LAT + 0.1}") == []
    assert ids(client, f"{ZONES}?bbox={LON + 0.04},{LAT + 0.04},{LON + 0.1},{LAT + 0.1}") != []


def test_a_page_is_full_though_outlines_before_it_only_come_near(world: World) -> None:
    beside = shapely.Polygon([(LON, LAT), (LON + 0.1, LAT), (LON, LAT + 0.1)])
    inside = shapely.box(LON, LAT, LON + 0.1, LAT + 0.1)
    Zone.objects.all().delete()
    for key, shape in (("a", beside), ("b", beside), ("c", inside), ("d", inside), ("e", inside)):
        Zone.objects.create(
            key=key, kind="no_fishing", name=key, created_at=AT, boundary=shapely.to_wkb(shape),
            created_by="worker",
        )  # fmt: skip
    box = f"{LON + 0.08},{LAT + 0.08},{LON + 0.1},{LAT + 0.1}"

    first = Client().get(f"{ZONES}?bbox={box}&limit=2").json()

    assert [one["id"] for one in first["features"]] == ["c", "d"]
    assert ids(Client(), f"{ZONES}?bbox={box}&limit=2") == ["c", "d", "e"]


@pytest.mark.parametrize(
    ("during", "count"),
    [
        ("2026-03-01T04:00:00Z", 1),
        ("2026-03-01T03:59:59Z", 0),
        ("2026-03-01T12:00:00%2B08:00", 1),  # the same moment, as a clock of the district has it
        ("../2026-03-01T04:59:59Z", 1),
        ("../2026-03-01T05:00:00Z", 2),
        ("2026-03-01T07:00:00Z/..", 2),
        ("2026-03-01T07:00:01Z/", 1),
        ("../..", 2),
    ],
)
def test_a_case_is_there_from_its_opening_to_its_end(during: str, count: int, world: World) -> None:
    more_cases(world, 1, opened_at=AT + HOUR, state="closed", closed_at=AT + 3 * HOUR)

    assert len(ids(reading(world), f"{CASES}?datetime={during}")) == count


BAD = [
    ("bbox=1,2,3", "bbox"), ("bbox=1,2,3,4,5", "bbox"), ("bbox=", "bbox"), ("bbox=a,b,c,d", "bbox"),
    ("bbox=107,30,108,29", "bbox"), ("bbox=29,107,30,108", "bbox"), ("bbox=nan,1,2,3", "bbox"),
    ("bbox=0,0,inf,1", "bbox"), ("bbox=0,0,180.1,1", "bbox"), ("bbox=0,-90.1,1,1", "bbox"),
    ("datetime=yesterday", "datetime"), ("datetime=2026-03-01", "datetime"),
    ("datetime=2026-03-01T04:00:00", "datetime"), ("datetime=2026-02-30T04:00:00Z", "datetime"),
    ("datetime=..", "datetime"), ("datetime=", "datetime"), ("datetime=a/b/c", "datetime"),
    ("datetime=0001-01-01T00:00:00%2B23:59", "datetime"),
    ("datetime=2026-03-02T00:00:00Z/2026-03-01T00:00:00Z", "datetime"),
    ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=1.5", "limit"), ("limit=x", "limit"),
    ("limit=", "limit"), ("limit=99999999999999999999", "limit"), ("after=x", "after"),
    ("after=-1", "after"), ("after=99999999999999999999", "after"),
    ("state=open", "unknown-parameter"), ("BBOX=1,2,3,4", "unknown-parameter"),
    ("limit=1&limit=2", "given-twice"), ("f=html", "unknown-form"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "code"), BAD)
def test_what_no_answer_fits_is_refused_with_what_to_do(
    query: str, code: str, world: World
) -> None:
    answer = reading(world).get(f"{CASES}?{query}")

    told = answer.json()
    assert answer.status_code == told["status"] == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert told["code"] == code
    assert len(told["detail"]) > 20
    assert told["description"] == told["detail"]


@pytest.mark.parametrize("limit", [1, MOST - 1, MOST, MOST + 1])
def test_more_than_may_be_means_as_many_as_may_be(limit: int, world: World) -> None:
    assert reading(world).get(f"{CASES}?limit={limit}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "cases/items/0", "cases/items/x", "cases/items/99999999999999999999", "zones/items/%00",
        "zones/items/x", "alerts/items/%27", "units/items/x%2Fy", "people", "people/items",
        "cases/items/1.0", "a,b", "a,b/items/1", "zones/items/reach-1/",
    ],
)  # fmt: skip
def test_what_there_is_not_is_said_to_be_not_there(path: str, world: World) -> None:
    answer = reading(world).get(f"/ogc/collections/{path}")

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert len(answer.json()["detail"]) > 20


def test_no_address_takes_an_unknown_parameter(world: World) -> None:
    for path in ("", "api", "conformance", "collections", "collections/zones",
                 "collections/zones/items", "collections/zones/items/reach-1"):  # fmt: skip
        assert Client().get(f"/ogc/{path}?x=1").status_code == 400, path
        assert Client().get(f"/ogc/{path}?f=json").status_code == 200, path


def test_a_pass_opens_as_bearer_token_and_as_password(world: World) -> None:
    row, token = passed(world.records["area"])

    for basic in (False, True):
        assert ids(program(token, basic=basic), CASES) == [world.records["case"].pk]
    opened = AuditEntry.objects.filter(verb="wall.open", actor=f"wall:{row.pk}")
    assert opened.count() == 1


@pytest.mark.parametrize(
    "header", ["Bearer x", "Bearer", "Basic x", "Basic eDp5", "Basic /w==", "Digest a", "x"]
)
def test_a_wrong_pass_is_never_taken_for_the_public(header: str, world: World) -> None:
    client = Client(headers={"authorization": header})

    for path in ("/ogc/collections", ZONES, CASES):
        assert client.get(path).status_code == 401


def test_a_pass_that_ended_or_was_withdrawn_or_is_of_a_screen_opens_nothing(world: World) -> None:
    area = world.records["area"]
    ended = passed(area, until=timezone.now() - timedelta(seconds=1))[1]
    row, withdrawn = passed(area)
    walls.withdraw(row, by="account:1", now=AT)
    _screen, shown = walls.issue("Left", area, expires_at=None, by="account:1", now=AT)

    for token, code in ((ended, "expired"), (withdrawn, "withdrawn"), (shown, "none")):
        answer = program(token).get(CASES)
        assert (answer.status_code, answer.json()["code"]) == (401, f"pass-{code}")


def test_a_pass_of_a_program_opens_no_wall(world: World) -> None:
    token = passed(world.records["area"])[1]

    assert Client().get(f"/wall/?token={token}").status_code == 403


def test_who_asks_too_often_is_told_when_to_ask_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhizhi.web.outward.reader.RATE", Rate(2, RATE.within))
    client, other = reading(world), reading(world)

    told = [client.get(CASES).status_code for _ in range(2)]
    refused = client.get(CASES)

    assert (told, refused.status_code) == ([200, 200], 429)
    assert 1 <= int(refused["Retry-After"]) <= 30
    assert other.get(CASES).status_code == 200


@pytest.mark.parametrize(
    ("name", "most"), [("areas", 5), ("zones", 5), ("cases", 5), ("units", 5), ("alerts", 5)]
)
def test_a_page_asks_the_database_as_often_for_many_as_for_one(
    name: str, most: int, world: World, django_assert_num_queries: Any
) -> None:
    more_cases(world, 40)
    client = reading(world)
    client.get(f"/ogc/collections/{name}/items")  # the first of the day is put on record

    with django_assert_num_queries(most):
        client.get(f"/ogc/collections/{name}/items")


def test_an_alert_tells_what_was_found_and_when_it_was_over(world: World) -> None:
    Alert.everything.update(cleared_at=AT + HOUR)

    [told] = reading(world).get("/ogc/collections/alerts/items").json()["features"]

    assert told["id"] == "a" * 32
    assert told["properties"]["case"] == world.records["case"].code
    assert told["properties"]["certainty"] == "likely"
    assert told["properties"]["cleared_at"] == "2026-03-01T05:00:00Z"
