"""Rules: in plain words, with their numbers, and never a percentage from a few."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation
from tests.district_world import World

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Alert
from zhizhi.engine.rule_figures import RuleFigures
from zhizhi.engine.system import systems
from zhizhi.web import rule_facts
from zhizhi.web.tests.conftest import Browse

PAGE = "/rules/fishery.dwell/"


@pytest.fixture
def recent(world: World) -> None:
    """The alert of the world was raised just now."""
    now = timezone.now()
    Alert.everything.update(raised_at=now, started_at=now - timedelta(minutes=32))


def judged(confirmed: int, dismissed: int) -> str:
    told = RuleFigures((), confirmed + dismissed, 0, dismissed, confirmed, None)
    with translation.override("en"):
        return rule_facts._precision(told)


@pytest.mark.parametrize("role", ["operator", "inspector", "leader", "administrator", "auditor"])
@pytest.mark.usefixtures("recent")
def test_a_rule_is_explained_to_its_readers(role: str, world: World, browse: Browse) -> None:
    page = browse(role).get(PAGE)
    told = page.content.decode()

    assert "Stay in a no-fishing zone" in told
    assert "telephone number" in told
    assert "Reach" in told
    assert page.context["figures"].alerts == 1
    assert "32 minutes (median)" in told
    assert ("Try another value" in told) == (role == "administrator")


@pytest.mark.usefixtures("recent")
def test_an_auditor_learns_counts_and_of_no_case(world: World, browse: Browse) -> None:
    case = world.records["case"]

    for address in ("/rules/", PAGE):
        told = browse("auditor").get(address).content.decode()
        assert case.code not in told
        assert f"/cases/{case.pk}/" not in told


@pytest.mark.usefixtures("recent")
def test_a_reader_of_another_town_counts_that_towns_alerts(world: World, browse: Browse) -> None:
    assert browse("operator", elsewhere=True).get(PAGE).context["figures"].alerts == 0


def test_the_numbers_are_those_that_the_rule_depends_on(world: World, browse: Browse) -> None:
    page = browse("leader").get(PAGE)

    keys = {row["declared"].key for row in page.context["numbers"]}
    assert "fishery.limit_minutes" in keys
    assert "fishery.reminder_hold_seconds" not in keys


def test_a_changed_number_shows_with_its_default_its_reason_and_another_hash(
    world: World, browse: Browse
) -> None:
    before = browse("leader").get(PAGE).context["rule"].hash
    settings_in_force.change(
        "fishery.limit_minutes", 20, by="worker", now=timezone.now(), reason="spring"
    )

    page = browse("leader").get(PAGE)

    told = page.content.decode()
    assert "Stay limit: 30 minutes → 20 minutes" in told
    assert "spring" in told
    assert page.context["rule"].hash != before


@pytest.mark.parametrize(
    ("confirmed", "dismissed", "said"),
    [
        (0, 0, "Nobody has judged one of them yet."),
        (8, 1, "8 of 9 judged: too few for a percentage."),
        (8, 2, "80 % (8 of 10 judged; with 95 % certainty between 49 % and 94 %)"),
    ],
)
def test_a_share_is_told_with_its_count_and_its_interval(
    confirmed: int, dismissed: int, said: str
) -> None:
    assert judged(confirmed, dismissed) == said


def test_the_list_names_every_rule_and_an_unknown_one_is_not_found(
    world: World, browse: Browse
) -> None:
    page = browse("operator").get("/rules/")

    codes = {detector.code for system in systems() for detector in system.detectors()}
    assert {row["rule"].code for row in page.context["rows"]} == codes
    assert browse("operator").get("/rules/nothing.here/").status_code == 404


def test_every_rule_has_its_words(world: World) -> None:
    codes = {detector.code for system in systems() for detector in system.detectors()}

    assert {code for system in systems() for code in system.rules} == codes
