"""A case that waits: its clocks stand still until a leader or the day to look at it again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.engine import (
    closing,
    dispatching,
    extending,
    merging,
    settings_in_force,
    supervising,
    suspending,
    timing,
)
from zhizhi.engine.models import Case, Clock, Extension, Message, Suspension
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, case, later, refusal, unit

pytestmark = pytest.mark.django_db

LEADER, DESK, UNIT = "account:900", "account:901", "account:902"


def suspend(one: Case, *, days: float = 9, hours: float = 1) -> Suspension:
    return suspending.suspend(
        one, reason="money next year", review_at=later(days=days), by=LEADER, now=later(hours=hours)
    )


def in_hand() -> Case:
    task = dispatching.dispatch(case(), unit(), by=DESK, now=NOON)
    return dispatching.accept(task, by=UNIT, now=NOON).case


def test_a_case_that_waits_is_late_with_nothing() -> None:
    one = in_hand()
    timing.fire_due(later(hours=1))  # nobody had arrived within half an hour

    suspend(one)
    timing.fire_due(later(days=8))

    assert set(Clock.objects.exclude(kind="accept").values_list("state", "paused_at")) == {
        ("overdue", later(hours=1)), ("running", later(hours=1)),
    }  # fmt: skip
    line = one.timeline.get(verb="case.suspend")
    assert (line.actor, line.note) == (LEADER, "money next year")
    assert Message.everything.get(template="engine.case_suspended").recipient == (
        f"unit:{one.tasks.get().unit_id}"
    )


def test_it_goes_on_from_where_it_stood() -> None:
    one = in_hand()
    made = suspend(one)

    suspending.resume(made, note="the money is here", by=LEADER, now=later(hours=25))

    clock = Clock.objects.get(kind="handle")
    assert (clock.due_at, clock.paused) == (later(hours=28), timedelta(hours=24))
    assert (made.state, made.ended_at, made.ended_by) == ("ended", later(hours=25), LEADER)
    last = one.timeline.get(verb="case.resume")
    assert (last.note, last.actor) == ("the money is here", LEADER)
    timing.fire_due(later(days=20))  # the day to look at it rings no more
    assert not Message.everything.filter(template="engine.suspension_over").exists()


@pytest.mark.parametrize(("days", "is_running"), [(8.99, True), (9, False)])
def test_on_the_day_to_look_at_it_the_case_goes_on_by_itself(days: float, is_running: bool) -> None:
    made = suspend(in_hand())

    timing.fire_due(later(days=days))

    made.refresh_from_db(from_queryset=Suspension.everything.all())
    told = Message.everything.filter(template="engine.suspension_over")
    assert (made.state == "running") is is_running
    assert set(told.values_list("recipient", flat=True)) == (
        set() if is_running else {"role:leader", "role:operator"}
    )


def test_a_case_waits_once_at_a_time_and_may_wait_again() -> None:
    one = in_hand()
    made = suspend(one)
    with pytest.raises(StateConflict) as refused:
        suspend(one)

    suspending.resume(made, by=LEADER, now=later(hours=2))
    again = suspend(one, hours=3)

    assert refused.value.code == "suspended"
    assert (suspending.of(one), Suspension.everything.count()) == (again, 2)
    with pytest.raises(StateConflict):
        suspending.resume(made, by=LEADER, now=later(hours=4))
    assert suspending.of(one) == again


@pytest.mark.parametrize(
    ("state", "is_taken"),
    [("open", True), ("dispatched", True), ("handling", True), ("handled", False),
     ("closed", False), ("dismissed", False), ("merged", False)],
)  # fmt: skip
def test_only_what_is_in_work_can_wait(state: str, is_taken: bool) -> None:
    one = case(state=state)

    assert refusal(lambda: suspend(one)) == ("" if is_taken else "not-in-work")
    assert (suspending.of(one) is not None) is is_taken


@pytest.mark.parametrize(
    ("days", "is_taken"),
    [(1 / 24, False), (1 / 24 + 1e-6, True), (2 + 1 / 24, True), (2 + 1 / 24 + 1e-6, False)],
)
def test_the_day_to_look_at_it_is_ahead_and_not_too_far(days: float, is_taken: bool) -> None:
    settings_in_force.change("engine.suspension_days", 2, by=DESK, now=NOON)
    one = case()

    try:
        suspend(one, days=days)
    except suspending.ReviewRefused:
        assert not is_taken
    assert (suspending.of(one) is not None) is is_taken


def test_nobody_lets_a_case_wait_without_a_reason() -> None:
    with pytest.raises(ReasonMissing):
        suspending.suspend(case(), reason=" ", review_at=later(days=1), by=LEADER, now=NOON)


def test_what_was_asked_for_before_lapses_and_its_clock_stands_on() -> None:
    one = in_hand()
    task = one.tasks.get()
    extending.ask(task, reason="why", due_at=later(hours=9), by=UNIT, now=later(minutes=30))

    made = suspend(one)
    suspending.resume(made, by=LEADER, now=later(hours=2))

    clock = Clock.objects.get(kind="handle")
    assert Extension.everything.get().state == "lapsed"
    assert (clock.due_at, clock.paused) == (later(hours=5.5), timedelta(hours=1.5))


@pytest.mark.parametrize("code", ["suspended", "supervised"])
def test_what_waits_or_is_supervised_is_joined_with_no_other_case(code: str) -> None:
    one, root = case(), case(key="2")
    if code == "suspended":
        suspend(one)
    else:
        supervising.supervise(one, instruction="today", by=LEADER, now=NOON)

    assert refusal(lambda: merging.merge(one, root, by=DESK, now=later(hours=2))) == code
    assert refusal(lambda: merging.merge(root, one, by=DESK, now=later(hours=2))) == ""


def test_a_false_alarm_waits_no_more() -> None:
    one = case()
    made = suspend(one)

    closing.dismiss(one, reason="nobody there", by=DESK, now=later(hours=2))

    made.refresh_from_db(from_queryset=Suspension.everything.all())
    assert (made.state, one.state) == ("ended", "dismissed")


def test_nor_does_a_case_that_was_finished_while_it_waited() -> None:
    one = in_hand()
    suspend(one)
    dispatching.finish(one.tasks.get(), outcome="left", by=UNIT, now=later(hours=2))

    closing.inspect(one, is_passed=True, by="account:903", now=later(hours=3))

    assert (suspending.of(one), one.state) == (None, "closed")


def test_the_old_timer_of_a_case_that_waits_again_does_nothing() -> None:
    one = in_hand()
    first = suspend(one)
    suspending.resume(first, by=LEADER, now=later(hours=2))
    again = suspend(one, hours=3)

    suspending.suspension_over({"suspension": first.pk, "case": one.pk}, later(days=9))

    assert suspending.of(one) == again
