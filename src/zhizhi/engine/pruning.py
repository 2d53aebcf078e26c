"""Letting go of raw records: what the journal holds is deleted when its time is over.

A segment goes when it is older than ``engine.journal_days``, every installed detector has read it,
and no alert of a case or appeal that is still open replays from it. Its successor is linked to its
predecessor in the same transaction, so that a reader still notices a segment that went otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from zhizhi.engine import intake, journal, settings_in_force
from zhizhi.engine.models import (
    Alert,
    Appeal,
    Case,
    CaseLink,
    Checkpoint,
    JournalHead,
    JournalSegment,
    QuarantinedRow,
    ShardState,
    Trial,
)
from zhizhi.engine.system import detector_codes
from zhizhi.trust.audit import Leaf
from zhizhi.trust.evidence import append_now

WORKER = "worker"
VERB = "journal.prune"
AT_ONCE = 500  # rows of a table in one transaction: nobody waits long for a write
REPEATS = timedelta(days=30)  # a sender may repeat a request for this long
Span = tuple[int, int]


def prune(now: datetime) -> int:
    """Delete a bounded number of raw records whose time is over; returns how many."""
    before = settings_in_force.days_ago("engine.journal_days", now)
    gone = _prune_segments(before, now) + _strange_state(before)
    gone += delete_some(QuarantinedRow.objects.filter(arrival_at__lt=before))
    gone += delete_some(Trial.objects.filter(ended_at__lt=before))
    return gone + intake.forget_keys(before=min(before, now - REPEATS), most=AT_ONCE)


@transaction.atomic
def _prune_segments(before: datetime, now: datetime) -> int:
    """Delete and relink under the journal's head, so that no segment comes in between."""
    head = intake.hold_head()
    gone = _due(before, passed=_passed())
    for stream in {row.stream for row in gone}:
        _relink(head, stream, {row.offset: row.previous for row in gone if row.stream == stream})
    if gone:
        offsets = [row.offset for row in gone]
        JournalSegment.objects.filter(offset__in=offsets).delete()
        head.save(update_fields=["tails"])
        detail = {"count": len(offsets), "first": offsets[0], "last": offsets[-1]}
        append_now(Leaf(WORKER, VERB, "journal", now, detail=detail))
    return len(gone)


def _due(before: datetime, *, passed: int) -> list[JournalSegment]:
    old = JournalSegment.objects.filter(arrival_at__lt=before, offset__lt=passed)
    rows = old.exclude(stream=journal.HEARTBEAT).order_by("offset").defer("payload")
    held = list(_held())
    found: list[JournalSegment] = []
    for row in rows.iterator(chunk_size=AT_ONCE):
        if not any(first <= row.offset <= last for first, last in held):
            found.append(row)
        if len(found) == AT_ONCE:
            break
    return found


def _passed() -> int:
    """Return the offset before which every installed detector has read everything."""
    codes = detector_codes()
    stands = Checkpoint.objects.filter(pk__in=codes).values_list("next_offset", flat=True)
    return min(stands, default=journal.next_offset())


def _held() -> Iterator[Span]:
    """Yield the offsets from which alerts of open cases and open appeals replay."""
    joined = CaseLink.everything.filter(ended_at=None).exclude(root__state__in=Case.FINAL)
    is_open = ~Q(case__state__in=Case.RESTING) | Q(case__in=joined.values("case"))
    is_open |= Q(appeal__state=Appeal.State.OPEN)
    rows = Alert.everything.filter(is_open).values_list("explanation", flat=True)
    for explanation in rows.iterator():
        told = explanation.get("journal") or {}
        if "first" in told and "last" in told:
            yield told["first"], told["last"]


def _relink(head: JournalHead, stream: str, gone: dict[int, int]) -> None:
    """Let what follows a segment that goes follow the one before it."""

    def before(offset: int) -> int:
        while offset in gone:
            offset = gone[offset]
        return offset

    after = JournalSegment.objects.filter(stream=stream, previous__in=gone)
    for offset, previous in after.values_list("offset", "previous"):
        if offset not in gone:
            JournalSegment.objects.filter(offset=offset).update(previous=before(previous))
    if stream in head.tails:
        head.tails[stream] = before(head.tails[stream])


@transaction.atomic
def _strange_state(before: datetime) -> int:
    """Forget what detectors remembered that are installed no longer."""
    codes = detector_codes()
    strange = Checkpoint.objects.exclude(pk__in=codes).filter(updated_at__lt=before)
    gone = list(strange.values_list("pk", flat=True)[:AT_ONCE])
    ShardState.objects.filter(detector__in=gone).delete()
    return strange.filter(pk__in=gone).delete()[0]


def delete_some(rows: models.QuerySet[Any]) -> int:
    """Delete a bounded number of ``rows``, the oldest first; returns how many went."""
    chosen = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    return rows.filter(pk__in=chosen).delete()[0] if chosen else 0


PRUNED: Sequence[str] = (
    "engine.JournalSegment.payload",
    "engine.QuarantinedRow.raw",
    "engine.Checkpoint.buffer",  # besides, each step of the detector replaces it
    "engine.ShardState.state",
    "engine.Trial.result",
)
