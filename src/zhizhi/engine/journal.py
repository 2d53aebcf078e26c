"""Reading the journal: segments in the order of their offsets, and whether any are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from django.db.models import QuerySet

from zhizhi.engine.models import JournalHead, JournalSegment

HEARTBEAT = "heartbeat"  # the stream of segments without rows
COMPRESS_FROM_ROWS = 64  # below, LZ4's frame costs more than it saves
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")
_PLAIN = pa.ipc.IpcWriteOptions()


class JournalTruncated(RuntimeError):
    """Segments that a reader has not read yet are gone; continuing would skip them silently."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One envelope as the journal holds it; ``table`` is None for a heartbeat."""

    offset: int
    stream: str
    previous: int
    arrival_us: int
    table: pa.Table | None


def to_us(moment: datetime) -> int:
    """Return ``moment`` as UTC microseconds."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_us(moment: int) -> datetime:
    """Return UTC microseconds as an aware datetime."""
    return EPOCH + timedelta(microseconds=moment)


def encode(table: pa.Table) -> bytes:
    """Return ``table`` as an Arrow IPC stream, compressed where that saves space; b"" if empty."""
    if not table.num_rows:
        return b""
    sink = pa.BufferOutputStream()
    options = _LZ4 if table.num_rows >= COMPRESS_FROM_ROWS else _PLAIN
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def decode(payload: bytes) -> pa.Table:
    """Return the table that ``encode`` wrote."""
    return pa.ipc.open_stream(pa.py_buffer(payload)).read_all()


def read(
    streams: Sequence[str],
    start: int,
    *,
    most: int = 500,
    most_rows: int = 500_000,
    until: datetime | None = None,
) -> list[Segment]:
    """Return segments of ``streams``, heartbeats included, from offset ``start``.

    At most ``most``, and no more than ``most_rows`` rows unless the first one alone has more.
    """
    found = segments_of(streams).filter(offset__gte=start).order_by("offset")
    if until is not None:
        found = found.filter(arrival_at__lte=until)
    last, rows = 0, 0
    for offset, size in found.values_list("offset", "rows")[:most]:
        rows += size
        if last and rows > most_rows:
            break
        last = offset
    return [_segment(row) for row in found.filter(offset__lte=last)] if last else []


def walk(
    streams: Sequence[str], start: int, *, until: datetime | None = None, most: int = 500
) -> Iterator[list[Segment]]:
    """Yield consecutive lists of segments until there are no more."""
    while found := read(streams, start, most=most, until=until):
        yield found
        start = found[-1].offset + 1


def segments_of(streams: Sequence[str]) -> QuerySet[JournalSegment]:
    """Return the rows that a reader of ``streams`` has to see."""
    return JournalSegment.objects.filter(stream__in=[*streams, HEARTBEAT])


def next_offset() -> int:
    """Return the offset that the next accepted envelope will get."""
    head = JournalHead.objects.values_list("next_offset", flat=True).first()
    return 1 if head is None else head


def first_since(moment: datetime) -> int:
    """Return the offset of the first segment that arrived at ``moment`` or later."""
    found = JournalSegment.objects.filter(arrival_at__gte=moment).order_by("offset")
    first = found.values_list("offset", flat=True).first()
    return next_offset() if first is None else first


def check_links(segments: Sequence[Segment], *, start: int) -> None:
    """Raise JournalTruncated when a segment at or after ``start`` should precede these.

    ``segments`` are what a reader that stands at ``start`` found; a link that points to an unread
    segment which is not among them means that it was removed.
    """
    last: dict[str, int] = {}
    for segment in segments:
        if segment.table is None:
            continue
        expected = last.get(segment.stream)
        is_missing = segment.previous >= start if expected is None else segment.previous != expected
        if is_missing:
            raise JournalTruncated(_lost(segment.stream, segment.previous))
        last[segment.stream] = segment.offset


def check_tails(streams: Sequence[str], read_to: Mapping[str, int], *, start: int) -> None:
    """Raise JournalTruncated when the head names an unread segment that is not there.

    ``read_to`` is the last offset of each stream found now; ``start`` is where the reader stood.
    """
    head = JournalHead.objects.first()
    if head is None:
        if start > 1:
            raise JournalTruncated(_older(start, 1))
        return
    if head.next_offset < start:
        raise JournalTruncated(_older(start, head.next_offset))
    for stream in streams:
        tail = head.tails.get(stream, 0)
        if tail >= start and read_to.get(stream, 0) < tail and not _exists(tail):
            raise JournalTruncated(_lost(stream, tail))


def _exists(offset: int) -> bool:
    return JournalSegment.objects.filter(offset=offset).exists()


def _lost(stream: str, offset: int) -> str:
    return (
        f"The journal has lost segment {offset} of {stream}, which was not read yet. Restore the "
        "database from a backup, or accept the loss by deleting this detector's checkpoint."
    )


def _older(start: int, end: int) -> str:
    return (
        f"The checkpoint stands at offset {start} but the journal ends at {end}: the journal is "
        "older than the checkpoint. Restore both from the same backup."
    )


def _segment(row: JournalSegment) -> Segment:
    return Segment(
        offset=row.offset,
        stream=row.stream,
        previous=row.previous,
        arrival_us=to_us(row.arrival_at),
        table=decode(bytes(row.payload)) if row.rows else None,
    )
