"""The feed of alerts: what is told when one is raised, over, or a false alarm, and to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
import time_machine
from django.test import Client, override_settings
from tests.district_world import AT, LAT, LON, World

from zhizhi.directory.models import Area
from zhizhi.engine.models import Alert, Case, Zone
from zhizhi.web.outward.cap import KEPT
from zhizhi.web.outward.cap_xml import ATOM, CAP
from zhizhi.web.outward.tests.asking import HOUR, passed, program, reading
from zhizhi.web.tests.conftest import Browse

ID = "a" * 32
URL = f"/cap/{ID}/alert.xml"
SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.django_db


def read(client: Client, path: str = URL) -> ElementTree.Element:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return ElementTree.fromstring(answer.content)  # noqa: S314 - our own


def word(top: ElementTree.Element, path: str, space: str = CAP) -> str:
    """Return the text of the first element of a path such as "info/event"."""
    return top.findtext("/".join(f"{{{space}}}{name}" for name in path.split("/"))) or ""


def entries(client: Client) -> list[str]:
    """Return where the entries of the feed lead to."""
    links = read(client, "/cap/").iterfind(f"{{{ATOM}}}entry/{{{ATOM}}}link")
    return [link.attrib["href"].removeprefix("http://testserver/cap/") for link in links]


def test_an_alert_is_told_with_its_own_urgency_severity_and_certainty(world: World) -> None:
    client = reading(world)
    assert client.get(URL)["Content-Type"] == "application/cap+xml; charset=utf-8"

    told = read(client)

    facts = {
        "identifier": f"{ID}.alert", "sender": "zhizhi@testserver", "status": "Actual",
        "sent": "2026-03-01T12:00:00+08:00", "msgType": "Alert", "scope": "Restricted",
        "references": "", "info/category": "Env", "info/urgency": "Immediate",
        "info/severity": "Moderate", "info/certainty": "Likely", "info/responseType": "Assess",
        "info/onset": "2026-03-01T12:00:00+08:00", "info/parameter/value": "FI-260301-",
        "info/area/areaDesc": "990101001000000 Reach",
        "info/area/geocode/value": "990101001000000",
    }  # fmt: skip
    assert {name: word(told, name)[: len(fact) or None] for name, fact in facts.items()} == facts


def test_an_alert_is_told_in_chinese_and_in_english(world: World) -> None:
    told = read(reading(world))

    both = [
        (one.findtext(f"{{{CAP}}}language"), one.findtext(f"{{{CAP}}}event"))
        for one in told.iterfind(f"{{{CAP}}}info")
    ]
    assert both == [("zh-CN", "非法捕捞"), ("en-US", "Illegal fishing")]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("urgent", "Severe"), ("important", "Moderate"), ("normal", "Minor"), ("x", "Unknown")],
)
def test_the_severity_is_that_of_the_alert(ours: str, theirs: str, world: World) -> None:
    Alert.everything.update(severity=ours)

    assert word(read(reading(world)), "info/severity") == theirs


def test_words_that_cap_does_not_know_are_unknown(world: World) -> None:
    Alert.everything.update(urgency="soon", certainty="sure")

    told = read(reading(world))

    assert (word(told, "info/urgency"), word(told, "info/certainty")) == ("Unknown", "Unknown")


def test_a_demonstration_is_an_exercise(world: World) -> None:
    with override_settings(DEMO=True):
        assert word(read(reading(world)), "status") == "Exercise"


def test_the_place_is_the_zone_as_it_was_with_latitude_first(world: World) -> None:
    old = shapely.MultiPolygon([shapely.box(1, 2, 3, 4), shapely.box(5, 6, 7, 8)])
    Zone.objects.create(
        key="reach-1", kind="no_fishing", name="Old", version=9, is_current=False, created_at=AT,
        boundary=shapely.to_wkb(old), created_by="worker",
    )  # fmt: skip
    Alert.everything.update(explanation={"zone": {"key": "reach-1", "version": 9}})

    told = read(reading(world))

    rings = [one.text or "" for one in told.find(f"{{{CAP}}}info").iter(f"{{{CAP}}}polygon")]  # type: ignore[union-attr]
    assert [ring.split()[0] for ring in rings] == ["2.000000,3.000000", "6.000000,7.000000"]
    assert all(ring.split()[0] == ring.split()[-1] for ring in rings)
    assert word(told, "info/area/circle") == ""


def test_outside_of_any_zone_the_place_is_a_circle(world: World) -> None:
    Zone.objects.all().delete()

    told = read(reading(world))

    assert word(told, "info/area/circle") == f"{LAT:.6f},{LON:.6f} 0.1"
    assert word(told, "info/area/polygon") == ""


def test_an_alert_that_is_over_is_updated_and_one_of_a_false_alarm_is_cancelled(
    world: World,
) -> None:
    client = reading(world)
    first = f"zhizhi@testserver,{ID}.alert,2026-03-01T12:00:00+08:00"

    Alert.everything.update(cleared_at=AT + HOUR, clearing_at=AT + HOUR)
    over = read(client, f"/cap/{ID}/clear.xml")
    assert (word(over, "msgType"), word(over, "references")) == ("Update", first)
    assert (word(over, "info/urgency"), word(over, "info/responseType")) == ("Past", "AllClear")
    assert word(over, "sent") == "2026-03-01T13:00:00+08:00"

    Case.everything.update(state="dismissed", closed_at=AT + 2 * HOUR)
    false = read(client, f"/cap/{ID}/cancel.xml")
    second = f"zhizhi@testserver,{ID}.clear,2026-03-01T13:00:00+08:00"
    assert (word(false, "msgType"), word(false, "references")) == ("Cancel", f"{first} {second}")
    assert client.get(f"/cap/{ID}/clear.xml").status_code == 200


@pytest.mark.parametrize(("clearing", "messages"), [(None, 1), (1, 2), (2, 1), (3, 1)])
def test_what_was_lifted_on_appeal_is_cancelled_though_its_case_goes_on(
    clearing: int | None, messages: int, world: World
) -> None:
    Alert.everything.update(
        lifted_at=AT + 2 * HOUR, clearing_at=AT + clearing * HOUR if clearing else None
    )
    client = reading(world)

    lifted = read(client, f"/cap/{ID}/cancel.xml")
    assert word(lifted, "sent") == "2026-03-01T14:00:00+08:00"
    assert word(lifted, "references").count(ID) == messages


@pytest.mark.parametrize("clearing", [None, 2, 3])
def test_what_was_a_false_alarm_before_it_was_over_is_cancelled_alone(
    clearing: int | None, world: World
) -> None:
    Alert.everything.update(clearing_at=AT + clearing * HOUR if clearing else None)
    Case.everything.update(state="dismissed", closed_at=AT + 2 * HOUR)
    client = reading(world)

    references = word(read(client, f"/cap/{ID}/cancel.xml"), "references")
    assert references.count(ID) == 1
    assert client.get(f"/cap/{ID}/clear.xml").status_code == 404


@pytest.mark.parametrize(
    ("clearing", "closed", "sent"), [(1, None, 13), (None, 2, 14), (1, 2, 13), (3, 2, 14)]
)
def test_an_alert_is_over_when_it_is_cleared_or_its_case_is_closed(
    clearing: int | None, closed: int | None, sent: int, world: World
) -> None:
    Alert.everything.update(clearing_at=AT + clearing * HOUR if clearing else None)
    if closed:
        Case.everything.update(state="closed", closed_at=AT + closed * HOUR)

    told = read(reading(world), f"/cap/{ID}/clear.xml")

    assert word(told, "sent") == f"2026-03-01T{sent}:00:00+08:00"


def test_the_feed_lists_the_newest_message_of_each_alert(world: World) -> None:
    with time_machine.travel(AT + 2 * HOUR, tick=False):
        client = reading(world)
        assert entries(client) == [f"{ID}/alert.xml"]
        Alert.everything.update(clearing_at=AT + HOUR, cleared_at=AT + HOUR)
        assert entries(client) == [f"{ID}/clear.xml"]
        assert all(client.get(f"/cap/{path}").status_code == 200 for path in entries(client))


@pytest.mark.parametrize(("after", "listed"), [(-SECOND, 1), (0 * SECOND, 1), (SECOND, 0)])
def test_the_feed_tells_for_a_day_that_an_alert_is_over(
    after: timedelta, listed: int, world: World
) -> None:
    with time_machine.travel(AT + HOUR + KEPT + after, tick=False):
        client = program(passed(world.records["area"], until=AT + 99 * HOUR)[1])
        Alert.everything.update(clearing_at=AT + HOUR)

        assert len(entries(client)) == listed


def test_a_feed_without_alerts_is_a_feed(world: World) -> None:
    Case.everything.update(state="closed", closed_at=AT)

    top = read(reading(world), "/cap/")

    assert top.tag == f"{{{ATOM}}}feed"
    assert top.find(f"{{{ATOM}}}entry") is None
    assert word(top, "updated", ATOM)


def test_alerts_of_a_neighbour_town_are_not_told(world: World, browse: Browse) -> None:
    there = Area.objects.exclude(pk=world.records["area"].pk).get()
    elsewhere = program(passed(there)[1])

    assert entries(elsewhere) == []
    assert elsewhere.get(URL).status_code == 404
    assert browse("operator", elsewhere=True).get(URL).status_code == 404
    assert browse("operator").get(URL).status_code == 200


def test_the_public_and_a_wrong_pass_are_told_nothing(world: World) -> None:
    for client in (Client(), program("wrong")):
        for path in ("/cap/", URL):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["status"]) == (401, 401)


def test_nothing_tells_whom_an_alert_found(world: World) -> None:
    Alert.everything.update(subject=8_812_345)
    client = reading(world)

    text = client.get(URL).content.decode() + client.get("/cap/").content.decode()

    assert "8812345" not in text
    assert "Wei" not in text


def test_a_name_with_what_xml_cannot_hold_is_told_without_it(world: World) -> None:
    Zone.objects.update(name="Re\x0bach <&> \ufffe")

    told = read(reading(world))

    assert word(told, "info/area/areaDesc").endswith("Reach <&> ")


@pytest.mark.parametrize(
    "path",
    [f"{ID}/clear.xml", f"{ID}/x.xml", "x/alert.xml", "%27/alert.xml", "b" * 32 + "/alert.xml"],
)
def test_a_message_that_was_not_sent_is_not_there(path: str, world: World) -> None:
    answer = reading(world).get(f"/cap/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "no-message")


def test_neither_address_takes_a_parameter(world: World) -> None:
    client = reading(world)

    assert client.get("/cap/?x=1").status_code == client.get(URL + "?x=1").status_code == 400


def test_the_feed_asks_the_database_as_often_for_many_as_for_one(
    world: World, django_assert_num_queries: Any
) -> None:
    client, alert = reading(world), world.records["alert"]
    client.get("/cap/")
    for number in range(30):
        alert.pk = f"{number:032}"
        alert.save(force_insert=True)

    with django_assert_num_queries(6):
        assert len(entries(client)) == 31
