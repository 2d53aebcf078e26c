"""A routing decision in the words of the case page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import translation
from tests.district_world import AT, World

from zhizhi.directory.models import Area
from zhizhi.engine import reading, reporting, timeline
from zhizhi.engine.models import Case
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.tests.building import LAT, LON, NOON, agency, area
from zhizhi.engine.tests.routing_people import put_in_force
from zhizhi.web.facts import case_facts
from zhizhi.web.routing_words import decision_words
from zhizhi.web.tests.building import case

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    reading.forget()
    with override_settings(DATA=tmp_path), translation.override("en"):
        yield
    reading.forget()


@pytest.fixture
def cell() -> Area:
    town = area("town", "990101000000000", half=0.1)
    Area.objects.filter(pk=town.pk).update(name="Willow Town")
    found = area("grid_cell", "990101001001001", half=0.01, parent=town)
    Area.objects.filter(pk=found.pk).update(name="Cell 1")
    return found


def filed() -> dict[str, Any]:
    new = NewReport("a" * 32, "fishery.angling", "two men", LON, LAT, "map", NOON)
    found: Case = reporting.file_report(new, now=NOON).report.case
    told: dict[str, Any] = found.timeline.get(verb="case.route").data
    return told


def test_the_packaged_rules_are_told_with_what_they_knew(cell: Area) -> None:
    agency("fishery")

    assert decision_words(filed()) == [
        "Rule Smallest responsible unit, version 1, sends it to: Cell 1 · fishery.",
        "Decided by: System Fishery watch; Category Illegal fishing; Kind of area Grid cell; "
        "Severity Normal; Source <code>resident-page</code>; Within working time no.",
        "No other rule would have taken it. The next unit that holds the place is Willow Town.",
    ]


def test_a_published_rule_is_told_with_the_one_behind_it(cell: Area) -> None:
    agency("police")
    put_in_force(
        "code: anglers, name: Anglers, order: 5, when: {system: fishery}, "
        "to: {agency: police, level: town, team: x_force}"
    )

    first, _inputs, last = decision_words(filed())

    assert (
        first
        == "Rule <code>Anglers</code>, version 2, sends it to: Willow Town · police · X forces."
    )
    assert last.startswith("Without it rule <code>Everything else</code> would have decided.")


def test_nobody_and_nowhere_have_words_too() -> None:
    first, _inputs, last = decision_words(filed())

    assert first.endswith("sends it to: no area · no agency.")
    assert last == "No other rule would have taken it."


def test_a_tie_that_came_up_later_is_told() -> None:
    told = {**filed(), "is_tie": True, "runner_up_rule": "smallest-responsible-unit"}

    assert "has the same place in the order" in decision_words(told)[-1]


def test_a_decision_from_before_and_a_version_that_is_gone_break_nothing() -> None:
    assert decision_words({"rule": "smallest-responsible-unit@1", "area": "99"}) == []
    told = {**filed(), "version": 7, "rule": "gone"}

    assert decision_words(told)[0].startswith("Rule <code>gone</code>, version 7, sends it to")


def test_the_case_page_tells_the_decision_in_its_history(world: World) -> None:
    shown = case(world, 1)
    told = filed()

    timeline.record(shown, verb="case.route", actor="worker", at=AT, data=told)
    operator = world.here["operator"]

    facts = case_facts(operator.scope(), shown, actor=f"account:{operator.pk}", now=AT)

    assert facts["timeline"][0]["decision"] == decision_words(told)
