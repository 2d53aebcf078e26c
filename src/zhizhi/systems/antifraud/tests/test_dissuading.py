"""Dissuasion: a call, then relatives, then a visit, to an outcome; nothing is tried in secret."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from zhizhi.directory.models import Unit
from zhizhi.directory.people import PersonalData
from zhizhi.engine import closing, dispatching, settings_in_force, timing
from zhizhi.engine.models import Case, Clock, Message, Task, TimelineEntry
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, area, case, later, refusal
from zhizhi.systems.antifraud import dissuading, parting_with, relatives
from zhizhi.systems.antifraud.models import Dissuasion, DissuasionAttempt
from zhizhi.systems.antifraud.tests.risk import (
    BY,
    fresh,
    guardian,
    police,
    risk,
    warned,
    worker,
)
from zhizhi.trust.models import Erasure, SubjectKey

pytestmark = pytest.mark.django_db
State = Dissuasion.State


def tried(row: Dissuasion, result: str, step: str = "call", **span: float) -> str:
    """Return the state after one try."""
    dissuading.attempt(row, step, result, by=BY, now=later(**span or {"minutes": 1}))
    return fresh(row).state


def verbs(row: Dissuasion) -> list[str]:
    return list(row.case.timeline.order_by("seq").values_list("verb", flat=True))


def clocks(row: Dissuasion, kind: str) -> list[str]:
    return list(Clock.objects.filter(case=row.case, kind=kind).values_list("state", flat=True))


def test_a_warning_becomes_a_case_that_somebody_has_looked_at_and_a_call_with_a_clock() -> None:
    row = warned()

    assert (row.state, row.tier, row.due_at) == ("calling", "high", later(minutes=5))
    assert (row.case.kind, row.case.severity) == ("fraud-risk", "urgent")
    assert row.case.acknowledged_by == BY
    assert clocks(row, "call") == ["running"]
    assert "dissuasion.begin" in verbs(row)


@pytest.mark.parametrize(("tier", "minutes"), [("high", 5), ("medium", 30), ("low", 240)])
def test_each_tier_has_its_time_to_the_first_call(tier: str, minutes: int) -> None:
    row = warned(tier=tier)

    assert row.due_at == later(minutes=minutes)
    assert row.case.severity == ("urgent" if tier == "high" else "important")


@pytest.mark.parametrize(("after", "state"), [(299, "running"), (300, "overdue"), (301, "overdue")])
def test_a_call_that_nobody_makes_is_late_from_its_time_on(after: int, state: str) -> None:
    row = warned()

    timing.fire_due(later(seconds=after))

    assert clocks(row, "call") == [state]


def test_the_same_warning_sent_twice_is_one_dissuasion() -> None:
    assert warned("same").pk == warned("same").pk
    assert Dissuasion.everything.count() == 1


def test_who_is_at_risk_stands_nowhere_in_the_clear() -> None:
    row = warned()

    told = [*TimelineEntry.objects.values_list("data", "note"),
            *Message.everything.values_list("payload", "recipient")]  # fmt: skip
    assert not [one for one in told if "12012345678" in str(one) or "Shen" in str(one)]
    assert row.person.name is not None
    assert b"Shen" not in bytes(row.person.name)


def test_whoever_is_reached_waits_for_the_result() -> None:
    row = warned()

    assert tried(row, "reached") == State.REACHED
    assert clocks(row, "call") == ["met"]
    assert Task.everything.count() == 0


@pytest.mark.parametrize("result", ["busy", "no-answer", "wrong-number"])
def test_whoever_cannot_be_reached_is_asked_for_at_the_guardians(result: str) -> None:
    guardian()
    row = warned()

    assert tried(row, result) == State.RELATIVES
    assert fresh(row).due_at == later(minutes=9)
    assert clocks(row, "relative") == ["running"]


@pytest.mark.parametrize("result", ["busy", "no-answer", "wrong-number", "refused"])
def test_without_relatives_a_patrol_goes_there(result: str) -> None:
    unit, row = police(), warned()

    assert tried(row, result) == State.VISITING
    task = Task.everything.get()
    assert (task.unit, task.kind, task.case_id) == (unit, "dissuade", row.case_id)
    assert fresh(row).due_at == later(minutes=31)


def test_whoever_does_not_want_to_hear_of_it_is_visited_and_no_relative_is_called() -> None:
    guardian()
    police()

    assert tried(warned(), "refused") == State.VISITING


def test_a_relative_who_cannot_be_reached_either_leads_to_the_visit() -> None:
    guardian()
    police()
    row = warned()
    tried(row, "busy")

    assert tried(row, "no-answer", "relative", minutes=3) == State.VISITING
    assert (clocks(row, "relative"), clocks(row, "visit")) == (["met"], ["running"])


def test_grid_workers_visit_at_medium_risk_and_nobody_at_low_risk() -> None:
    police()
    grid = worker(east=0.5)
    medium, low = warned("m", tier="medium"), warned("l", tier="low")

    assert tried(medium, "busy") == State.VISITING
    assert tried(low, "busy") == State.CALLING
    assert [task.unit for task in Task.everything.all()] == [grid]
    assert fresh(medium).due_at == later(minutes=481)


@pytest.mark.parametrize(("calls", "state"), [(1, "calling"), (2, "visiting"), (3, "visiting")])
def test_the_next_step_comes_after_as_many_calls_as_the_setting_says(
    calls: int, state: str
) -> None:
    settings_in_force.change("antifraud.calls_before_next", 2, by=BY, now=NOON)
    row = warned()

    for minute in range(calls):
        tried(row, "busy", minutes=minute + 1)

    assert fresh(row).state == state
    assert row.attempts.count() == calls


def test_where_nobody_is_free_the_operators_are_told_and_it_stays_a_visit() -> None:
    row = warned()

    assert tried(row, "busy") == State.VISITING
    assert "dissuasion.no_unit" in verbs(row)
    message = Message.everything.get(template="antifraud.no_unit")
    assert (message.recipient, message.is_urgent) == ("role:operator", True)


def test_only_units_that_the_officer_may_send_are_sent() -> None:
    police()
    row = warned()

    dissuading.attempt(row, "call", "busy", by=BY, now=NOON, among=Unit.objects.none())

    assert Task.everything.count() == 0


@pytest.mark.parametrize(
    ("outcome", "state", "result"),
    [("dissuaded", "reached", "reached"), ("not_found", "visiting", "no-answer")],
)
def test_what_the_visit_found_is_kept_as_a_try(outcome: str, state: str, result: str) -> None:
    police()
    row = warned()
    tried(row, "busy")
    task = dispatching.accept(Task.everything.get(), by="account:9", now=later(minutes=2))

    dispatching.finish(task, outcome=outcome, by="account:9", now=later(minutes=20))

    assert fresh(row).state == state
    last = row.attempts.last()
    assert last is not None
    assert (last.step, last.result, last.by) == ("visit", result, "account:9")
    assert clocks(row, "visit") == ["met"]


def test_a_visit_is_made_beside_whoever_was_sent_for_something_else() -> None:
    row = warned()
    sent = dispatching.dispatch(row.case, police("car-2"), kind="inspect", by=BY, now=NOON)
    nearest = police()

    assert tried(row, "busy") == State.VISITING

    visit = row.case.tasks.exclude(pk=sent.pk).get()
    assert (visit.kind, visit.unit) == ("dissuade", nearest)


def test_whoever_is_reached_by_telephone_meanwhile_ends_the_visit() -> None:
    unit, row = police(), warned()
    tried(row, "busy")

    assert tried(row, "reached", minutes=4) == State.REACHED
    dissuading.end(row, "stopped", by=BY, now=later(minutes=6))

    assert Task.everything.get().state == Task.State.CANCELLED
    unit.refresh_from_db()
    assert unit.status == Unit.Status.AVAILABLE


def test_a_visit_can_be_asked_for_at_any_time_and_again_once_nobody_is_sent() -> None:
    row = warned(tier="low")
    dissuading.send(row, by=BY, now=NOON)
    worker()

    dissuading.send(row, by=BY, now=later(minutes=1))

    assert Task.everything.count() == 1
    assert refusal(lambda: dissuading.send(row, by=BY, now=later(minutes=2))) == (
        "already-dispatched"
    )


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("calling", "call"), ("relatives", "call relative"), ("visiting", "call relative visit"),
        ("reached", "call relative"), ("ended", ""),
    ],
)  # fmt: skip
def test_only_steps_that_are_to_be_taken_are_kept(state: str, steps: str) -> None:
    row = warned()
    Dissuasion.everything.filter(pk=row.pk).update(state=state)

    allowed = [
        step for step in DissuasionAttempt.Step.values
        if not refusal(partial(_kept_apart, row, step))
    ]  # fmt: skip

    assert allowed == steps.split()


def _kept_apart(row: Dissuasion, step: str) -> None:
    """Try a step and take it back."""
    with transaction.atomic():
        dissuading.attempt(row, step, "busy", by=BY, now=NOON)
        transaction.set_rollback(True)


def test_a_try_is_never_changed_nor_deleted() -> None:
    row = warned()
    tried(row, "busy")

    for change in (
        lambda: row.attempts.update(result="reached"),
        lambda: row.attempts.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_a_dissuasion_ends_once() -> None:
    row = warned()
    dissuading.end(row, "not-scam", by=BY, now=NOON)

    with pytest.raises(StateConflict):
        dissuading.end(row, "stopped", by="account:2", now=NOON)

    assert fresh(row).outcome == "not-scam"


@pytest.mark.parametrize(
    ("outcome", "amount", "lost", "fits"),
    [
        ("stopped", 1, 0, True), ("stopped", 0, 0, False), ("stopped", None, 0, False),
        ("stopped", 10, 1, False),
        ("paid", 10, 9, True), ("paid", 10, 10, True), ("paid", 10, 11, False),
        ("paid", 10, 0, False), ("paid", 10, -1, False),
        ("paid", 10_000_000_000, 1, True), ("paid", 10_000_000_001, 1, False),
        ("not-scam", None, 0, True), ("not-scam", 10, 1, False),
        ("unreached", 10, 0, True), ("unreached", 10, 1, False),
    ],
)  # fmt: skip
def test_amounts_agree_with_the_outcome(
    outcome: str, amount: int | None, lost: int, *, fits: bool
) -> None:
    row = warned(amount=None)

    try:
        dissuading.end(row, outcome, amount=amount, lost=lost, by=BY, now=NOON)
    except dissuading.AmountUnfit:
        assert not fits
        assert fresh(row).state == State.CALLING
    else:
        assert fits
        assert (fresh(row).amount, fresh(row).lost) == (amount, lost)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("stopped", "closed"), ("not-scam", "dismissed"), ("unreached", "closed")],
)
def test_a_case_that_is_there_for_the_warning_alone_ends_with_it(outcome: str, state: str) -> None:
    row = warned()

    dissuading.end(row, outcome, by=BY, now=NOON)

    assert fresh(row).case.state == state
    assert clocks(row, "call") == ["met"]


def test_a_case_in_which_somebody_was_sent_is_inspected_as_any_other() -> None:
    police()
    row = warned()
    tried(row, "busy")
    task = dispatching.accept(Task.everything.get(), by="account:9", now=later(minutes=2))
    dispatching.finish(task, outcome="dissuaded", by="account:9", now=later(minutes=20))

    dissuading.end(row, "stopped", by=BY, now=later(minutes=30))

    assert fresh(row).case.state == Case.State.HANDLED


def test_nobody_is_called_in_a_case_that_was_dismissed() -> None:
    row = warned()
    closing.dismiss(row.case, reason="mistake", by=BY, now=NOON)

    tries = [partial(tried, row, result) for result in ("busy", "reached")]
    assert [refusal(one) for one in tries] == ["case-ended"] * 2
    assert not row.attempts.exists()
    assert not dissuading.may_call(fresh(row))


def test_a_case_of_another_system_or_with_a_dissuasion_under_way_takes_none() -> None:
    area()
    other, row = case(), warned()
    person = PersonalData(phone="12012345678")

    def begun(at: Case) -> Any:
        return lambda: dissuading.begin(at, risk(), person=person, by=BY, now=NOON)

    assert (refusal(begun(other)), refusal(begun(row.case))) == ("other-system", "begun-before")


def test_without_a_number_nobody_can_be_called() -> None:
    found = case(system="antifraud", kind="scam-report")

    for person in (None, PersonalData("Shen Yulan")):
        with pytest.raises(dissuading.NoPerson):
            dissuading.begin(found, risk(), person=person, by=BY, now=NOON)
    assert Dissuasion.everything.count() == 0


@pytest.mark.parametrize(("days", "count"), [(29.9, 1), (30, 0), (30.1, 0)])
def test_a_guardian_is_asked_as_long_as_the_guardianship_holds(days: float, count: int) -> None:
    guardian(days=30)

    assert len(relatives.of(warned(), now=later(days=days))) == count


def test_the_guardian_of_somebody_else_is_no_relative() -> None:
    guardian(ward="12011112222")

    assert relatives.of(warned(), now=NOON) == []


@pytest.mark.parametrize(("late", "gone"), [(-1, 0), (0, 0), (1, 1)])
def test_whoever_was_at_risk_is_destroyed_when_the_time_is_over(late: int, gone: int) -> None:
    row = warned()
    dissuading.end(row, "stopped", by=BY, now=NOON)
    over = later(days=90) + timedelta(seconds=late)

    assert parting_with.forget_old(over) == gone
    destroyed = SubjectKey.objects.get(pk=row.person_id).destroyed_at is not None
    assert destroyed is bool(gone)
    assert Erasure.objects.filter(subject=f"dissuasion:{row.pk}").count() == gone
    assert parting_with.forget_old(over) == 0
