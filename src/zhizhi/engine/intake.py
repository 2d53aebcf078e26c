"""The door: what an envelope brings is durable, or refused by name, before anyone is answered."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from zhizhi.engine import journal, matching, reading
from zhizhi.engine.models import InboxKey, JournalHead, JournalSegment, QuarantinedRow, Source
from zhizhi.kernel.observations import Defect, Reading
from zhizhi.kernel.streams import STREAMS
from zhizhi.trust import audit

DEFECTS_SHOWN = 100
NO_ROW_REFUSED = "unknown-field"  # told to the sender, but there is nothing to quarantine

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What one request, message or file chunk brought, already read and checked row by row.

    ``key`` names the envelope for its source; ``body_digest`` is the SHA-256 of what was sent.
    ``taken`` is set once a stream ``is_matched``: how many rows were read, whoever they were of.
    """

    source: Source
    stream: str
    reading: Reading
    key: str
    body_digest: str
    arrival_at: datetime
    taken: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an envelope; ``offset`` is None when no row of it was accepted.

    It tells nobody which rows of a matched stream were kept, and so who is known here.
    """

    offset: int | None
    accepted: int
    quarantined: int
    defects: tuple[Mapping[str, Any], ...] = ()
    is_repeat: bool = False

    def as_response(self) -> dict[str, Any]:
        """Return the answer to the sender, the same for every repeat."""
        return {
            "accepted": self.accepted,
            "quarantined": self.quarantined,
            "offset": self.offset,
            "defects": list(self.defects),
        }


class KeyReused(Exception):
    """The source has used this key for another body; nothing of this one was taken."""


def append(envelopes: Sequence[Envelope], *, now: datetime) -> list[Receipt]:
    """Write ``envelopes`` to the journal in one transaction and return their receipts.

    Raises KeyReused, and then nothing at all is written; ``settle`` tells the envelopes apart.
    """
    with transaction.atomic():
        outcomes = settle(envelopes, now=now)
        for outcome in outcomes:
            if isinstance(outcome, KeyReused):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


def settle(envelopes: Sequence[Envelope], *, now: datetime) -> list[Receipt | KeyReused]:
    """Write ``envelopes`` in one transaction; those that reuse a key wrongly are left out.

    A key that was used for the same body gets the receipt it got then. The head of the journal is
    held until commit, so offsets become visible in their order.
    """
    envelopes = [_matched(envelope, now) for envelope in envelopes]
    payloads = [journal.encode(envelope.reading.table) for envelope in envelopes]
    with transaction.atomic():
        head = hold_head()
        used = _used_keys(envelopes)
        writing = _Writing(head=head, now=now)
        outcomes: list[Receipt | KeyReused] = []
        for envelope, payload in zip(envelopes, payloads, strict=True):
            pair = (envelope.source.pk, envelope.key)
            if pair in used:
                outcomes.append(_repeat(envelope, *used[pair]))
                continue
            receipt = writing.add(envelope, payload)
            used[pair] = (envelope.body_digest, receipt.as_response())
            outcomes.append(receipt)
        writing.write()
    return outcomes


def heartbeat(*, now: datetime, passed: int) -> int:
    """Move the arrival clock of a quiet journal to ``now``; return the heartbeat's offset.

    ``passed`` is the offset that every checkpoint has passed: older heartbeats are dropped.
    """
    with transaction.atomic():
        head = hold_head()
        offset, arrival_at = head.next_offset, _forward(head, now)
        old = JournalSegment.objects.filter(stream=journal.HEARTBEAT, offset__lt=passed)
        old.delete()
        JournalSegment.objects.create(
            offset=offset, stream=journal.HEARTBEAT, arrival_at=arrival_at, rows=0, payload=b""
        )
        JournalHead.objects.filter(pk=head.pk).update(next_offset=offset + 1, arrival_at=arrival_at)
    return offset


def forget_keys(*, before: datetime, most: int) -> int:
    """Drop at most ``most`` inbox keys older than ``before``; a repeat after that is new."""
    old = InboxKey.objects.filter(created_at__lt=before).order_by("created_at")
    chosen = list(old.values_list("pk", flat=True)[:most])
    return InboxKey.objects.filter(pk__in=chosen).delete()[0] if chosen else 0


class _Writing:
    """The rows of one transaction, collected so that each table is written by one statement."""

    def __init__(self, *, head: JournalHead, now: datetime) -> None:
        self.head = head
        self.now = now
        self.segments: list[JournalSegment] = []
        self.keys: list[InboxKey] = []
        self.quarantine: list[QuarantinedRow] = []
        self.arrivals: dict[int, datetime] = {}
        self.reasons: dict[tuple[str, str], Counter[str]] = {}

    def add(self, envelope: Envelope, payload: bytes) -> Receipt:
        read = envelope.reading
        arrival_at = self.head.arrival_at = _forward(self.head, envelope.arrival_at)
        rows, defects = read.table.num_rows, read.defects
        offset = self._add_segment(envelope, payload, arrival_at) if rows else None
        if read.refused:
            self._add_defects(envelope, arrival_at)
        shown = tuple(describe(defect) for defect in defects[:DEFECTS_SHOWN])
        if envelope.taken is not None:
            offset, rows = None, envelope.taken
        receipt = Receipt(offset, rows, read.refused, shown)
        self.arrivals[envelope.source.pk] = arrival_at
        self.keys.append(
            InboxKey(
                source_id=envelope.source.pk,
                key=envelope.key,
                body_digest=envelope.body_digest,
                response=receipt.as_response(),
                created_at=self.now,
            )
        )
        return receipt

    def _add_segment(self, envelope: Envelope, payload: bytes, arrival_at: datetime) -> int:
        offset = self.head.next_offset
        self.segments.append(
            JournalSegment(
                offset=offset,
                stream=envelope.stream,
                previous=self.head.tails.get(envelope.stream, 0),
                source_id=envelope.source.pk,
                arrival_at=arrival_at,
                rows=envelope.reading.table.num_rows,
                payload=payload,
            )
        )
        self.head.tails[envelope.stream] = offset
        self.head.next_offset = offset + 1
        return offset

    def _add_defects(self, envelope: Envelope, arrival_at: datetime) -> None:
        defects = [d for d in envelope.reading.defects if d.reason != NO_ROW_REFUSED]
        subject = (envelope.source.code, envelope.stream)
        counted = self.reasons.setdefault(subject, Counter())
        counted["rows"] += envelope.reading.refused
        counted.update(d.reason for d in defects)
        self.quarantine += [
            quarantined(defect, envelope.stream, arrival_at, source_id=envelope.source.pk)
            for defect in defects[: reading.ROWS_QUARANTINED]
        ]

    def write(self) -> None:
        JournalSegment.objects.bulk_create(self.segments)
        InboxKey.objects.bulk_create(self.keys)
        QuarantinedRow.objects.bulk_create(self.quarantine, batch_size=500)
        for source, arrival_at in self.arrivals.items():
            Source.objects.filter(pk=source).update(last_arrival_at=arrival_at)
        if self.keys:
            self.head.save(update_fields=["next_offset", "arrival_at", "tails"])
        if self.reasons:
            audit.append(
                [
                    audit.Leaf(
                        actor=f"source:{code}",
                        verb="intake.quarantine",
                        subject=f"stream:{stream}",
                        at=self.now,
                        detail=dict(sorted(reasons.items())),
                    )
                    for (code, stream), reasons in self.reasons.items()
                ]
            )


def describe(defect: Defect) -> dict[str, Any]:
    """Return ``defect`` as the answer to a sender shows it."""
    return {
        "row": defect.row,
        "field": defect.field,
        "reason": defect.reason,
        "remedy": str(defect.remedy),
    }


def quarantined(
    defect: Defect, stream: str, arrival_at: datetime, *, source_id: int | None = None
) -> QuarantinedRow:
    """Return the unsaved quarantine row of ``defect``."""
    return QuarantinedRow(
        source_id=source_id,
        stream=stream,
        arrival_at=arrival_at,
        row=defect.row,
        field=defect.field[:48],
        reason=defect.reason[:48],
        remedy=str(defect.remedy)[:200],
        raw=defect.raw,
    )


def hold_head() -> JournalHead:
    """Lock the head of the journal until commit; it is made on first use."""
    held = JournalHead.objects.select_for_update().filter(name="journal").first()
    if held is None:
        # A journal whose head row was lost goes on behind its last segment, never over it.
        last = JournalSegment.objects.aggregate(last=Max("offset"))["last"] or 0
        JournalHead.objects.get_or_create(name="journal", defaults={"next_offset": last + 1})
        held = JournalHead.objects.select_for_update().get(name="journal")
    return held


def _matched(envelope: Envelope, now: datetime) -> Envelope:
    """Leave of a matched stream what is of somebody who is known; the rest is not written."""
    declared = STREAMS.get(envelope.stream)  # none where all of it is to be set aside
    if envelope.taken is not None or declared is None or not declared.is_matched:
        return envelope
    kept = matching.matched(envelope.stream, envelope.reading, now=now)
    taken = envelope.reading.table.num_rows + envelope.reading.refused - kept.refused
    return replace(envelope, reading=kept, taken=taken)


def _used_keys(envelopes: Sequence[Envelope]) -> dict[tuple[int, str], tuple[str, Any]]:
    """Return body digest and answer of each key that was used before."""
    rows = InboxKey.objects.filter(
        source_id__in={e.source.pk for e in envelopes}, key__in={e.key for e in envelopes}
    )
    return {
        (row["source_id"], row["key"]): (row["body_digest"], row["response"])
        for row in rows.values("source_id", "key", "body_digest", "response")
    }


def _repeat(envelope: Envelope, digest: str, response: Mapping[str, Any]) -> Receipt | KeyReused:
    if digest != envelope.body_digest:
        return KeyReused(
            f"The key {envelope.key!r} was used before with another body. "
            "Send a changed body under a new key; repeat a request with exactly the same bytes."
        )
    return Receipt(
        offset=response["offset"],
        accepted=response["accepted"],
        quarantined=response["quarantined"],
        defects=tuple(response["defects"]),
        is_repeat=True,
    )


def _forward(head: JournalHead, moment: datetime) -> datetime:
    """Return ``moment``, or the journal's arrival clock when that is later already."""
    if head.arrival_at is None or moment >= head.arrival_at:
        return moment
    if head.arrival_at - moment > timedelta(seconds=5):
        behind = head.arrival_at - moment
        log.warning("This machine's clock is %s behind the journal's; using the journal's", behind)
    return head.arrival_at
