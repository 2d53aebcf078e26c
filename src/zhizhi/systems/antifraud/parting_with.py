"""Destroying whoever was at risk of a scam, once nobody has to call any more."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from zhizhi.directory import people
from zhizhi.engine import settings_in_force, timeline
from zhizhi.engine.models import Report
from zhizhi.systems.antifraud.models import Dissuasion
from zhizhi.trust import erasing

WORKER = "worker"
AT_ONCE = 100


def forget_old(now: datetime) -> int:
    """Destroy names and numbers ``antifraud.risk_days`` after the end, with a receipt each.

    Whoever reported the own case goes with that report. What was at risk and lost stays, of nobody.
    """
    before = settings_in_force.days_ago("antifraud.risk_days", now)
    is_over = Q(ended_at__lt=before) | Q(ended_at=None, case__closed_at__lt=before)
    reported = Report.everything.filter(person=OuterRef("person"))
    rows = Dissuasion.everything.filter(is_over, ~Exists(reported), person__key__destroyed_at=None)
    count = 0
    for row in rows.select_related("person__key").order_by("pk")[:AT_ONCE]:
        with timeline.writing():
            people.erase_person(row.person, by=WORKER, now=now, leave=lambda _leaf: None)
            erasing.receipt(
                f"dissuasion:{row.pk}", [people.subject(row.person)], [], by=WORKER, now=now,
                leave=timeline.leave,
            )  # fmt: skip
        count += 1
    return count
