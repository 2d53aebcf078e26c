"""The case's page and what may be done with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from tests.district_world import AT, World

from zhizhi.directory.models import Unit
from zhizhi.engine.models import Case, Task
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse

HTMX = {"HX-Request": "true"}


def fresh(one: Case) -> Case:
    return Case.everything.get(pk=one.pk)


def act(browser: Any, verb: str, one: Case, *more: Any, **body: Any) -> Any:
    return browser.post(reverse(f"web:{verb}", args=[one.pk, *more]), body)


@pytest.fixture
def boat(world: World) -> Unit:
    Task.everything.update(state="done", ended_at=AT)
    unit: Unit = world.records["unit"]
    return unit


@pytest.mark.parametrize("name", ["case", "case-detail", "suggestions"])
def test_a_case_of_another_town_does_not_exist(name: str, world: World, browse: Browse) -> None:
    address = reverse(f"web:{name}", args=[world.records["case"].pk])

    assert browse("operator").get(address).status_code == 200
    assert browse("operator", elsewhere=True).get(address).status_code == 404


@pytest.mark.parametrize("verb", ["acknowledge", "dispatch", "dismiss"])
def test_nothing_is_done_to_a_case_of_another_town(verb: str, world: World, browse: Browse) -> None:
    answer = act(browse("operator", elsewhere=True), verb, case(world, 1), reason="x")

    assert answer.status_code == 404
    assert Case.everything.filter(acknowledged_at=None, state="open").count() == 1


def test_the_chosen_unit_is_sent(world: World, browse: Browse, boat: Unit) -> None:
    wanted = case(world, 1)

    answer = act(browse("operator"), "dispatch", wanted, unit=boat.pk)

    assert answer.url == reverse("web:case", args=[wanted.pk])
    assert [task.unit for task in fresh(wanted).tasks.all()] == [boat]


def test_a_unit_of_another_town_is_not_sent(world: World, browse: Browse, boat: Unit) -> None:
    wanted, strange = case(world, 1), Unit.objects.exclude(pk=boat.pk).get()

    answer = act(browse("operator"), "dispatch", wanted, unit=strange.pk)

    assert answer.status_code == 404
    assert not fresh(wanted).tasks.exists()


def test_a_fragment_gets_the_fresh_detail(world: World, browse: Browse, boat: Unit) -> None:
    wanted = case(world, 1)
    address = reverse("web:dispatch", args=[wanted.pk])

    answer = browse("operator").post(address, {"unit": boat.pk}, headers=HTMX)

    assert "Boat has the task." in answer.content.decode()
    assert b"<html" not in answer.content


def test_the_nearest_units_of_the_town_are_offered(
    world: World, browse: Browse, boat: Unit
) -> None:
    page = browse("operator").get(reverse("web:suggestions", args=[case(world, 1).pk]))

    assert [one.unit for one in page.context["found"]] == [boat]


@pytest.mark.parametrize(
    ("verb", "role", "before", "after"),
    [("dismiss", "operator", "open", "dismissed"), ("reopen", "inspector", "closed", "open")],
)
def test_a_verb_that_needs_a_reason_does_nothing_without_one(
    verb: str, role: str, before: str, after: str, world: World, browse: Browse
) -> None:
    wanted = case(world, 1, state=before)

    refused = act(browse(role), verb, wanted, reason="  ")

    assert (refused.status_code, fresh(wanted).state) == (400, before)
    assert "Say why" in refused.content.decode()

    done = act(browse(role), verb, wanted, reason="因为")

    assert (done.status_code, fresh(wanted).state) == (302, after)
    assert fresh(wanted).timeline.latest("seq").note == "因为"


@pytest.mark.parametrize(
    ("body", "status", "state"),
    [
        ({"verdict": "passed", "note": ""}, 302, "closed"),
        ({"verdict": "failed", "note": ""}, 400, "handled"),
        ({"note": ""}, 400, "handled"),
        ({"verdict": "failed", "note": "照片不清"}, 302, "open"),
    ],
)
def test_an_inspector_closes_or_sends_back_with_a_reason(
    body: dict[str, str], status: int, state: str, world: World, browse: Browse
) -> None:
    handled = case(world, 1, state="handled")

    answer = act(browse("inspector"), "inspect", handled, **body)

    assert (answer.status_code, fresh(handled).state) == (status, state)


def test_a_held_dispatch_is_undone_and_the_unit_is_free(
    world: World, browse: Browse, boat: Unit
) -> None:
    wanted = case(world, 1)
    act(browse("operator"), "dispatch", wanted, unit=boat.pk)
    task = fresh(wanted).tasks.get()

    act(browse("operator"), "undo", wanted, task.pk)

    boat.refresh_from_db()
    assert (fresh(wanted).state, boat.status) == ("open", "available")


def test_a_task_of_another_case_is_not_withdrawn_under_this_ones_address(
    world: World, browse: Browse
) -> None:
    answer = act(
        browse("operator"), "withdraw", case(world, 1), world.records["unit_task"].pk, reason="x"
    )

    assert answer.status_code == 404


def test_a_photo_is_shown_to_whoever_may_see_its_case(world: World, browse: Browse) -> None:
    address = reverse("web:photo", args=[world.records["case"].pk, world.records["evidence"].pk])

    shown = browse("unit_member").get(address)

    assert (shown["Content-Type"], shown["Cache-Control"]) == ("image/jpeg", "private, no-store")
    assert browse("unit_member", elsewhere=True).get(address).status_code == 404


def test_the_nearest_unit_of_another_town_is_neither_offered_nor_sent(
    world: World, browse: Browse, boat: Unit
) -> None:
    wanted, strange = case(world, 1), Unit.objects.exclude(pk=boat.pk).get()
    Unit.objects.filter(pk=strange.pk).update(
        status="available", task=None, lon=wanted.lon, lat=wanted.lat, capabilities=["water"]
    )
    Unit.objects.filter(pk=boat.pk).update(status="off_duty")

    offered = browse("operator").get(reverse("web:suggestions", args=[wanted.pk]))
    answer = act(browse("operator"), "dispatch", wanted)

    assert offered.context["found"] == []
    assert answer.status_code == 409
    assert not fresh(wanted).tasks.exists()
