"""The control: a worker written as one would without thinking of crashes. It must fail the test.

It commits the offset before the findings, and it sends before it marks, without a key by which the
gateway could know a message again. Each of the two windows is as wide as on a slow disk.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from datetime import datetime
from typing import Any

import httpx
import pyarrow as pa

from zhizhi.config.boot import boot

boot()

from django.conf import settings  # noqa: E402 - Django must be set up first

from zhizhi.channels import signing  # noqa: E402
from zhizhi.config.working import work  # noqa: E402
from zhizhi.engine import track, wording  # noqa: E402
from zhizhi.engine.delivering import Relay  # noqa: E402
from zhizhi.engine.models import Message  # noqa: E402
from zhizhi.engine.track import Progress, Track  # noqa: E402
from zhizhi.engine.triage import Triage, triage  # noqa: E402

SLOW_DISK_S = 0.3

_found: list[tuple[pa.Table, dict[str, Any]]] = []
_commit = Track.commit


def keep_for_later(findings: pa.Table, **given: Any) -> Triage:
    """Stand in for triage inside the transaction that commits the offset."""
    _found.append((findings, given))
    return Triage()


def commit(self: Track, *, now: datetime, progress: Progress) -> None:
    """First the offset and the state, then what was found."""
    _commit(self, now=now, progress=progress)
    if _found:
        time.sleep(SLOW_DISK_S)
    while _found:
        findings, given = _found.pop(0)
        triage(findings, **given)


def send_due(self: Relay, now: datetime, limit: int = 50) -> int:
    """Send each message under a new key, then mark it."""
    if self.channel.code != "carrier_sms":
        return 0
    waiting = Message.everything.filter(state__in=("held", "queued"), not_before__lte=now)
    return sum(_send(message) for message in waiting.order_by("pk")[:limit])


def _send(message: Message) -> bool:
    token = message.recipient.partition(":")[2]
    content = {"key": uuid.uuid4().hex, "token": token, "text": wording.words_of(message)}
    body = json.dumps(content).encode()
    headers = signing.sign(settings.CARRIER_SECRET, body, at=int(time.time()))
    try:
        answer = httpx.post(f"{settings.CARRIER_URL}/messages", content=body, headers=headers)
        answer.raise_for_status()
    except httpx.HTTPError:
        return False
    time.sleep(SLOW_DISK_S)
    return bool(Message.everything.filter(pk=message.pk).update(state="sent"))


def main() -> int:
    """Run a worker with both mistakes."""
    setattr(track, "triage", keep_for_later)  # noqa: B010 - the one mistake
    Track.commit = commit  # type: ignore[method-assign]
    Relay.send_due = send_due  # type: ignore[method-assign]  # the other
    work(is_over=lambda: False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
