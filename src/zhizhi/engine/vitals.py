"""What waits in the house, in numbers: for the health page and the doctor; no content."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min

from zhizhi.engine.models import Message


def outbox() -> dict[str, Any]:
    """Return the waiting messages of each channel with the oldest's time, and how many failed."""
    waiting = Message.everything.filter(state__in=(Message.State.HELD, Message.State.QUEUED))
    return {
        "waiting": list(
            waiting.values("channel").annotate(rows=Count("pk"), oldest=Min("queued_at"))
        ),
        "failed": Message.everything.filter(state=Message.State.FAILED).count(),
    }
