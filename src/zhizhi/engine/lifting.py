"""Lifting an automated alert, and everything that was derived from it, in one transaction.

Nothing is deleted: the history says what there was, and that it counts no longer. What the law
calls 即时解除 (反诈法 art. 32) is here one commit.
"""

from __future__ import annotations

from datetime import datetime

from zhizhi.engine import closing, delivering, merging, noticing, timeline
from zhizhi.engine.dispatching import locked
from zhizhi.engine.models import Alert, Case, Notice, Report
from zhizhi.engine.states import StateConflict

LIFTED = "engine.alert_lifted"  # the message to agencies


def lift(alert: Alert, *, by: str, now: datetime) -> Alert:
    """Lift ``alert`` and what was derived from it; raises StateConflict when it was lifted before.

    The case ends as a false alarm, from whatever state, unless another alert or a resident's report
    still stands behind it. The alert's system undoes what it has made of it.
    """
    with timeline.writing():
        case = locked(alert.case)
        standing = Alert.everything.filter(pk=alert.pk, lifted_at__isnull=True)
        if not standing.update(lifted_at=now):
            raise StateConflict("lifted before", code="lifted", record=alert)
        alert.refresh_from_db(from_queryset=Alert.everything.select_related("case"))
        data = {"alert": alert.pk, "rule": alert.detector}
        timeline.record(case, verb="alert.lift", actor=by, at=now, data=data)
        system = noticing.system_of(case)
        if system is not None:
            system.lifted(alert, by=by, now=now)
        if not is_founded(case):
            _end(case, by=by, now=now)
    return alert


def is_founded(case: Case) -> bool:
    """Say whether something still stands behind ``case``: an alert or a resident's report."""
    told = Report.everything.filter(case__in=merging.family_of(case))
    return case.alerts.filter(lifted_at__isnull=True).exists() or told.exists()


def _end(case: Case, *, by: str, now: datetime) -> None:
    """End the case as a false alarm and take back what went out because of it."""
    delivering.cancel_of_case(case, before=now)
    for notice in case.notices.exclude(state=Notice.State.VOID):
        noticing.void(notice, by=by, now=now)
    locked(case)
    if case.state != Case.State.DISMISSED:
        closing.dismiss(case, reason="", by=by, now=now, allowed=Case.LIFTS)
    _tell_agencies(case, now=now)


def _tell_agencies(case: Case, *, now: datetime) -> None:
    """Tell every agency that had a part: what it has done outside is for it to undo."""
    acted = case.tasks.filter(agency__isnull=False).values_list("agency_id", flat=True)
    wrote = case.notices.values_list("agency_id", flat=True)
    inboxes = [f"agency:{agency}" for agency in sorted({*acted, *wrote})]
    key = ("case", case.pk, "lifted")
    delivering.tell(inboxes, LIFTED, case=case, key_parts=key, now=now)
