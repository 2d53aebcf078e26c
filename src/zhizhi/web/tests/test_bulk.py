"""One act on several cases: each is done or refused by itself, and all of it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from tests.district_world import AT, World

from zhizhi.directory.models import Unit
from zhizhi.engine import timeline
from zhizhi.engine.models import Case, Message, Task, TimelineEntry
from zhizhi.trust.models import AuditEntry
from zhizhi.web import bulk
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse

HTMX = {"HX-Request": "true"}


def fresh(one: Case) -> Case:
    return Case.everything.get(pk=one.pk)


def send(browser: Any, verb: str, cases: list[Any], **more: Any) -> Any:
    body = {"verb": verb, "case": [getattr(one, "pk", one) for one in cases], **more}
    return browser.post(reverse("web:bulk"), body, headers=HTMX)


@pytest.fixture
def boat(world: World) -> Unit:
    """The only free boat of the town, its position known."""
    Task.everything.update(state="done", ended_at=AT)
    unit: Unit = world.records["unit"]
    Unit.objects.filter(pk=unit.pk).update(status="available", task=None)
    return unit


def test_all_chosen_cases_are_acknowledged(world: World, browse: Browse) -> None:
    chosen = [case(world, number) for number in (1, 2, 3)]

    answer = send(browse("operator"), "acknowledge", chosen)

    assert answer.status_code == 200
    assert "3 cases done" in answer.content.decode()
    assert all(fresh(one).acknowledged_at for one in chosen)
    lines = TimelineEntry.objects.filter(verb="case.acknowledge")
    assert lines.count() == 3
    assert list(timeline.verify()) == []


def test_one_that_refuses_does_not_hold_up_the_others(world: World, browse: Browse) -> None:
    first, second, third = (case(world, number) for number in (1, 2, 3))
    send(browse("operator"), "acknowledge", [second])
    lines = AuditEntry.objects.count()

    answer = send(browse("operator"), "acknowledge", [first, second, third])

    text = answer.content.decode()
    assert "2 cases done" in text
    assert "1 left as it was" in text
    assert "Somebody was faster." in text
    assert all(fresh(one).acknowledged_at for one in (first, third))
    assert AuditEntry.objects.count() == lines + 2


def test_each_case_gets_its_own_unit_until_none_is_left(
    world: World, browse: Browse, boat: Unit
) -> None:
    first, second = case(world, 1), case(world, 2)

    answer = send(browse("operator"), "dispatch", [second, first])

    text = answer.content.decode()
    assert f"{boat} has the task." in text
    assert "No fit unit is available" in text
    assert [fresh(one).tasks.count() for one in (first, second)] == [1, 0]


def test_what_is_still_held_can_be_undone_together(
    world: World, browse: Browse, boat: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, never_sent = case(world, 1), case(world, 2)
    operator = browse("operator")
    send(operator, "dispatch", [wanted])
    monkeypatch.setattr("zhizhi.web.views.bulk.timezone.now", lambda: datetime.now(UTC))

    answer = send(operator, "undo", [wanted, never_sent])

    text = answer.content.decode()
    assert "Dispatch undone; nothing was sent." in text
    assert "Nothing of yours is held any more." in text
    assert fresh(wanted).state == Case.State.OPEN
    assert not Message.everything.filter(case=wanted, state__in=("held", "queued")).exists()


def test_a_false_alarm_needs_a_reason(world: World, browse: Browse) -> None:
    chosen = [case(world, 1), case(world, 2)]

    answer = send(browse("operator"), "dismiss", chosen, reason="  ")

    assert answer.status_code == 400
    assert "Say why" in answer.content.decode()
    assert {fresh(one).state for one in chosen} == {"open"}

    answer = send(browse("operator"), "dismiss", chosen, reason="fog on the lens")

    assert answer.status_code == 200
    assert {fresh(one).state for one in chosen} == {"dismissed"}


def test_a_case_of_another_town_is_not_found(world: World, browse: Browse) -> None:
    mine = case(world, 1)

    answer = send(browse("operator", elsewhere=True), "acknowledge", [mine])

    text = answer.content.decode()
    assert "Not found: it does not exist, or it is not yours." in text
    assert mine.code not in text
    assert fresh(mine).acknowledged_at is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verb": "acknowledge"},
        {"case": ["x"], "verb": "undo"},
        {"case": ["1"], "verb": "erase"},
        {"case": ["9" * 30]},
    ],
)
def test_an_incomplete_request_does_nothing(body: Any, world: World, browse: Browse) -> None:
    answer = browse("operator").post(reverse("web:bulk"), body)

    assert answer.status_code == 400
    assert "Nothing was done." in answer.content.decode()


@pytest.mark.parametrize(("count", "status"), [(199, 200), (200, 200), (201, 400)])
def test_no_more_cases_at_once_than_others_can_wait_for(
    count: int, status: int, world: World, browse: Browse
) -> None:
    one = case(world, 1)
    absent = [one.pk + 1000 + number for number in range(count - 1)]

    assert send(browse("operator"), "acknowledge", [one, *absent]).status_code == status
    assert bool(fresh(one).acknowledged_at) is (status == 200)


def test_the_same_case_twice_is_one_case(world: World, browse: Browse) -> None:
    one = case(world, 1)

    assert "1 case done" in send(browse("operator"), "acknowledge", [one, one]).content.decode()


def test_a_failure_in_the_middle_undoes_everything(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = case(world, 1), case(world, 2)
    acknowledge = bulk.VERBS["acknowledge"]

    def failing(one: Case, acting: bulk.Acting) -> str:
        if one.pk == second.pk:
            raise RuntimeError("the machine dies")
        return acknowledge(one, acting)

    monkeypatch.setitem(bulk.VERBS, "acknowledge", failing)
    with pytest.raises(RuntimeError):
        send(browse("operator"), "acknowledge", [first, second])

    assert fresh(first).acknowledged_at is None


def test_without_scripts_the_outcomes_are_a_page(world: World, browse: Browse) -> None:
    one = case(world, 1)

    page = browse("operator").post(reverse("web:bulk"), {"verb": "acknowledge", "case": [one.pk]})

    assert "<html" in page.content.decode()
    assert reverse("web:case", args=[one.pk]) in page.content.decode()


@pytest.mark.parametrize("role", ["leader", "inspector", "administrator"])
def test_who_may_only_look_gets_nothing_to_choose(role: str, world: World, browse: Browse) -> None:
    assert 'id="bulk"' in browse("operator").get("/desk/").content.decode()
    assert 'id="bulk"' not in browse(role).get("/desk/").content.decode()


def test_finding_many_cases_is_one_query(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    scope = world.here["operator"].scope()
    acting = bulk.Acting(scope, "account:1", AT)

    with django_assert_max_num_queries(4):
        outcomes = bulk.carry_out("acknowledge", list(range(90_000, 90_150)), acting)

    assert [one.is_done for one in outcomes] == [False] * 150
