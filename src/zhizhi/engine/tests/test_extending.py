"""More time for a task: asked for before the limit, decided by others, so often and no more."""

from __future__ import annotations

from datetime import datetime

import pytest

from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.engine import dispatching, extending, settings_in_force, suspending, timing
from zhizhi.engine.models import Clock, Extension, Message, Task, Timer
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, agency, case, later, refusal, unit

pytestmark = pytest.mark.django_db

UNIT, DESK = "account:902", "account:901"
LIMIT = later(minutes=240)


def accepted() -> Task:
    """A task that has until 240 minutes after noon."""
    task = dispatching.dispatch(case(), unit(), by=DESK, now=NOON)
    return dispatching.accept(task, by=UNIT, now=NOON)


def ask(task: Task, *, at: datetime = NOON, until: datetime | None = None) -> Extension:
    return extending.ask(
        task, reason="a part is missing", due_at=until or later(hours=9), by=UNIT, now=at
    )


def handling(task: Task) -> Clock:
    return Clock.objects.get(task=task, kind="handle")


def test_while_nobody_has_answered_the_clock_stands_still() -> None:
    task = accepted()

    asked = ask(task, at=later(hours=1))
    timing.fire_due(later(hours=30))

    line = task.case.timeline.get(verb="task.ask_extension")
    assert (asked.state, handling(task).state, handling(task).paused_at) == (
        "asked", "running", later(hours=1),
    )  # fmt: skip
    assert (line.actor, line.note, line.task) == (UNIT, "a part is missing", task)
    told = Message.everything.get(template="engine.extension_asked")
    assert told.recipient == "role:operator"


@pytest.mark.parametrize(("minute", "state"), [(539.9, "running"), (540, "overdue")])
def test_what_is_granted_ends_when_it_was_asked_to(minute: float, state: str) -> None:
    task = accepted()
    asked = ask(task, at=later(hours=1))

    extending.decide(asked, is_granted=True, by=DESK, now=later(hours=2))
    timing.fire_due(later(minutes=minute))

    clock = handling(task)
    assert (clock.due_at, clock.state, clock.paused_at) == (later(hours=9), state, None)
    line = task.case.timeline.get(verb="task.extend")
    assert (line.actor, line.data["until"]) == (DESK, str(later(hours=9)))
    told = Message.everything.get(template="engine.extension_granted")
    assert told.recipient == f"unit:{task.unit_id}"


def test_what_follows_is_put_off_with_the_new_end() -> None:
    task = accepted()
    asked = ask(task, until=later(hours=10))

    extending.decide(asked, is_granted=True, by=DESK, now=NOON)
    timing.fire_due(later(minutes=299))
    early = task.case.timeline.filter(verb="clock.remind").exists()
    timing.fire_due(later(minutes=300))

    assert not early
    assert task.case.timeline.filter(verb="clock.remind").exists()


def test_the_task_is_due_at_the_new_end_and_what_has_happened_stays_where_it_was() -> None:
    task = dispatching.assign(case(), agency("police"), kind="check", by=DESK, now=NOON)
    timing.fire_due(later(minutes=120))
    asked = ask(task, at=later(minutes=130))

    extending.decide(asked, is_granted=True, by=DESK, now=later(minutes=190))

    task.refresh_from_db()
    assert task.due_at == handling(task).due_at == later(hours=9)
    reminded = Timer.objects.get(key=f"clock:{handling(task).pk}:remind")
    assert (reminded.due_at, reminded.fired_at) == (later(minutes=120), later(minutes=120))


def test_what_is_refused_runs_on_for_as_long_as_was_left() -> None:
    task = accepted()
    asked = ask(task, at=later(hours=1))

    extending.decide(asked, is_granted=False, answer="send somebody", by=DESK, now=later(hours=2))

    assert (asked.state, handling(task).due_at) == ("refused", later(hours=5))
    assert task.case.timeline.latest("seq").note == "send somebody"
    assert Message.everything.filter(template="engine.extension_refused").exists()


@pytest.mark.parametrize(("minute", "is_taken"), [(239.9, True), (240, False), (240.1, False)])
def test_more_time_is_asked_for_before_the_limit(minute: float, is_taken: bool) -> None:
    task = accepted()

    code = refusal(lambda: ask(task, at=later(minutes=minute)))

    assert code == ("" if is_taken else "not-running")
    assert Extension.everything.exists() is is_taken


def test_the_new_end_lies_behind_the_old_one() -> None:
    task = accepted()

    with pytest.raises(extending.EndTooEarly):
        ask(task, until=LIMIT)

    assert handling(task).paused_at is None
    ask(task, until=later(minutes=241))


@pytest.mark.parametrize(("most", "is_taken"), [(0, False), (1, True)])
def test_more_time_is_asked_for_as_often_as_the_setting_says(most: int, is_taken: bool) -> None:
    settings_in_force.change("engine.extensions_most", most, by=DESK, now=NOON)
    task = accepted()

    assert refusal(lambda: ask(task)) == ("" if is_taken else "asked-too-often")
    assert Extension.everything.exists() is is_taken


@pytest.mark.parametrize("is_granted", [True, False])
def test_whoever_was_answered_asks_no_second_time(is_granted: bool) -> None:
    task = accepted()
    extending.decide(ask(task), is_granted=is_granted, answer="so", by=DESK, now=NOON)

    with pytest.raises(StateConflict) as refused:
        ask(task, until=later(hours=20))

    assert refused.value.code == "asked-too-often"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nothing_is_asked_for_and_nothing_refused_without_a_reason(reason: str) -> None:
    task = accepted()
    with pytest.raises(ReasonMissing):
        extending.ask(task, reason=reason, due_at=later(hours=9), by=UNIT, now=NOON)
    asked = ask(task)

    with pytest.raises(ReasonMissing):
        extending.decide(asked, is_granted=False, answer=reason, by=DESK, now=NOON)

    assert Extension.everything.get().state == "asked"


def test_whoever_asked_does_not_decide() -> None:
    asked = ask(accepted())

    with pytest.raises(extending.AskedOneself):
        extending.decide(asked, is_granted=True, by=UNIT, now=NOON)


@pytest.mark.parametrize("is_own", [True, False])
def test_nor_does_anybody_else_of_the_unit_or_the_agency(is_own: bool) -> None:
    police = agency("police")
    task = dispatching.assign(case(), police, kind="check", by=DESK, now=NOON)
    officer = Account.objects.create(username="o")
    RoleAssignment.objects.create(
        account=officer, role="agency_officer", agency=police if is_own else agency("other")
    )
    asked = ask(task)

    try:
        extending.decide(asked, is_granted=True, by=f"account:{officer.pk}", now=NOON)
    except extending.AskedOneself:
        assert is_own
    assert Extension.everything.get().state == ("asked" if is_own else "granted")


@pytest.mark.parametrize("is_own", [True, False])
def test_members_decide_for_other_units_alone(is_own: bool) -> None:
    task = accepted()
    member = Account.objects.create(username="m")
    theirs = task.unit if is_own else unit("boat-2")
    RoleAssignment.objects.create(account=member, role="unit_member", unit=theirs)

    assert extending.is_handler(task, f"account:{member.pk}") is is_own


def test_nobody_of_a_unit_handles_what_an_agency_has() -> None:
    task = dispatching.assign(case(), agency("police"), kind="check", by=DESK, now=NOON)
    member = Account.objects.create(username="m")
    RoleAssignment.objects.create(account=member, role="unit_member", unit=unit(id=1))

    assert not extending.is_handler(task, f"account:{member.pk}")
    assert not extending.is_handler(task, "worker")


def test_it_is_decided_once() -> None:
    asked = ask(accepted())
    again = Extension.everything.get()
    extending.decide(asked, is_granted=True, by=DESK, now=NOON)

    with pytest.raises(StateConflict):
        extending.decide(again, is_granted=False, answer="no", by=DESK, now=NOON)

    assert Extension.everything.get().state == "granted"


@pytest.mark.parametrize(("minute", "state"), [(539.9, "granted"), (540, "asked")])
def test_an_end_that_has_passed_is_granted_no_more(minute: float, state: str) -> None:
    asked = ask(accepted())

    at = later(minutes=minute)
    code = refusal(lambda: extending.decide(asked, is_granted=True, by=DESK, now=at))

    assert code == ("" if state == "granted" else "too-late")
    assert Extension.everything.get().state == state


@pytest.mark.parametrize("verb", ["finish", "give_back", "withdraw"])
def test_what_has_ended_needs_no_more_time(verb: str) -> None:
    task = accepted()
    ask(task)

    if verb == "finish":
        dispatching.finish(task, outcome="left", by=UNIT, now=NOON)
    elif verb == "give_back":
        dispatching.return_task(task, reason="fog", by=UNIT, now=NOON)
    else:
        dispatching.cancel_task(task, reason="not needed", by=DESK, now=NOON)

    assert Extension.everything.get().state == "lapsed"
    with pytest.raises(StateConflict):
        extending.decide(Extension.everything.get(), is_granted=True, by=DESK, now=NOON)


def test_a_case_that_waits_needs_no_more_time_either() -> None:
    task = accepted()
    suspending.suspend(
        task.case, reason="the river is high", review_at=later(days=9), by=DESK, now=NOON
    )

    with pytest.raises(StateConflict) as refused:
        ask(task)

    assert refused.value.code == "suspended"


def test_what_the_waiting_of_the_case_left_unanswered_may_be_asked_again() -> None:
    task = accepted()
    ask(task)
    waiting = suspending.suspend(
        task.case, reason="the river is high", review_at=later(days=9), by=DESK, now=NOON
    )
    assert Extension.everything.get().state == "lapsed"

    suspending.resume(waiting, by=DESK, now=later(hours=1))
    again = ask(task, at=later(hours=1))

    assert list(Extension.everything.exclude(state="lapsed")) == [again]
