"""Time limits as the pages judge them: which are unmet, which were missed, which were kept."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from zhizhi.engine.models import Clock

State = Clock.State


def unmet() -> Q:
    """Return the condition that nobody has met the limit yet."""
    return Q(state__in=(State.RUNNING, State.OVERDUE), ended_at=None)


def overdue(now: datetime) -> Q:
    """Return the condition that a limit is past and still unmet; at its very moment it is not.

    One that stands still is not past: its end moves on with every day.
    """
    return unmet() & Q(due_at__lt=now, paused_at=None)


def missed(now: datetime) -> Q:
    """Return the condition that a limit was not kept, whether or not the work was done later.

    A worker that was away marks nothing overdue: the times decide, not the mark alone.
    """
    late = Q(state=State.MET, ended_at__gt=F("due_at"))
    is_past = Q(state=State.RUNNING, due_at__lt=now, paused_at=None)
    return Q(state=State.OVERDUE) | is_past | late


def kept() -> Q:
    """Return the condition that a limit was met in time."""
    return Q(state=State.MET, ended_at__lte=F("due_at"))
