"""What waits in the house, in numbers: for the health page and the doctor; no content."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from zhizhi.engine.models import Message, Timer

SILENT = timedelta(minutes=15)  # a source that sent before and says nothing for this long


def outbox() -> dict[str, Any]:
    """Return the waiting messages of each channel with the oldest's time, and how many failed."""
    waiting = Message.everything.filter(state__in=(Message.State.HELD, Message.State.QUEUED))
    return {
        "waiting": list(
            waiting.values("channel").annotate(rows=Count("pk"), oldest=Min("queued_at"))
        ),
        "failed": Message.everything.filter(state=Message.State.FAILED).count(),
    }


def timers(now: datetime) -> dict[str, Any]:
    """Return how many timers wait, how many are late, and when the oldest was due."""
    waiting = Timer.objects.filter(fired_at=None, cancelled_at=None)
    late = Count("pk", Q(due_at__lt=now))
    return dict(waiting.aggregate(all=Count("pk"), late=late, oldest=Min("due_at")))
