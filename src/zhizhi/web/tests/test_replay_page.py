"""The replay page: the moment of its address, links without scripts, looks that leave a trace."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import shapely
from tests.district_world import AT, LAT, LON, World

from zhizhi.engine import intake, timeline
from zhizhi.engine.models import Case, Source, Task, Zone
from zhizhi.engine.tests.feeding import envelope, fix
from zhizhi.trust.models import AuditEntry
from zhizhi.web.replay.moments import write
from zhizhi.web.tests.conftest import Browse

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def case(world: World) -> Case:
    """The case of the world, opened at AT and dispatched ten minutes later."""
    found: Case = world.records["case"]
    Case.everything.update(state="open")
    timeline.record(found, verb="case.open", actor="worker", at=AT)
    Case.everything.update(state="dispatched")
    Task.everything.filter(unit__isnull=False).update(offered_at=AT + 10 * MINUTE)
    task = world.records["unit_task"]
    timeline.record(found, verb="case.dispatch", actor="account:1", at=AT + 10 * MINUTE, task=task)
    return found


def page(browse: Browse, at: Any, **more: Any) -> str:
    answer = browse("operator").get("/replay/", {"at": write(at), **more})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("later", "group"),
    [(-SECOND, "Waits for a unit"), (0 * SECOND, "In hand"), (SECOND, "In hand")],
)
def test_the_queue_is_that_of_the_moment(
    later: timedelta, group: str, case: Case, browse: Browse
) -> None:
    shown = page(browse, AT + 10 * MINUTE + later)

    assert f"<span>{group}</span><span>1</span>" in shown


def test_the_steps_are_links_that_keep_case_and_filter(case: Case, browse: Browse) -> None:
    shown = page(browse, AT + 20 * MINUTE, case=case.pk, state="in_hand")

    assert f"?at={write(AT + 21 * MINUTE)}&amp;case={case.pk}&amp;state=in_hand" in shown
    assert f"?at={write(AT)}&amp;case={case.pk}&amp;state=in_hand" in shown  # not before the first


def test_what_came_later_is_not_in_the_case(case: Case, browse: Browse) -> None:
    before = page(browse, AT + 9 * MINUTE, case=case.pk)
    after = page(browse, AT + 10 * MINUTE, case=case.pk)

    assert "Unit sent" not in before.partition('id="detail"')[2]
    assert "Unit sent" in after.partition('id="detail"')[2]


def test_what_happened_next_leads_to_its_moment(case: Case, browse: Browse) -> None:
    shown = page(browse, AT + 5 * MINUTE, case=case.pk)

    marks = shown.partition('id="marks"')[2].partition('id="detail"')[0]
    assert f'data-at="{write(AT + 10 * MINUTE)}"' in marks
    assert "Unit sent" in marks


def test_a_case_of_another_town_is_not_shown(case: Case, browse: Browse) -> None:
    answer = browse("operator", elsewhere=True).get(
        "/replay/", {"at": write(AT + MINUTE), "case": str(case.pk)}
    )

    assert case.code not in answer.content.decode()


def test_the_parts_for_the_script_tell_the_same_moment(case: Case, browse: Browse) -> None:
    at = write(AT + 10 * MINUTE)

    told = json.loads(browse("operator").get("/replay/then", {"at": at}).content)

    assert told["at"] == at
    assert told["seconds"] == 600
    assert told["alerts"]["id"] == [case.pk]
    assert set(told["parts"]) >= {"queue", "tabs", "detail", "clock", "marks", "steps"}


def boats(subject: int, since: int = 0) -> None:
    """The subject inside, another boat inside and one outside, half an hour and more ago."""
    source = Source.objects.create(
        code="b", name="b", kind="http_push", streams=["vessel_positions.v1"]
    )
    for minute, entity, east in ((0, subject, 0.0), (20, 8, 0.01), (20, 9, 0.3), (21, 8, 0.02)):
        at = AT + (since + minute) * MINUTE
        intake.append([envelope([fix(entity, at=at, east=east)], at=at, by=source)], now=at)


def test_vessels_are_shown_on_demand_inside_the_zone_and_the_look_is_noted(
    case: Case, browse: Browse
) -> None:
    boats(7)
    browser = browse("operator")
    asked: dict[str, Any] = {"at": write(AT + 25 * MINUTE), "case": case.pk}

    without = json.loads(browser.get("/replay/then", asked).content)["vessels"]
    seen = json.loads(browser.get("/replay/then", {**asked, "seen": "1"}).content)["vessels"]
    again = browser.get("/replay/then", {**asked, "seen": "1"})

    assert without["id"] == []
    assert [(one, kind) for one, kind in zip(seen["label"], seen["kind"], strict=True)] == [
        ("7", 0), ("8", 1),
    ]  # fmt: skip
    assert seen["lon"] == [LON, pytest.approx(LON + 0.02)]
    assert seen["lat"][0] == LAT
    assert again.status_code == 200
    [entry] = AuditEntry.objects.filter(verb="replay.positions")
    assert entry.subject == f"case:{case.pk}"
    assert entry.detail == {"moment": (AT + 25 * MINUTE).isoformat(timespec="seconds")}


@pytest.mark.parametrize(("minute", "shown"), [(30, 2), (31, 1)])
def test_positions_count_for_half_an_hour(
    minute: int, shown: int, case: Case, browse: Browse
) -> None:
    boats(7)

    asked: dict[str, Any] = {"at": write(AT + minute * MINUTE), "case": case.pk, "seen": "1"}
    seen = json.loads(browse("operator").get("/replay/then", asked).content)["vessels"]

    assert len(seen["id"]) == shown


def test_the_case_page_leads_to_its_moment(case: Case, browse: Browse) -> None:
    shown = browse("operator").get(f"/cases/{case.pk}/").content.decode()

    assert "/replay/?at=2026-03-01T" in shown
    assert "/replay/?at=" not in browse("unit_member").get(f"/cases/{case.pk}/").content.decode()


@pytest.mark.parametrize(
    ("later", "name"), [(-SECOND, "River"), (0 * SECOND, "Planned"), (SECOND, "Planned")]
)
def test_a_zone_is_drawn_and_named_as_planned_only_from_its_day_on(
    later: timedelta, name: str, case: Case, browse: Browse
) -> None:
    begins = AT + 10 * MINUTE
    zone = Zone.objects.get(key=case.zone)
    Zone.objects.filter(pk=zone.pk).update(name="River", created_at=AT, valid_from=None)
    zone.pk, zone.version, zone.name = None, zone.version + 1, "Planned"
    zone.created_at, zone.valid_from, zone.is_current = AT + MINUTE, begins, False
    zone.save()
    browser, asked = browse("operator"), {"at": write(begins + later)}

    [drawn] = browser.get("/replay/zones.geojson", asked).json()["features"]
    mark = browser.get("/replay/then", asked).json()["zones"]

    assert drawn["properties"]["name"] == name
    assert name in page(browse, begins + later, case=case.pk)
    is_new = mark != browser.get("/replay/then", {"at": write(AT + 2 * MINUTE)}).json()["zones"]
    assert is_new == (name == "Planned")


@pytest.mark.parametrize(("minute", "shown"), [(9, ["7", "8"]), (10, [])])
def test_positions_are_held_to_the_zone_of_the_moment(
    minute: int, shown: list[str], case: Case, browse: Browse
) -> None:
    boats(7, since=-20)
    zone = Zone.objects.get(key=case.zone)
    Zone.objects.filter(pk=zone.pk).update(created_at=AT, valid_from=None)
    zone.pk, zone.version, zone.is_current = None, zone.version + 1, False
    zone.boundary = shapely.to_wkb(shapely.box(LON + 5, LAT, LON + 5.1, LAT + 0.1))
    zone.created_at, zone.valid_from = AT + MINUTE, AT + 10 * MINUTE
    zone.save()

    asked: dict[str, Any] = {"at": write(AT + minute * MINUTE), "case": case.pk, "seen": "1"}
    seen = json.loads(browse("operator").get("/replay/then", asked).content)["vessels"]

    assert seen["label"] == shown
