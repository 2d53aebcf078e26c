"""Taking in what AIS receivers hear: lines become envelopes, which are kept until durable.

While the database is away a TCP server waits because nothing is read; of a UDP sender the machine
keeps what fits its buffer and loses the rest, as UDP does.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection
from django.utils import timezone

from zhizhi.engine import reading
from zhizhi.engine.intake import Envelope, Receipt
from zhizhi.engine.models import Source
from zhizhi.kernel.observations import Defect, Reading
from zhizhi.kernel.streams import stream_named
from zhizhi.sources.ais.nmea import STREAM, Decoder
from zhizhi.sources.keeping import FIRST_PAUSE_S, LONGEST_PAUSE_S, Ending, Keeper

CODE = "ais"
MOST_LINES, LONGEST_S = 500, 1.0  # of one envelope

Lines = Callable[[], Iterator[list[bytes]]]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """A line and when it was received."""

    line: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver's lines, decoded and taken in; ``name`` is its address, for the log."""

    name: str
    lines: Lines
    keeper: Keeper
    decoder: Decoder = field(default_factory=Decoder)

    def run(self) -> None:
        """Take lines in until told to stop; a connection that ends is made again."""
        pause = FIRST_PAUSE_S
        try:
            while not self.keeper.stopping.is_set():
                try:
                    if self._take():
                        pause = FIRST_PAUSE_S
                    log.warning("The AIS receiver %s ended the connection", self.name)
                except OSError as error:
                    log.warning("The AIS receiver %s does not answer: %s", self.name, error)
                self.keeper.stopping.wait(pause)
                pause = min(LONGEST_PAUSE_S, pause * 2)
        except Ending:
            log.warning("Stopping; up to %d lines of %s are lost", MOST_LINES, self.name)
        finally:
            connection.close()

    def _take(self) -> bool:
        """Take in what one connection brings; says whether it brought anything."""
        has_heard = False
        for group in gathered(self.lines(), is_over=self.keeper.stopping.is_set):
            has_heard = True
            self.store(group)
        return has_heard

    def store(self, group: Sequence[Heard]) -> None:
        """Make ``group`` durable: positions in the journal, bad lines in quarantine."""
        rows, numbers, defects = self._decoded(group)
        if rows or defects:
            make = partial(_envelope, group, rows, numbers, defects)
            for outcome in self.keeper.store([make]):
                if not isinstance(outcome, Receipt):
                    log.error("%d lines of %s were lost: %s", len(group), self.name, outcome)

    def _decoded(
        self, group: Iterable[Heard]
    ) -> tuple[list[dict[str, Any]], list[int], list[Defect]]:
        """Return rows, the line of each, and what was wrong with other lines."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        defects: list[Defect] = []
        for number, one in enumerate(group):
            found, wrong = self.decoder.feed([one.line], received_at=one.at)
            rows += found
            numbers += [number] * len(found)
            defects += [replace(defect, row=number) for defect in wrong]
        return rows, numbers, defects


def gathered(
    groups: Iterable[list[bytes]], *, is_over: Callable[[], bool]
) -> Iterator[list[Heard]]:
    """Yield lines in larger groups: of a second, of 500, or until silence; stops when over."""
    held: list[Heard] = []
    begun = time.monotonic()
    for group in groups:
        now = timezone.now()
        if not held:
            begun = time.monotonic()
        held += [Heard(line, now) for line in group]
        is_full = len(held) >= MOST_LINES or time.monotonic() - begun >= LONGEST_S
        if held and (is_full or not group or is_over()):
            yield held
            held = []
        if is_over():
            return
    if held:
        yield held


def _envelope(
    group: Sequence[Heard],
    rows: Sequence[dict[str, Any]],
    numbers: Sequence[int],
    defects: Sequence[Defect],
) -> Envelope:
    stream = stream_named(STREAM)
    arrival_at = group[-1].at
    read = reading.reader().read(stream, rows, arrival_at=arrival_at)
    wrong = [replace(one, row=numbers[one.row]) if one.row >= 0 else one for one in read.defects]
    digest = hashlib.sha256(arrival_at.isoformat().encode())
    for one in group:
        digest.update(one.line)
    return Envelope(
        source=_source(),
        stream=stream.name,
        reading=Reading(read.table, [*defects, *wrong], read.refused + len(defects)),
        key=f"sha256:{digest.hexdigest()}",
        body_digest=digest.hexdigest(),
        arrival_at=arrival_at,
    )


def _source() -> Source:
    return Source.objects.get_or_create(
        code=CODE, defaults={"name": "AIS", "kind": "ais", "streams": [STREAM]}
    )[0]
