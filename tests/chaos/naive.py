"""The control: a worker written as one would without thinking of crashes. It must fail the test.

It commits the offset before the findings, and it sends before it marks, without a key by which the
gateway could know a message again. Each of the two windows is as wide as on a slow disk.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from zhizhi.config.boot import boot

boot()

from django.conf import settings  # noqa: E402 - Django must be set up first

from zhizhi.channels import signing  # noqa: E402
from zhizhi.config.working import work  # noqa: E402
from zhizhi.engine import delivering, timeline, wording  # noqa: E402
from zhizhi.engine.models import Message  # noqa: E402
from zhizhi.engine.track import Track  # noqa: E402
from zhizhi.engine.triage import triage  # noqa: E402

SLOW_DISK_S = 0.3


def commit(
    track: Track, segments: Sequence[Any], steps: Sequence[Any], *, now: datetime, progress: Any
) -> None:
    """First the offset and the state, then what was found."""
    with timeline.writing():
        track._save_shards(sorted({n for _, step in steps for n in step.changed_shards}))
        track._save_checkpoint(segments[-1], now)
    if any(step.findings.num_rows for _, step in steps):
        time.sleep(SLOW_DISK_S)
    with timeline.writing():
        for _, step in steps:
            triage(step.findings, detector=track.detector, compiled=track.compiled, now=now)


def relay(now: datetime, limit: int = 50) -> int:
    """Send each message under a new key, then mark it."""
    waiting = Message.everything.filter(state__in=("held", "queued"), not_before__lte=now)
    return sum(_send(message) for message in waiting.order_by("pk")[:limit])


def _send(message: Message) -> bool:
    token = message.recipient.partition(":")[2]
    content = {"key": uuid.uuid4().hex, "token": token, "text": wording.words_of(message)}
    body = json.dumps(content).encode()
    headers = signing.sign(settings.CARRIER_SECRET, body, at=int(time.time()))
    try:
        httpx.post(f"{settings.CARRIER_URL}/messages", content=body, headers=headers)
    except httpx.HTTPError:
        return False
    time.sleep(SLOW_DISK_S / 10)
    return bool(Message.everything.filter(pk=message.pk).update(state="sent"))


def main() -> int:
    """Run a worker with both mistakes."""
    Track._commit = commit  # type: ignore[method-assign]  # the mistake itself
    delivering.relay = relay
    work(is_over=lambda: False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
