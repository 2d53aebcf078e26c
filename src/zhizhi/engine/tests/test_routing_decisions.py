"""Who answers for a new case by the rules in force, what is on record, and who joins later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from zhizhi.directory.models import Area
from zhizhi.engine import dispatching, reading, reporting, routing, timing
from zhizhi.engine.escalating import LATE
from zhizhi.engine.models import Case, CaseAgency, Clock, Message, Timer
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.routing_rules.deciding import is_working_time
from zhizhi.engine.routing_rules.passing_on import call_in
from zhizhi.engine.tests.building import (
    LAT,
    LON,
    NOON,
    Compiled,
    Plan,
    Rule,
    agency,
    area,
    finding,
    table,
    unit,
)
from zhizhi.engine.tests.routing_people import put_in_force
from zhizhi.engine.triage import triage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield
    reading.forget()


@pytest.fixture
def cell() -> Area:
    """A cell in a town of the district, around the point."""
    home = area()
    town = area("town", "990101000000000", half=0.1, parent=home)
    return area("grid_cell", "990101001001001", half=0.01, parent=town)


def filed() -> Case:
    new = NewReport("a" * 32, "fishery.angling", "two men", LON, LAT, "map", NOON)
    return reporting.file_report(new, now=NOON).report.case


def found() -> Case:
    triage(table(finding()), detector=Rule(), compiled=Compiled(), now=NOON, plan=Plan())
    return Case.everything.get()


def decision(case: Case) -> dict[str, Any]:
    data: dict[str, Any] = case.timeline.get(verb="case.route").data
    return data


def parts(case: Case) -> set[tuple[str, str]]:
    return {(row.agency.code, row.part) for row in CaseAgency.objects.filter(case=case)}


def test_the_packaged_rules_send_a_report_where_it_always_went_and_say_why(cell: Area) -> None:
    agency("fishery")

    case = filed()

    told = decision(case)
    assert (case.area, parts(case)) == (cell, {("fishery", "lead")})
    assert (told["version"], told["rule"], told["runner_up_rule"]) == (
        1, "smallest-responsible-unit", None,
    )  # fmt: skip
    assert (told["area"], told["runner_up"], told["level"], told["declared"]) == (
        cell.code, "990101000000000", "smallest", "fishery",
    )  # fmt: skip
    assert told["inputs"] == {
        "system": "fishery", "category": ["illegal-fishing"], "area_kind": "grid_cell",
        "area": [cell.code, "990101000000000", "990100000000000"], "severity": "normal",
        "source": "resident-page", "working_time": False,
    }  # fmt: skip


def test_a_published_rule_sends_it_to_another_agency_and_another_level(cell: Area) -> None:
    for code in ("fishery", "police"):
        agency(code)
    put_in_force(
        "code: anglers, name: Anglers, order: 5, when: {category: illegal-fishing, source: "
        "resident-page, working_time: no}, to: {agency: police, level: community, team: x_force}"
    )

    case = filed()

    told = decision(case)
    assert case.area is not None
    assert (case.area.code, case.area_path) == (
        "990101000000000",
        "/990100000000000/990101000000000/",
    )
    assert parts(case) == {("police", "lead")}
    assert (told["version"], told["rule"], told["runner_up_rule"], told["is_tie"]) == (
        2, "anglers", "rest", False,
    )  # fmt: skip
    assert (told["area"], told["area_kind"], told["team"], told["inputs"]["area_kind"]) == (
        "990101000000000", "town", "x_force", "grid_cell",
    )  # fmt: skip


def test_what_a_detector_found_is_asked_by_its_code_and_keeps_those_beside(cell: Area) -> None:
    for code in ("fishery", "police", "urban"):
        agency(code)
    put_in_force(
        "code: stays, name: Stays, order: 5, when: {source: fishery.dwell, severity: important}, "
        "to: {agency: urban}"
    )

    case = found()

    assert parts(case) == {("urban", "lead"), ("police", "co_handler")}
    assert decision(case)["rule"] == "stays"
    assert decision(case)["agencies"] == ["urban", "police"]


def test_whoever_leads_by_a_rule_is_not_beside_as_well(cell: Area) -> None:
    agency("police")
    put_in_force("code: p, name: P, order: 5, when: {system: fishery}, to: {agency: police}")

    assert parts(found()) == {("police", "lead")}


def test_a_rule_may_let_nobody_lead(cell: Area) -> None:
    for code in ("fishery", "police"):
        agency(code)
    put_in_force("code: n, name: N, order: 5, when: {system: fishery}, to: {agency: none}")

    case = found()

    assert parts(case) == {("police", "co_handler")}
    assert decision(case)["agencies_missing"] == []


def test_without_any_area_a_rule_about_areas_takes_nothing() -> None:
    case = filed()

    assert (case.area, decision(case)["inputs"]["area"]) == (None, [])


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("smallest", "990101001001001"), ("building", "990101001001001"),
        ("grid_cell", "990101001001001"), ("community", "990101000000000"),
        ("town", "990101000000000"), ("district", "990100000000000"),
    ],
)  # fmt: skip
def test_a_level_is_the_first_area_that_is_at_least_so_high(
    level: str, code: str, cell: Area
) -> None:
    [route] = routing.route([(LON, LAT)])

    found = route.at_level(level)

    assert found is not None
    assert found.code == code


def test_a_level_above_everything_is_the_highest_that_there_is() -> None:
    town = area("town", "990101000000000")

    [route] = routing.route([(LON, LAT)])

    assert route.at_level("district") == town


@pytest.mark.parametrize(
    ("at", "is_working"),
    [
        ("2026-03-02T00:59:59Z", False), ("2026-03-02T01:00:00Z", True),
        ("2026-03-02T09:59:59Z", True), ("2026-03-02T10:00:00Z", False),
        ("2026-03-01T02:00:00Z", False), ("2099-03-02T02:00:00Z", False),
    ],
)  # fmt: skip
def test_working_time_is_the_duty_hours_of_working_days(at: str, is_working: bool) -> None:
    assert is_working_time(datetime.fromisoformat(at)) is is_working


CHAIN = (
    "code: a, name: A, order: 5, when: {system: fishery}, to: {agency: fishery}, then: b",
    "code: b, name: B, order: 6, when: {system: residents}, to: {agency: police}, then: c",
    "code: c, name: C, order: 7, when: {system: antifraud}, to: {agency: urban}",
)


def test_once_the_time_is_over_the_agencies_of_the_chain_join_one_by_one(cell: Area) -> None:
    for code in ("fishery", "police", "urban"):
        agency(code)
    put_in_force(*CHAIN)
    case = filed()
    put_in_force()  # a later version does not change how this case goes on

    joined = [call_in(case, steps, by="worker", now=NOON) for steps in (1, 1, 2, 3)]

    assert [one.code if one else None for one in joined] == ["police", None, "urban", None]
    assert parts(case) == {("fishery", "lead"), ("police", "co_handler"), ("urban", "co_handler")}
    told = case.timeline.filter(verb="case.call_in").order_by("seq").first()
    assert told is not None
    assert {name: told.data[name] for name in ("agency", "rule", "version")} == {
        "agency": "police", "rule": "b", "version": 2,
    }  # fmt: skip


def test_by_the_packaged_rules_nobody_joins(cell: Area) -> None:
    agency("police")

    assert call_in(filed(), 1, by="worker", now=NOON) is None


def test_the_late_steps_of_a_clock_bring_in_the_chain_and_tell_it(cell: Area) -> None:
    for code in ("fishery", "urban"):
        agency(code)
    police, boat = agency("police"), unit(home=cell)
    put_in_force(*CHAIN)
    case = filed()
    task = dispatching.dispatch(case, boat, by="account:1", now=NOON)
    dispatching.accept(task, by=f"unit:{boat.pk}", now=NOON)
    clock = Clock.objects.get(task=task, kind="handle")
    steps = {name: Timer.objects.get(key=f"clock:{clock.pk}:{name}").due_at for name in LATE}

    timing.fire_due(steps["escalate"] - timedelta(seconds=1))
    assert parts(case) == {("fishery", "lead")}
    timing.fire_due(steps["escalate"])
    assert parts(case) == {("fishery", "lead"), ("police", "co_handler")}
    assert Message.everything.filter(recipient=f"agency:{police.pk}").count() == 1
    timing.fire_due(steps["supervise"])
    assert ("urban", "co_handler") in parts(case)
