"""Erasing what is kept about a resident: what may go goes at once, the rest is told and follows.

PIPL art. 47: on request, or when the time is over. Whatever the law makes the district keep is not
kept in silence: the receipt names it with its reason, and the worker looks every day whether the
reason has ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from zhizhi.directory import people
from zhizhi.engine import claiming, timeline
from zhizhi.engine.models import Report
from zhizhi.trust import erasing, evidence, holding
from zhizhi.trust.holding import Subject
from zhizhi.trust.models import Erasure, Evidence

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
        gone = _destroy(subject, frozenset(hold.ref for hold in held), by=by, now=now)
        again = now + AGAIN if held else None
        Report.everything.filter(pk=report.pk).update(erase_again_at=again)
        if not gone:
            return None
        return erasing.receipt(str(subject), gone, held, by=by, now=now, leave=timeline.leave)


def lost(keys: Collection[int], *, by: str, now: datetime) -> int:
    """Destroy what lies under data keys that nobody has any more; returns the receipts.

    After a backup was restored: what was erased since is in it, and its receipts are not.
    """
    pictures = Evidence.objects.filter(subject_key__in=keys).values("case")
    touched = Report.everything.filter(
        Q(key__in=keys) | Q(person__key__in=keys) | Q(claims__key__in=keys) | Q(case__in=pictures)
    )
    count = 0
    for report in touched.select_related("person").distinct().order_by("pk"):
        subject = subject_of(report)
        spared = frozenset(name for name, key in _keys_of(report) if key not in keys)
        with timeline.writing():
            if gone := _destroy(subject, spared, by=by, now=now):
                erasing.receipt(str(subject), gone, [], by=by, now=now, leave=timeline.leave)
                count += 1
    return count


def _destroy(subject: Subject, spared: frozenset[str], *, by: str, now: datetime) -> list[str]:
    """Destroy whatever any app keeps about ``subject`` and is not spared; returns its names."""
    holders = holding.holders().values()
    return [ref for holder in holders for ref in holder.erase(subject, spared, by, now)]


def _keys_of(report: Report) -> Iterator[tuple[str, int | None]]:
    """Yield all that is kept about a reporter, by the name in receipts, with its data key."""
    yield f"report:{report.pk}", report.key_id
    if report.person is not None:
        yield people.subject(report.person), report.person.key_id
    for picture in Evidence.objects.filter(pk__in=report.evidence):
        yield evidence.name_of(picture), picture.subject_key_id
    for claim in claiming.claims_about(report.pk, report.person_id):
        yield claiming.name_of(claim), claim.key_id
