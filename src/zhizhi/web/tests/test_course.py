"""The steps of a case's course on its page: only for whom they are, and with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.district_world import AT, World

from zhizhi.engine import dispatching, timing
from zhizhi.engine.models import Case, Extension, Revisit, Supervision, Suspension, Task
from zhizhi.web.tests.conftest import Browse


def fresh(world: World) -> Case:
    return Case.everything.get(pk=world.records["case"].pk)


def act(browser: Any, verb: str, world: World, *more: Any, **body: Any) -> Any:
    return browser.post(reverse(f"web:{verb}", args=[world.records["case"].pk, *more]), body)


def page(browser: Any, world: World) -> str:
    found: str = browser.get(reverse("web:case", args=[world.records["case"].pk])).content.decode()
    return found


@pytest.fixture
def running(world: World) -> Task:
    """The unit's task has four hours from now."""
    Extension.everything.all().delete()
    task: Task = world.records["unit_task"]
    within = timedelta(hours=4)
    timing.start_clock(task.case, kind="handle", within=within, now=timezone.now(), task=task)
    return task


def local(**span: float) -> str:
    return f"{timezone.localtime(timezone.now() + timedelta(**span)):%Y-%m-%dT%H:%M}"


def day(days: int) -> str:
    return f"{timezone.localdate() + timedelta(days=days)}"


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        ("leader", {"Let the case wait", "Put under supervision"}),
        ("inspector", {"Put under supervision"}),
        ("unit_member", {"Ask for more time"}),
        ("agency_officer", {"Return the task"}),
        ("operator", set()),
        ("administrator", set()),
        ("legal_reviewer", set()),
    ],
)
def test_everybody_sees_the_steps_that_are_his(
    role: str, labels: set[str], world: World, browse: Browse, running: Task
) -> None:
    shown = page(browse(role), world)

    every = {"Let the case wait", "Put under supervision", "Ask for more time", "Return the task",
             "Let the case go on", "Answer to supervision", "Ask the reporter again"}  # fmt: skip
    assert {label for label in every if label in shown} == labels


def test_more_time_is_asked_for_and_granted(world: World, browse: Browse, running: Task) -> None:
    until = local(hours=9)

    asked = act(browse("unit_member"), "extend", world, running.pk, until=until, reason="fog")
    extension = Extension.everything.get()
    shown = page(browse("operator"), world)
    granted = act(browse("operator"), "extension", world, extension.pk, verdict="granted")

    assert (asked.status_code, granted.status_code) == (302, 302)
    assert "Grant more time" in shown
    assert "Grant more time" not in page(browse("unit_member"), world)
    clock = running.clocks.get(kind="handle")
    assert f"{timezone.localtime(clock.due_at):%Y-%m-%dT%H:%M}" == until
    assert Extension.everything.get().state == "granted"


@pytest.mark.parametrize(
    ("until", "reason"), [("", "fog"), ("soon", "fog"), ("2036-13-01T12:00", "fog"), (None, " ")]
)
def test_more_time_needs_an_end_and_a_reason(
    until: str | None, reason: str, world: World, browse: Browse, running: Task
) -> None:
    end = local(hours=9) if until is None else until

    answer = act(browse("unit_member"), "extend", world, running.pk, until=end, reason=reason)

    assert answer.status_code == 400
    assert not Extension.everything.exists()


def test_a_refusal_without_words_is_none(world: World, browse: Browse, running: Task) -> None:
    act(browse("unit_member"), "extend", world, running.pk, until=local(hours=9), reason="fog")
    extension = Extension.everything.get()

    answer = act(browse("inspector"), "extension", world, extension.pk, verdict="refused")

    assert answer.status_code == 400
    assert Extension.everything.get().state == "asked"


def test_the_task_of_somebody_else_is_neither_put_off_nor_given_back(
    world: World, browse: Browse, running: Task
) -> None:
    officer = browse("agency_officer")

    answers = [
        act(officer, "extend", world, running.pk, until=local(hours=9), reason="fog"),
        act(officer, "give-back", world, running.pk, reason="fog"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert Task.everything.get(pk=running.pk).state == "offered"


def test_an_agency_gives_its_task_back_twice(world: World, browse: Browse) -> None:
    agency = world.records["agency_task"].agency
    answers = []
    for _ in range(3):
        task = dispatching.assign(fresh(world), agency, kind="check", by="account:1", now=AT)
        officer = browse("agency_officer")
        answers.append(act(officer, "give-back", world, task.pk, reason="not ours"))

    assert [answer.status_code for answer in answers] == [302, 302, 409]
    assert "the operators decide now" in answers[-1].content.decode()


def test_a_leader_lets_a_case_wait_and_go_on(world: World, browse: Browse) -> None:
    leader = browse("leader")

    waits = act(leader, "suspend", world, day=day(9), reason="money next year")
    shown = page(leader, world)
    goes = act(leader, "resume", world)

    assert (waits.status_code, goes.status_code) == (302, 302)
    assert "The case waits" in shown
    assert "money next year" in shown
    assert "Let the case go on" in shown
    assert "Let the case go on" not in page(leader, world)
    made = Suspension.everything.latest("pk")
    assert (made.state, timezone.localdate(made.review_at)) == (
        "ended", timezone.localdate() + timedelta(days=9),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ahead", "status"), [(0, 400), (1, 302), (90, 302), (91, 400), (None, 400)]
)
def test_the_day_to_look_at_it_lies_ahead_and_not_too_far(
    ahead: int | None, status: int, world: World, browse: Browse
) -> None:
    wanted = "2036-02-31" if ahead is None else day(ahead)

    answer = act(browse("leader"), "suspend", world, day=wanted, reason="money")

    assert answer.status_code == status


def test_an_instruction_is_answered_by_somebody_else(world: World, browse: Browse) -> None:
    given = act(browse("inspector"), "supervise", world, reason="do it today")
    again = act(browse("leader"), "supervise", world, reason="and at once")
    shown = page(browse("operator"), world)
    answered = act(browse("operator"), "answer", world, reason="two boats are out")

    assert (given.status_code, again.status_code, answered.status_code) == (302, 409, 302)
    assert "do it today" in shown
    assert "Answer to supervision" in shown
    made = Supervision.everything.latest("pk")
    assert (made.state, made.answer) == ("answered", "two boats are out")


@pytest.mark.parametrize("verb", ["resume", "answer"])
def test_where_nothing_waits_nothing_is_done(verb: str, world: World, browse: Browse) -> None:
    role = "leader" if verb == "resume" else "operator"

    answer = act(browse(role), verb, world, reason="so")

    assert answer.status_code == 409
    assert "wait" in answer.content.decode()


@pytest.mark.parametrize(
    ("body", "status", "state"),
    [
        ({"outcome": "satisfied"}, 302, "closed"),
        ({"outcome": "unsatisfied", "reason": "they came back"}, 302, "open"),
        ({"outcome": "unsatisfied"}, 400, "closed"),
        ({"outcome": "delighted"}, 400, "closed"),
        ({}, 400, "closed"),
    ],
)
def test_a_reporter_is_asked_again(
    body: dict[str, str], status: int, state: str, world: World, browse: Browse
) -> None:
    Case.everything.update(state="closed", closed_at=AT)
    shown = page(browse("operator"), world)

    answer = act(browse("operator"), "revisit", world, world.records["report"].pk, **body)

    assert "Ask the reporter again" in shown
    assert (answer.status_code, fresh(world).state) == (status, state)
    assert Revisit.objects.exists() is (status == 302)


def test_the_reporter_reads_that_it_waits(world: World, browse: Browse) -> None:
    act(browse("leader"), "suspend", world, day=day(9), reason="money next year")
    reporter = browse("operator")
    session = reporter.session
    session["reports"] = [world.records["report"].pk]
    session.save()

    shown = reporter.get(reverse("web:followed", args=[world.records["report"].pk]))

    text = shown.content.decode()
    assert "It has to wait for now. We look at it again on" in text
    assert "money next year" not in text
