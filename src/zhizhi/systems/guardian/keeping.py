"""Letting go: of a case that is over, of agreements that are, and of what nobody needs any more."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from zhizhi.directory.accounts import person_name
from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Case
from zhizhi.engine.states import StateConflict
from zhizhi.systems.guardian import enrolling, parting_with, telling
from zhizhi.systems.guardian.models import Enrolment, Tag
from zhizhi.trust import consenting
from zhizhi.trust.grounds import BRING_HOME, TAGS

WORKER = "worker"
State = Enrolment.State


def close(case: Case, *, now: datetime) -> None:
    """Tell the rule once that the case of a ward is over, so that it may ask anew."""
    row = Enrolment.everything.filter(case=case).first()
    if row is None or not Enrolment.everything.filter(pk=row.pk, case=case).update(
        case=None, missing_since=None
    ):
        return
    if row.state == State.ACTIVE:
        telling.tell(row, telling.CLOSED, now=now)


def forget_old(now: datetime) -> int:
    """Pause whoever has no agreement any more, end it later, then delete it; returns how many."""
    before = settings_in_force.days_ago("guardian.keep_days", now)
    live = list(Enrolment.everything.exclude(state=State.ENDED).order_by("pk"))
    names = [person_name(row.ward_id) for row in live]
    agreed = consenting.agreed_among(names, BRING_HOME, (TAGS,), now=now)
    left = [row for row in live if person_name(row.ward_id) not in agreed]
    done = sum(_let_go(row, before, now) for row in left)
    over = models.Q(state=State.ENDED, ended_at__lt=before)
    tags = Tag.objects.filter(unbound_at__lt=before).delete()[0]
    old = Enrolment.everything.filter(over)
    sealed = parting_with.sealed_here(old)
    gone = old.delete()[0]
    parting_with.release(sealed, by=WORKER, now=now)
    return done + tags + gone


def _let_go(row: Enrolment, before: datetime, now: datetime) -> bool:
    try:
        if row.state == State.ACTIVE:
            enrolling.pause(row, by=WORKER, now=now)
        elif row.changed_at < before:
            enrolling.end(row, by=WORKER, now=now)
        else:
            return False
    except StateConflict:  # somebody was faster
        return False
    return True
