"""What the pages show of one case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.district_world import AT, World

from zhizhi.directory.models import Account, Unit
from zhizhi.engine import closing, dispatching
from zhizhi.engine.models import Case, Clock, Task
from zhizhi.web.facts import case_facts
from zhizhi.web.tests.building import case


def facts(world: World, role: str, shown: Case, *, now: Any = AT) -> dict[str, Any]:
    account = world.here[role]
    return case_facts(account.scope(), shown, actor=f"account:{account.pk}", now=now)


@pytest.fixture
def boat(world: World) -> Unit:
    """The boat of the town, with nothing to do."""
    Task.everything.update(state="done", ended_at=AT)
    unit: Unit = world.records["unit"]
    return unit


def may(world: World, role: str, shown: Case) -> set[str]:
    return {name for name, is_true in facts(world, role, shown)["may"].items() if is_true}


ALWAYS = {"appeal", "acknowledge", "duplicates", "macro", "withdraw"}  # before the end


@pytest.mark.parametrize(
    ("role", "state", "verbs"),
    [
        ("operator", "open", {*ALWAYS, "dispatch", "dismiss"}),
        ("operator", "handling", {*ALWAYS, "dispatch", "dismiss"}),
        ("operator", "handled", ALWAYS),
        ("operator", "closed", {"appeal"}),
        ("inspector", "open", {"appeal"}),
        ("inspector", "handled", {"appeal", "inspect"}),
        ("inspector", "closed", {"appeal", "reopen"}),
        ("inspector", "dismissed", {"appeal", "reopen"}),
        ("leader", "open", set()),
        ("leader", "handled", set()),
        ("administrator", "open", set()),
    ],
)
def test_a_role_is_offered_what_it_may_do_in_a_state(
    role: str, state: str, verbs: set[str], world: World
) -> None:
    assert may(world, role, case(world, 1, state=state)) == verbs


def test_a_case_with_a_unit_on_its_way_is_not_offered_another(world: World) -> None:
    assert "dispatch" not in may(world, "operator", world.records["case"])


def test_whoever_took_part_may_not_inspect(world: World, boat: Unit) -> None:
    handled, inspector = case(world, 1), world.here["inspector"]
    dispatching.dispatch(handled, boat, by=f"account:{inspector.pk}", now=AT)
    Case.everything.filter(pk=handled.pk).update(state="handled")
    handled.refresh_from_db(from_queryset=Case.everything.all())

    assert may(world, "inspector", handled) == {"appeal", "inspect_own"}


@pytest.mark.parametrize(("seconds", "left"), [(0, 8), (7, 1), (8, None), (9, None)])
def test_a_dispatch_can_be_undone_while_its_message_is_held(
    seconds: int, left: int | None, world: World, boat: Unit
) -> None:
    sent, operator = case(world, 1), world.here["operator"]
    dispatching.dispatch(sent, boat, by=f"account:{operator.pk}", now=AT)

    undo = facts(world, "operator", sent, now=AT + timedelta(seconds=seconds))["undo"]

    assert (undo.left if undo else None) == left


def test_nobody_undoes_the_dispatch_of_another(world: World, boat: Unit) -> None:
    sent = case(world, 1)
    dispatching.dispatch(sent, boat, by="account:99", now=AT)

    assert facts(world, "operator", sent)["undo"] is None


def test_the_history_names_who_did_what_to_whom(world: World, boat: Unit) -> None:
    sent, operator = case(world, 1), world.here["operator"]
    dispatching.dispatch(sent, boat, by=f"account:{operator.pk}", now=AT)

    [line] = facts(world, "operator", sent)["timeline"]

    assert (line["who"], line["target"], line["at"]) == (str(operator), "Boat", AT)


def test_limits_that_were_met_are_not_shown_and_late_ones_say_so(world: World) -> None:
    shown = world.records["case"]
    for state, ended_at in (("running", None), ("met", AT), ("cancelled", AT)):
        Clock.objects.create(
            case=shown, kind="accept", started_at=AT, due_at=AT + timedelta(minutes=5),
            state=state, ended_at=ended_at,
        )  # fmt: skip

    late = facts(world, "operator", shown, now=AT + timedelta(minutes=6))["clocks"]

    assert [clock["is_overdue"] for clock in late] == [True]


def test_everybody_is_told_who_else_can_see_the_case(world: World) -> None:
    shown = world.records["case"]
    Account.objects.filter(username__startswith="leader").update(is_active=False)

    seen = facts(world, "operator", shown)["who_sees"]

    assert len(seen) == 5  # operator, inspector, administrator; the agency; the boat
    assert {"Fishery", "Boat"} <= set(seen)


def test_the_zone_is_named_as_it_was_even_when_it_is_gone(world: World) -> None:
    zone = world.records["zone"]
    zone.is_current = False
    zone.save()

    assert facts(world, "operator", world.records["case"])["zone_name"] == "Reach"
    assert facts(world, "operator", case(world, 1, zone="gone"))["zone_name"] == "gone"


@pytest.mark.parametrize("rounds", [1, 4])
def test_the_number_of_queries_does_not_depend_on_the_length_of_the_history(
    rounds: int, world: World, boat: Unit, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    shown = case(world, 1)
    by = f"account:{world.here['operator'].pk}"
    for number in range(rounds):
        Unit.objects.update(status="available", task=None)
        task = dispatching.dispatch(shown, boat, by=by, now=AT + timedelta(minutes=number))
        dispatching.cancel_task(task, reason="again", by=by, now=AT + timedelta(minutes=number))
    closing.dismiss(shown, reason="enough", by=by, now=AT + timedelta(hours=1))

    with django_assert_max_num_queries(21):
        facts(world, "operator", shown)
