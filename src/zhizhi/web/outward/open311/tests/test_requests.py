"""Requests: who lists them, what is told of them, and how they are asked for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.district_world import AT, LAT, LON, World

from zhizhi.directory.models import Area
from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Case, CaseAgency, Report
from zhizhi.engine.requesting import request_id
from zhizhi.trust import vault
from zhizhi.trust.models import AccessRecord
from zhizhi.web.outward.open311.tests.reading import xml
from zhizhi.web.outward.tests.asking import passed, program, reading
from zhizhi.web.tests.conftest import Browse

LIST = "/open311/requests.json"
AROUND = {"start_date": "2026-02-01T00:00:00Z"}
WORDS = re.compile(r"two men|rods|Wei|Xiaohe|120123|person|account|contact|photo", re.IGNORECASE)
HOUR = timedelta(hours=1)


def ids(client: Client, **asked: Any) -> list[str]:
    answer = client.get(LIST, asked)
    assert answer.status_code == 200, answer.content
    return [one["service_request_id"] for one in answer.json()]


def more_reports(world: World, count: int) -> list[Report]:
    """Add reports in cases of their own, each an hour later."""
    like, case, rows = world.records["report"], world.records["case"], []
    for number in range(1, count + 1):
        [(key, _opened)] = vault.make_keys(1, now=AT)
        own = Case.everything.create(
            key=f"r{number}", kind="resident-report", system="residents", area=case.area,
            area_path=case.area_path, lon=LON, lat=LAT, opened_at=AT, changed_at=AT,
        )  # fmt: skip
        row = Report.everything.create(
            source=like.source, external_id=f"m{number}", case=own, kind="residents.other", key=key,
            lon=LON, lat=LAT, place_by="map", occurred_at=AT, received_at=AT + number * HOUR,
            offset=number + 1,
        )  # fmt: skip
        rows.append(row)
    return rows


@pytest.fixture
def everybody(world: World) -> None:
    key = "residents.requests_listed_for"
    settings_in_force.change(key, "everybody", by="account:1", now=timezone.now())


def test_the_public_lists_nothing_by_itself(world: World) -> None:
    answer = Client().get(LIST, AROUND)

    [told] = answer.json()
    assert answer.status_code == told["code"] == 403
    assert "pass" in told["description"]


def test_whoever_knows_the_number_learns_service_state_times_and_about_where(world: World) -> None:
    report = world.records["report"]
    Case.everything.filter(pk=report.case_id).update(lon=LON + 0.001234, lat=LAT + 0.004321)
    browser = Client(headers={"accept-language": "en"})

    [told] = browser.get(f"/open311/requests/{request_id(report.pk)}.json").json()

    assert told == {
        "service_request_id": request_id(report.pk), "status": "open",
        "status_notes": "Dispatched", "service_name": "Somebody is fishing in the closed reach",
        "service_code": "fishery.angling", "description": "", "agency_responsible": "",
        "service_notice": "", "requested_datetime": "2026-03-01T12:00:00+08:00",
        "updated_datetime": "2026-03-01T12:00:00+08:00", "expected_datetime": "",
        "address": "990101001000000", "address_id": "", "zipcode": "", "lat": round(LAT, 2),
        "long": round(LON, 2), "media_url": "",
    }  # fmt: skip


def test_a_pass_reads_the_place_of_the_desk_and_the_agency(world: World) -> None:
    report, place = world.records["report"], {"lon": LON + 0.001234, "lat": LAT + 0.004321}
    Case.everything.filter(pk=report.case_id).update(**place)

    [told] = reading(world).get(LIST, AROUND).json()

    assert (told["long"], told["lat"]) == (place["lon"], place["lat"])
    assert told["agency_responsible"] == "Fishery"
    assert CaseAgency.objects.count() == 1


def test_nobody_reads_what_was_written_and_no_look_is_recorded(
    world: World, browse: Browse, everybody: None
) -> None:
    path = f"/open311/requests/{request_id(world.records['report'].pk)}"
    looks = AccessRecord.objects.count()

    for client in (Client(), reading(world), browse("operator")):
        for address in (LIST, "/open311/requests.xml", f"{path}.json", f"{path}.xml"):
            answer = client.get(address, AROUND if "requests." in address else {})
            assert answer.status_code == 200
            assert b"fishery.angling" in answer.content
            assert WORDS.search(answer.content.decode()) is None
    assert AccessRecord.objects.count() == looks


def test_a_building_is_never_named(world: World, everybody: None) -> None:
    town = world.records["area"]
    for kind, name, path in (("community", "Lane", "c/"), ("building", "House 7", "c/b/")):
        Area.objects.create(
            kind=kind, code=path, name=name, path=town.path + path, min_lon=LON, min_lat=LAT,
            max_lon=LON, max_lat=LAT, lon=LON, lat=LAT, valid_from=AT,
        )  # fmt: skip
    Case.everything.update(area_path=f"{town.path}c/b/")

    for client in (Client(), reading(world)):
        [told] = client.get(LIST, AROUND).json()
        assert told["address"] == "Lane, 990101001000000"


def test_a_neighbour_town_is_not_listed_and_told_as_to_the_public(
    world: World, browse: Browse
) -> None:
    there = Area.objects.exclude(pk=world.records["area"].pk).get()
    elsewhere = program(passed(there)[1])

    assert ids(elsewhere, **AROUND) == []
    assert ids(browse("operator", elsewhere=True), **AROUND) == []
    assert ids(browse("operator"), **AROUND) == [request_id(world.records["report"].pk)]
    number = request_id(world.records["report"].pk)
    [told] = elsewhere.get(f"/open311/requests/{number}.json").json()
    assert told["agency_responsible"] == ""


@pytest.mark.parametrize(
    "number",
    ["0", "1", "x", "1-", "1-0000000000000000", "-", "99999999999999999999-0", "河", "1-é"],
)
def test_no_number_can_be_guessed(number: str, world: World) -> None:
    answer = Client().get(f"/open311/requests/{number}.json")

    assert answer.status_code == 404
    assert answer.json()[0]["description"] == "service_request_id was not found."
    assert ids(Client(), service_request_id=f"{number},x") == []


def test_numbers_override_everything_else(world: World) -> None:
    [other] = more_reports(world, 1)
    both = [request_id(other.pk), request_id(world.records["report"].pk)]

    asked = ", ".join(both)

    assert ids(Client(), service_request_id=asked, start_date="nonsense", status="lost") == both
    assert ids(Client(), service_request_id=f"{both[0]},") == both[:1]


def test_an_answer_is_the_same_as_xml(world: World) -> None:
    more_reports(world, 2)
    client = reading(world)
    rows = client.get(LIST, AROUND).json()
    top = xml(client.get("/open311/requests.xml", AROUND))

    assert top.tag == "service_requests"
    told = [{one.tag: one.text or "" for one in node} for node in top.iterfind("request")]
    assert told == [{name: str(value) for name, value in row.items()} for row in rows]


def test_a_closed_one_says_when_it_ended(world: World) -> None:
    Case.everything.update(state="dismissed", closed_at=AT + HOUR, changed_at=AT + 2 * HOUR)
    client = reading(world)

    [told] = client.get(LIST, {**AROUND, "status": "closed"}).json()

    assert (told["status"], told["updated_datetime"]) == ("closed", "2026-03-01T13:00:00+08:00")
    assert ids(client, **AROUND, status="open") == []


def test_state_and_service_narrow_the_list(world: World) -> None:
    [other] = more_reports(world, 1)
    Case.everything.filter(pk=other.case_id).update(state="closed", closed_at=AT)
    client, both = reading(world), [request_id(other.pk), request_id(world.records["report"].pk)]

    assert ids(client, **AROUND, status="open") == both[1:]
    assert ids(client, **AROUND, status="closed") == both[:1]
    assert ids(client, **AROUND, status="open,closed") == both
    assert ids(client, **AROUND, status="") == both
    assert ids(client, **AROUND, service_code="residents.other") == both[:1]
    assert ids(client, **AROUND, service_code="residents.other,fishery.angling") == both


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        ("2026-03-01T04:00:00Z", "2026-03-01T07:00:00Z", 4),  # both ends are in
        ("2026-03-01T04:00:01Z", "2026-03-01T06:59:59Z", 2),
        ("2026-03-01T12:00:00+08:00", "", 4),
        ("", "2026-03-01T05:00:00Z", 2),
        ("2025-12-01T04:00:00Z", "2026-03-01T04:00:00Z", 1),  # exactly 90 days
        ("", "2026-05-30T04:00:00Z", 4),
        ("", "2026-05-30T04:00:01Z", 3),
    ],
)
def test_a_span_is_of_the_time_of_receipt(since: str, until: str, count: int, world: World) -> None:
    more_reports(world, 3)

    assert len(ids(reading(world), start_date=since, end_date=until)) == count


def test_without_a_span_it_is_the_last_ninety_days(world: World) -> None:
    client, now = reading(world), timezone.now()
    for age, count in ((89, 1), (91, 0)):
        Report.everything.update(received_at=now - timedelta(days=age))
        assert len(ids(client)) == count


BAD = [
    ("start_date=yesterday", "start_date"), ("start_date=2026-03-01", "start_date"),
    ("start_date=2026-03-01T00:00:00", "start_date"), ("end_date=2026-02-30T00:00:00Z", "end_date"),
    ("start_date=2026-03-02T00:00:00Z&end_date=2026-03-01T00:00:00Z", "end_date"),
    ("start_date=2025-12-01T00:00:00Z&end_date=2026-03-01T00:00:01Z", "start_date"),
    ("start_date=9999-12-31T00:00:00Z", "No calendar"), ("end_date=0001-01-02T00:00:00Z", "No cal"),
    ("start_date=0001-01-01T00:00:00%2B23:59", "start_date"), ("status=lost", "status"),
    ("status=OPEN", "status"), ("STATUS=open", "“STATUS” is no parameter"),
    ("page=2", "“page” is no parameter"), ("api_key=x", "“api_key” is no parameter"),
    ("status=open&status=closed", "“status” is given twice"),
    ("service_request_id=" + ",".join(["1"] * 1001), "At most 1000"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "words"), BAD)
def test_what_no_answer_fits_is_refused_with_what_to_do(
    query: str, words: str, world: World
) -> None:
    answer = reading(world).get(f"{LIST}?{query}")

    [told] = answer.json()
    assert (answer.status_code, list(told)) == (400, ["code", "description"])
    assert told["description"].startswith(words)


def test_an_unknown_service_is_not_found(world: World) -> None:
    assert reading(world).get(f"{LIST}?service_code=x").status_code == 404
    assert reading(world).get(f"{LIST}?extensions=true").status_code == 200


def test_a_wrong_pass_is_refused_and_never_taken_for_the_public(
    world: World, everybody: None
) -> None:
    for header in ("Bearer x", "Basic x", "x"):
        answer = Client(headers={"authorization": header}).get(LIST)
        assert (answer.status_code, answer.json()[0]["code"]) == (403, 403)


def test_at_most_a_thousand_are_told_the_newest_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = more_reports(world, 3)
    monkeypatch.setattr("zhizhi.web.outward.open311.finding.MOST", 2)

    assert ids(reading(world), **AROUND) == [request_id(one.pk) for one in rows[:0:-1]]


def test_who_asks_too_often_is_told_when_to_ask_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zhizhi.trust.allowances import Rate  # noqa: PLC0415
    from zhizhi.web.outward import reader  # noqa: PLC0415

    monkeypatch.setattr(reader, "RATE", Rate(2, reader.RATE.within))
    client = reading(world)

    told = [client.get(LIST).status_code for _ in range(2)]
    refused = client.get(LIST)

    assert (told, refused.status_code) == ([200, 200], 429)
    assert 1 <= int(refused["Retry-After"]) <= 30
    assert refused.json()[0]["code"] == 429


def test_a_list_asks_the_database_as_often_for_many_as_for_one(world: World) -> None:
    client, counts = reading(world), []
    client.get(LIST, AROUND)
    for count in (0, 20):
        more_reports(world, count)
        with CaptureQueriesContext(connection) as asked:
            assert len(client.get(LIST, AROUND).json()) == count + 1
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 10
