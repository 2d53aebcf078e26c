"""Who is told of a ward who is alone: the relatives first, then operators and the nearest unit."""

from __future__ import annotations

from datetime import datetime, timedelta

from zhizhi.engine import delivering, dispatching, settings_in_force, timeline, timing
from zhizhi.engine.models import Alert, Case
from zhizhi.kernel.solitude import Reason
from zhizhi.systems.guardian.naming import ASK, CALL

WORKER = "worker"
OPERATORS = ("role:operator",)


def ask_relatives(case: Case, alert: Alert, *, now: datetime) -> None:
    """Have the relatives asked, once for each question."""
    delivering.tell(OPERATORS, ASK, case=case, key_parts=("alert", alert.pk), now=now)
    told = {"alert": alert.pk, "why": alert.kind}
    timeline.record(case, verb="guardian.ask", actor=WORKER, at=now, data=told)


def call_officer(case: Case, alert: Alert, *, now: datetime) -> None:
    """Tell the operators, start the clock until one of them looks, and send the nearest unit."""
    delivering.tell(
        OPERATORS, CALL, case=case, key_parts=("alert", alert.pk), now=now, is_urgent=True
    )
    told = {"alert": alert.pk, "why": alert.kind}
    timeline.record(case, verb="guardian.call", actor=WORKER, at=now, data=told)
    if case.acknowledged_at is None and not case.clocks.filter(kind="acknowledge").exists():
        within = timedelta(minutes=settings_in_force.value("guardian.acknowledge_minutes"))
        timing.start_clock(case, kind="acknowledge", within=within, now=now)
    if alert.kind == Reason.MISSING or settings_in_force.value("guardian.dispatches_itself"):
        dispatching.dispatch_or_note(case, missed="guardian.no_unit", by=WORKER, now=now)
