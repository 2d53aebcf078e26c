"""Erasing what is kept about a resident: what may go goes at once, the rest is told and follows.

PIPL art. 47: on request, or when the time is over. Whatever the law makes the district keep is not
kept in silence: the receipt names it with its reason, and the worker looks every day whether the
reason has ended.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from zhizhi.engine import timeline
from zhizhi.engine.models import Report
from zhizhi.trust import erasing, holding
from zhizhi.trust.holding import Subject
from zhizhi.trust.models import Erasure

AGAIN = timedelta(days=1)  # after which the worker looks at what was held


def subject_of(report: Report) -> Subject:
    """Return a report as the apps of the house know it."""
    return Subject(report.pk, report.case_id, report.person_id, tuple(report.evidence))


def erase(report: Report, *, by: str, now: datetime, lifts: Collection[str] = ()) -> Erasure | None:
    """Destroy everything about the reporter that nothing holds; returns the receipt.

    None when there was nothing left to destroy. ``lifts`` names reasons that do not hold this time
    ("open-case", when the district itself decides so). What is held is tried again after ``AGAIN``.
    """
    subject = subject_of(report)
    with timeline.writing():
        Report.everything.select_for_update().get(pk=report.pk)  # of two at once one waits
        held = [hold for hold in holding.holds(subject) if hold.reason not in lifts]
        spared = frozenset(hold.ref for hold in held)
        gone = [
            ref for holder in holding.holders().values()
            for ref in holder.erase(subject, spared, by, now)
        ]  # fmt: skip
        again = now + AGAIN if held else None
        Report.everything.filter(pk=report.pk).update(erase_again_at=again)
        if not gone:
            return None
        return erasing.receipt(str(subject), gone, held, by=by, now=now, leave=timeline.leave)
