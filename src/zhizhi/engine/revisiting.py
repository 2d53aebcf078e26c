"""Asking the reporter after the end 回访: was it really solved?"""

from __future__ import annotations

from datetime import datetime

from zhizhi.engine import closing, timeline
from zhizhi.engine.dispatching import locked
from zhizhi.engine.models import Case, Report, Revisit
from zhizhi.engine.reasons import given
from zhizhi.engine.states import StateConflict

Outcome = Revisit.Outcome


def may_ask(report: Report) -> bool:
    """Say whether this end of the case still waits for the reporter's word, and there is a way."""
    return _refusal(report, report.case) == ""


def _refusal(report: Report, case: Case) -> str:
    """Return the code of what stands in the way, or nothing."""
    if case.state != Case.State.CLOSED or case.closed_at is None:
        return "not-closed"
    person = report.person
    if report.forgotten_at is not None or person is None or person.key.destroyed_at is not None:
        return "no-contact"
    said = report.revisits.filter(at__gte=case.closed_at).exclude(outcome=Outcome.UNREACHED)
    return "asked-already" if said.exists() else ""


def revisit(report: Report, outcome: str, *, note: str = "", by: str, now: datetime) -> Revisit:
    """Keep what the reporter said; whoever is not satisfied opens the case again.

    Raises ValueError for an unknown outcome, ReasonMissing when it opens again without words, and
    StateConflict when the case is not closed, there is no contact, or this end was answered.
    """
    wanted = Outcome(outcome)
    said = given(note) if wanted == Outcome.UNSATISFIED else note.strip()
    with timeline.writing():
        case = locked(report.case)
        if code := _refusal(report, case):
            raise StateConflict(code, code=code, record=case)
        made = Revisit.objects.create(report=report, outcome=wanted, at=now, by=by)
        data = {"report": report.pk, "outcome": f"revisit-{wanted.value}"}
        timeline.record(case, verb="report.revisit", actor=by, at=now, note=said, data=data)
        if wanted == Outcome.UNSATISFIED:
            closing.reopen(case, reason=said, by=by, now=now)
    return made
