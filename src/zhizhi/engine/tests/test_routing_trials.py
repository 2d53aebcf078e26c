"""Other rules tried on the cases that came before: which would go elsewhere, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from zhizhi.directory.models import Area
from zhizhi.engine import reading, reporting
from zhizhi.engine.models import Case, CaseAgency
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.routing_rules import comparing, versions
from zhizhi.engine.routing_rules.comparing import Destination, RoutingTrial
from zhizhi.engine.tests.building import LAT, LON, NOON, agency, alert, area, case
from zhizhi.engine.tests.routing_people import put_in_force, rules
from zhizhi.kernel.routing.reading import read

pytestmark = pytest.mark.django_db
CELL, TOWN = "990101001001001", "990101000000000"
ANGLERS = (
    "code: anglers, name: Anglers, order: 5, when: {category: illegal-fishing}, "
    "to: {agency: police, level: town, team: x_force}"
)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield
    reading.forget()


@pytest.fixture
def cell() -> Area:
    agency("fishery")
    town = area("town", TOWN, half=0.1)
    return area("grid_cell", CELL, half=0.01, parent=town)


def filed(key: str, kind: str = "fishery.angling") -> Case:
    new = NewReport(key * 32, kind, "two men", LON, LAT, "map", NOON)
    return reporting.file_report(new, now=NOON).report.case


def tried(*given: str) -> RoutingTrial:
    cases = Case.everything.order_by("-opened_at", "-pk")
    return comparing.compare(versions.in_force().rules, read(rules(*given)), cases)


def test_those_that_would_go_elsewhere_are_told_with_from_and_to(cell: Area) -> None:
    moved, stays = filed("a"), filed("b", "residents.other")

    trial = tried(ANGLERS)

    [one] = trial.rerouted
    assert (trial.count, one.case, stays.area) == (2, moved, cell)
    assert (one.was, one.will) == (
        Destination("fishery", CELL, ""), Destination("police", TOWN, "x_force"),
    )  # fmt: skip
    assert (one.old.code, one.new.code) == ("smallest-responsible-unit", "anglers")
    assert trial.before == {"smallest-responsible-unit": 2}
    assert trial.after == {"anglers": 1, "rest": 1}


def test_a_rule_that_sends_to_the_same_place_moves_nobody(cell: Area) -> None:
    filed("a")

    trial = tried(
        "code: same, name: Same, order: 1, when: {system: fishery}, to: {agency: fishery}"
    )

    assert (trial.rerouted, trial.after) == ((), {"same": 1})


def test_nothing_is_changed_by_a_trial(cell: Area) -> None:
    found = filed("a")
    lines = found.timeline.count()

    tried(ANGLERS)

    found.refresh_from_db(from_queryset=Case.everything.all())
    assert (found.area, found.timeline.count()) == (cell, lines)
    assert CaseAgency.objects.get(case=found).agency.code == "fishery"


def test_what_was_on_record_counts_and_not_what_the_case_has_become(cell: Area) -> None:
    found = filed("a")
    Case.everything.filter(pk=found.pk).update(severity="urgent", area_path="/elsewhere/")

    by_severity = "code: u, name: U, order: 1, when: {severity: urgent}, to: {agency: police}"

    assert tried(by_severity).rerouted == ()
    assert len(tried(by_severity.replace("urgent", "normal")).rerouted) == 1


def test_a_case_from_before_there_was_a_record_is_asked_by_what_it_still_says(cell: Area) -> None:
    old = case(area=cell, area_path=cell.path)
    alert(old)
    CaseAgency.objects.create(case=old, agency=agency("urban"), part="lead")
    when = (
        f"when: {{source: fishery.dwell, severity: important, area: {TOWN}, area_kind: grid_cell}}"
    )

    [one] = tried(f"code: w, name: W, order: 1, {when}, to: {{level: town}}").rerouted

    assert (one.was, one.will) == (Destination("urban", CELL, ""), Destination("urban", TOWN, ""))


def test_the_rules_in_force_are_what_a_trial_is_held_against(cell: Area) -> None:
    filed("a")
    agency("police")
    put_in_force(ANGLERS)

    assert tried(ANGLERS).rerouted == ()
    assert len(tried().rerouted) == 1


@pytest.mark.parametrize(("count", "asked"), [(2, 2), (3, 3), (4, 3)])
def test_a_trial_asks_so_many_cases_at_most(
    count: int, asked: int, cell: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "MOST", 3)
    for number in range(count):
        filed("abcd"[number])

    assert tried(ANGLERS).count == asked
