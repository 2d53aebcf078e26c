"""Supervision 督办: an instruction that has to be answered before the case can close."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied

from zhizhi.engine import delivering, settings_in_force, suspending, timeline, timing
from zhizhi.engine.dispatching import locked
from zhizhi.engine.models import Case, Supervision
from zhizhi.engine.reasons import given
from zhizhi.engine.states import StateConflict, move

KIND = "answer"  # of the clock


class AnsweredOneself(PermissionDenied):
    """Whoever gave the instruction does not answer it."""


def supervise(case: Case, *, instruction: str, by: str, now: datetime) -> Supervision:
    """Put ``case`` under supervision; whoever handles it, and the operators, are told.

    Raises ReasonMissing without an instruction, and StateConflict when the case has ended or an
    instruction waits for its answer already.
    """
    said = given(instruction)
    with timeline.writing():
        locked(case)
        if case.state in Case.RESTING:
            message = f"the case is {case.get_state_display()}"
            raise StateConflict(message, code="case-ended", record=case)
        check(case)
        made = Supervision.everything.create(case=case, instruction=said, at=now, by=by)
        within = timedelta(hours=settings_in_force.value("engine.supervision_hours"))
        timing.start_clock(case, kind=KIND, within=within, now=now)
        timeline.record(case, verb="case.supervise", actor=by, at=now, note=said)
        told = (*suspending.handlers(case), "role:operator")
        _tell(case, made, told, "engine.supervised", now=now)
    return made


def check(case: Case) -> None:
    """Raise StateConflict ("supervised") while an instruction waits for its answer."""
    made = of(case)
    if made is not None:
        raise StateConflict("supervision waits for an answer", code="supervised", record=case)


def of(case: Case) -> Supervision | None:
    """Return the instruction that waits for an answer, if any."""
    return Supervision.everything.filter(case=case, state=Supervision.State.OPEN).first()


def answer(made: Supervision, *, words: str, by: str, now: datetime) -> Supervision:
    """Answer the instruction: what was done.

    Raises ReasonMissing, AnsweredOneself, and StateConflict when it was answered before.
    """
    said = given(words)
    with timeline.writing():
        case = locked(made.case)
        if made.by == by:
            raise AnsweredOneself
        to = Supervision.State.ANSWERED
        move(made, to, allowed=Supervision.MOVES, answer=said, answered_at=now, answered_by=by)
        timing.meet_clocks(case, kind=KIND, now=now)
        timeline.record(case, verb="case.answer", actor=by, at=now, note=said)
        told = ("role:leader", "role:inspector")
        _tell(case, made, told, "engine.supervision_answered", now=now)
    return made


def lapse(case: Case) -> None:
    """Ask for no answer any more: the case is void."""
    waiting = Supervision.everything.filter(case=case, state=Supervision.State.OPEN)
    waiting.update(state=Supervision.State.LAPSED)


def _tell(
    case: Case, made: Supervision, recipients: tuple[str, ...], template: str, *, now: datetime
) -> None:
    delivering.tell(
        recipients, template, case=case, key_parts=("supervision", made.pk, made.state), now=now,
        facts={"told": made.answer or made.instruction}, is_urgent=True,
    )  # fmt: skip
