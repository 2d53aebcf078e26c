"""Supervision: an instruction that has to be answered before the case can close."""

from __future__ import annotations

import pytest

from zhizhi.engine import closing, dispatching, supervising, timing
from zhizhi.engine.models import Case, Clock, Message, Supervision
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, case, later, refusal, unit

pytestmark = pytest.mark.django_db

LEADER, DESK, UNIT, INSPECTOR = "account:900", "account:901", "account:902", "account:903"


def supervise(one: Case) -> Supervision:
    return supervising.supervise(one, instruction="do it today", by=LEADER, now=NOON)


def in_hand() -> Case:
    task = dispatching.dispatch(case(), unit(), by=DESK, now=NOON)
    return dispatching.accept(task, by=UNIT, now=NOON).case


def told(template: str) -> set[str]:
    found = Message.everything.filter(template=template)
    return set(found.values_list("recipient", flat=True))


def test_the_handlers_and_the_operators_are_told() -> None:
    one = in_hand()

    made = supervise(one)

    line = one.timeline.get(verb="case.supervise")
    assert told("engine.supervised") == {f"unit:{one.tasks.get().unit_id}", "role:operator"}
    assert (line.actor, line.note) == (LEADER, "do it today")
    assert supervising.of(one) == made


@pytest.mark.parametrize(("hours", "state"), [(23.9, "running"), (24, "overdue")])
def test_an_answer_is_due_within_a_day(hours: float, state: str) -> None:
    supervise(case())

    timing.fire_due(later(hours=hours))

    assert Clock.objects.get(kind="answer").state == state


def test_the_answer_stops_its_clock_and_is_told() -> None:
    one = in_hand()
    made = supervise(one)

    supervising.answer(made, words="two boats are out", by=DESK, now=later(hours=1))

    assert (made.state, made.answer, made.answered_by) == ("answered", "two boats are out", DESK)
    assert Clock.objects.get(kind="answer").state == "met"
    assert told("engine.supervision_answered") == {"role:leader", "role:inspector"}
    assert one.timeline.latest("seq").note == "two boats are out"


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_case_closes_only_when_the_instruction_was_answered(is_answered: bool) -> None:
    one = in_hand()
    made = supervise(one)
    dispatching.finish(one.tasks.get(), outcome="left", by=UNIT, now=NOON)
    if is_answered:
        supervising.answer(made, words="done", by=DESK, now=NOON)

    code = refusal(lambda: closing.inspect(one, is_passed=True, by=INSPECTOR, now=NOON))

    assert code == ("" if is_answered else "supervised")
    one.refresh_from_db(from_queryset=Case.everything.all())
    assert (one.state == "closed") is is_answered


def test_nor_is_it_dismissed_unanswered() -> None:
    one = case()
    supervise(one)

    with pytest.raises(StateConflict) as refused:
        closing.dismiss(one, reason="nothing there", by=DESK, now=NOON)

    assert refused.value.code == "supervised"
    one.refresh_from_db(from_queryset=Case.everything.all())
    assert one.state == "open"


def test_sending_back_needs_no_answer() -> None:
    one = in_hand()
    supervise(one)
    dispatching.finish(one.tasks.get(), outcome="left", by=UNIT, now=NOON)

    closing.inspect(one, is_passed=False, note="no photo", by=INSPECTOR, now=NOON)

    assert one.state == "open"


def test_a_case_that_is_void_asks_for_no_answer() -> None:
    one = case()
    made = supervise(one)

    closing.dismiss(one, reason="", by=INSPECTOR, now=NOON, allowed=Case.LIFTS)

    made.refresh_from_db(from_queryset=Supervision.everything.all())
    assert (made.state, one.state) == ("lapsed", "dismissed")


def test_one_instruction_at_a_time() -> None:
    one = case()
    made = supervise(one)
    with pytest.raises(StateConflict) as refused:
        supervise(one)

    supervising.answer(made, words="done", by=DESK, now=NOON)
    again = supervise(one)

    assert refused.value.code == "supervised"
    assert supervising.of(one) == again


@pytest.mark.parametrize("state", ["closed", "dismissed", "merged"])
def test_what_has_ended_is_supervised_no_more(state: str) -> None:
    with pytest.raises(StateConflict) as refused:
        supervise(case(state=state))

    assert refused.value.code == "case-ended"


def test_whoever_gave_the_instruction_does_not_answer_it() -> None:
    made = supervise(case())

    with pytest.raises(supervising.AnsweredOneself):
        supervising.answer(made, words="done", by=LEADER, now=NOON)


def test_it_is_answered_once() -> None:
    made = supervise(case())
    again = Supervision.everything.get()
    supervising.answer(made, words="done", by=DESK, now=NOON)

    with pytest.raises(StateConflict):
        supervising.answer(again, words="once more", by=DESK, now=NOON)

    assert Supervision.everything.get().answer == "done"


@pytest.mark.parametrize("words", ["", " \n"])
def test_instruction_and_answer_have_words(words: str) -> None:
    one = case()
    with pytest.raises(ReasonMissing):
        supervising.supervise(one, instruction=words, by=LEADER, now=NOON)
    made = supervise(one)

    with pytest.raises(ReasonMissing):
        supervising.answer(made, words=words, by=DESK, now=NOON)
