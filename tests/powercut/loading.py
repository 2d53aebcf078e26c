"""What goes on when the power is cut: senders, the door of the house, and a ledger outside."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from zhizhi.engine import journal
from zhizhi.engine.committing import GroupCommitter, IntakeUnavailable
from zhizhi.engine.intake import Envelope
from zhizhi.engine.models import InboxKey, JournalSegment, Source
from zhizhi.engine.reading import Reader
from zhizhi.kernel.streams import stream_named
from zhizhi.trust import audit, keys

STREAM = "shore_positions.v1"
SENDERS = 4
UNUSABLE = 5  # every fifth envelope has a row that goes to quarantine, and so to the audit chain


def found() -> None:
    """Make keys and the source; the tables are there."""
    keys.make()
    Source.objects.create(code="shore", name="shore", kind="http_push", streams=[STREAM])


def load(ledger: Path, cut: int) -> None:
    """Send until this process is killed, and write down outside what was acknowledged, and when."""
    source = Source.objects.get(code="shore")
    committer, numbers = GroupCommitter(), itertools.count()
    with ledger.open("ab", buffering=0) as outside:
        senders = [
            threading.Thread(target=_send, args=(committer, source, cut, numbers, outside))
            for _number in range(SENDERS)
        ]
        for one in senders:
            one.start()
        for one in senders:
            one.join()
    time.sleep(600)  # the power is gone; who cut it kills this process


def _send(
    committer: GroupCommitter, source: Source, cut: int, numbers: Iterator[int], outside: Any
) -> None:
    while True:
        envelope = _envelope(source, f"{cut}-{next(numbers)}")
        try:
            offset = committer.submit(envelope).result().offset
        except IntakeUnavailable:
            return
        outside.write(f"{time.monotonic_ns()} {envelope.key} {offset}\n".encode())


def _envelope(source: Source, key: str) -> Envelope:
    now = timezone.now()
    number = int(key.partition("-")[2])
    rows: list[dict[str, Any]] = [
        {"entity": 7 + place, "observed_at": now.isoformat(), "lon": 107.4, "lat": 29.7}
        for place in range(3)
    ]
    if number % UNUSABLE == 0:
        rows[0]["lat"] = 99.0
    body = json.dumps([key, *rows]).encode()
    reading = Reader(b"key").read(stream_named(STREAM), rows, arrival_at=now)
    return Envelope(source, STREAM, reading, key, hashlib.sha256(body).hexdigest(), now)


def acknowledged(ledger: Path, *, before: int) -> dict[str, int]:
    """Return offset by key of all that was acknowledged before the moment of the cut.

    What was answered while the power went may be there or not: nobody can have promised it.
    """
    lines = (line.split() for line in ledger.read_text(encoding="ascii").splitlines())
    return {key: int(offset) for at, key, offset in lines if int(at) < before}


def compare(promised: dict[str, int]) -> dict[str, Any]:
    """Return what was promised and is gone, and what does not fit together."""
    stored = dict(InboxKey.objects.values_list("key", "response"))
    offsets = set(JournalSegment.objects.filter(rows__gt=0).values_list("offset", flat=True))
    lost = [
        key
        for key, offset in promised.items()
        if stored.get(key, {}).get("offset") != offset or offset not in offsets
    ]
    damage = [str(one) for one in audit.verify()]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            told = cursor.execute("PRAGMA integrity_check").fetchall()
        damage += [str(row) for row in told if row != ("ok",)]
    try:
        last: dict[str, int] = {}
        for segments in journal.walk([STREAM], 1):
            journal.check_links(segments, start=segments[0].offset)
            last |= {one.stream: one.offset for one in segments}
        journal.check_tails([STREAM], last, start=1)
    except journal.JournalTruncated as truncated:
        damage.append(str(truncated))
    if len(offsets) != len(stored):
        damage.append(f"{len(offsets)} segments for {len(stored)} keys")
    return {"lost": lost, "damage": damage, "stored": len(stored)}
