"""Small bodies that arrive in the same moment are read in one pass on the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from zhizhi.engine import reading
from zhizhi.engine.intake import Envelope
from zhizhi.engine.models import Source
from zhizhi.kernel.observations import Reading
from zhizhi.kernel.streams import Stream
from zhizhi.sources import bodies

ROWS_AT_ONCE = 2_000  # of one pass: other requests wait meanwhile

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the headers of an accepted request say of its body."""

    source: Source
    stream: Stream
    kind: str
    key: str
    encoding: str

    @property
    def is_plain_json(self) -> bool:
        return self.kind == bodies.JSON and not self.encoding

    def digest(self, body: bytes) -> str:
        return bodies.digest_of(self.stream.name, self.kind, body)

    def envelope(self, body: bytes, reader: reading.Reader) -> Envelope:
        """Return the body unpacked and checked; raises BodyRefused when it cannot be read."""
        most: int = settings.MAX_INTAKE_BYTES
        now = timezone.now()
        plain = bodies.unpacked(body, self.encoding, most)
        found = bodies.reading_of(reader, self.stream, self.kind, plain, arrival_at=now, most=most)
        return self.sealed(found, self.digest(body), now)

    def sealed(self, found: Reading, digest: str, arrival_at: datetime) -> Envelope:
        return Envelope(
            source=self.source,
            stream=self.stream.name,
            reading=found,
            key=self.key or f"sha256:{digest}",
            body_digest=digest,
            arrival_at=arrival_at,
        )


@dataclass(frozen=True, slots=True)
class _Waiting:
    rows: Sequence[Any]
    future: asyncio.Future[tuple[Reading, datetime]]


@dataclass(slots=True)
class _Gathering:
    """Rows that wait for the end of this turn of the event loop."""

    loop: asyncio.AbstractEventLoop
    reader: reading.Reader
    stream: Stream
    waiting: list[_Waiting] = field(default_factory=list)
    rows: int = 0

    def is_for(self, stream: Stream, reader: reading.Reader) -> bool:
        is_ours = self.loop is asyncio.get_running_loop() and self.stream is stream
        return is_ours and self.reader is reader and self.rows < ROWS_AT_ONCE

    def add(self, rows: Sequence[Any]) -> asyncio.Future[tuple[Reading, datetime]]:
        future: asyncio.Future[tuple[Reading, datetime]] = self.loop.create_future()
        self.waiting.append(_Waiting(rows, future))
        self.rows += len(rows)
        return future

    def read(self) -> None:
        """Read what waits; senders who have given up meanwhile are left out."""
        if _open.get(self.stream.name) is self:
            del _open[self.stream.name]
        waiting = [one for one in self.waiting if not one.future.done()]
        now = timezone.now()
        try:
            found = self.reader.read_together(
                self.stream, [one.rows for one in waiting], arrival_at=now
            )
        except Exception:
            log.exception("%d bodies could not be read together", len(waiting))
            for one in waiting:
                self._read_alone(one, now)
            return
        for one, its in zip(waiting, found, strict=True):
            one.future.set_result((its, now))

    def _read_alone(self, one: _Waiting, now: datetime) -> None:
        """One body must not spoil the others, whatever is wrong with it."""
        try:
            one.future.set_result((self.reader.read(self.stream, one.rows, arrival_at=now), now))
        except Exception as error:  # noqa: BLE001 - the sender of this body is told
            one.future.set_exception(error)


_open: dict[str, _Gathering] = {}


async def read_with_others(sent: Sent, body: bytes, reader: reading.Reader) -> Envelope:
    """Return the body checked, read in one pass with what else arrived in this moment.

    Raises BodyRefused when it cannot be read.
    """
    rows = bodies.json_rows(body)
    gathering = _open.get(sent.stream.name)
    if gathering is None or not gathering.is_for(sent.stream, reader):
        gathering = _Gathering(asyncio.get_running_loop(), reader, sent.stream)
        _open[sent.stream.name] = gathering
        gathering.loop.call_soon(gathering.read)
    found, arrival_at = await gathering.add(rows)
    return sent.sealed(found, sent.digest(body), arrival_at)
