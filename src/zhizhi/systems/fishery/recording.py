"""The record of a violation, made from what the unit reported on the spot."""

from __future__ import annotations

from datetime import datetime

from zhizhi.engine import timeline
from zhizhi.engine.models import Case, Feedback, Task, TimelineEntry
from zhizhi.systems.fishery import sharing
from zhizhi.systems.fishery.models import Stay, Violation, ViolationPhoto
from zhizhi.trust.evidence import VOICE
from zhizhi.trust.models import Evidence

VIOLATION = "violation"  # the outcome that a unit chooses


def follow(feedback: Feedback, *, now: datetime) -> None:
    """Record a violation that a unit reports, and keep the case open while it is reviewed."""
    task = feedback.task
    if feedback.outcome == VIOLATION and task is not None and task.unit_id is not None:
        sharing.hold(record(feedback, now=now), now=now)


def record(feedback: Feedback, *, now: datetime) -> Violation:
    """Open the record of the violation that ``feedback`` reports; doing it again is a no-op."""
    with timeline.writing():
        violation, is_new = Violation.everything.get_or_create(
            feedback=feedback,
            defaults={
                "case": feedback.case,
                "stay": Stay.everything.filter(case=feedback.case).order_by("found_at").last(),
                "handlers": sorted(_handlers(feedback)),
                "recorded_at": now,
                "changed_at": now,
            },
        )
        if not is_new:
            return violation
        sealed = Evidence.objects.filter(pk__in=feedback.evidence, case=feedback.case_id)
        photos = sealed.exclude(kind=VOICE)
        ViolationPhoto.objects.bulk_create(
            ViolationPhoto(violation=violation, evidence=photo) for photo in photos
        )
        timeline.record(
            feedback.case,
            verb="violation.recorded",
            actor=feedback.by,
            at=now,
            task=feedback.task,
            data={"violation": violation.pk, "evidence": [photo.pk for photo in photos]},
        )
    return violation


def _handlers(feedback: Feedback) -> set[str]:
    """Return everybody who had a hand in the case: none of them may review the record."""
    case: Case = feedback.case
    tasks = Task.everything.filter(case=case)
    found = {feedback.by, case.acknowledged_by}
    for offered_by, unit in tasks.values_list("offered_by", "unit_id"):
        found |= {offered_by, f"unit:{unit}" if unit else ""}
    acted = TimelineEntry.objects.filter(case=case, task__isnull=False)
    found |= set(acted.values_list("actor", flat=True))
    return found - {"", "worker", "gateway"}
