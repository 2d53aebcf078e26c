"""Wait until everything has come to rest, then print what there is, as one line of JSON.

``python -m tests.chaos.watching OFFSET SECONDS``: all envelopes up to OFFSET were acknowledged;
what has not got on for SECONDS never will.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from zhizhi.config.boot import boot

WAITING = ("held", "queued")
PATIENCES = 5  # whatever tells for ever is not waited for
QUIET = 8  # looks, half a second apart, at which nothing waits: longer than the control's pauses


def main() -> int:
    """Watch an installation that nobody kills any more."""
    boot()
    last_offset, seconds = int(sys.argv[1]), float(sys.argv[2])
    started, rest, most, end = time.monotonic(), 0, -1, 0.0
    while rest < QUIET:
        done, now = _done(last_offset), time.monotonic()
        if done > most:  # a slow machine gets on as well
            most, end = done, min(now, started + PATIENCES * seconds) + seconds
        if now >= end:
            break
        rest = rest + 1 if _is_at_rest(last_offset) else 0
        time.sleep(0.5)
    print(json.dumps(_outcome(is_at_rest=rest >= QUIET)))
    return 0


def _done(last_offset: int) -> int:
    """Return how many envelopes are judged and messages settled: while it grows, it gets on."""
    from zhizhi.engine.models import Checkpoint, Message

    checkpoint = Checkpoint.objects.filter(detector="fishery.dwell").first()
    judged = min(checkpoint.next_offset, last_offset) if checkpoint else 0  # heartbeats go on
    return judged + Message.everything.exclude(state__in=WAITING).count()


def _is_at_rest(last_offset: int) -> bool:
    from zhizhi.engine.models import Checkpoint, JournalSegment, Message

    newest = JournalSegment.objects.filter(offset__lte=last_offset).order_by("-offset").first()
    checkpoint = Checkpoint.objects.filter(detector="fishery.dwell").first()
    if newest is None or checkpoint is None or checkpoint.next_offset <= last_offset:
        return False
    judged_us = checkpoint.watermark_us
    waiting = Message.everything.filter(state__in=WAITING).exists()
    return judged_us >= newest.arrival_at.timestamp() * 1_000_000 and not waiting


def _outcome(*, is_at_rest: bool) -> dict[str, Any]:
    from zhizhi.engine import timeline
    from zhizhi.engine.models import Alert, Case, InboxKey, JournalSegment, Message, QuarantinedRow
    from zhizhi.trust import audit, walking

    with walking.snapshot():
        breaks = [str(found) for found in (*audit.verify(), *timeline.verify())]
    keys = InboxKey.objects.values_list("key", "response")
    rows = dict(JournalSegment.objects.filter(rows__gt=0).values_list("offset", "rows"))
    return {
        "is_at_rest": is_at_rest,
        "alerts": sorted(Alert.everything.values_list("subject", "zone")),
        "cases": sorted(Case.everything.values_list("subject", "zone")),
        "messages": sorted(Message.everything.values_list("recipient", "state")),
        "attempts": sum(Message.everything.values_list("attempts", flat=True)),
        "keys": {key: response["offset"] for key, response in keys},
        "rows": rows,
        "late": QuarantinedRow.objects.count(),
        "breaks": breaks,
    }


if __name__ == "__main__":
    sys.exit(main())
