"""One detector's way through the journal: where it stands, what it remembers, and each commit.

Findings, alerts, cases, messages, the detector's state and the offset are one transaction: after a
crash at any point the same segments are read again and nothing is done twice. Steps that found
nothing may wait a moment for the next commit, because they have no effect that anybody could see.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa
from django.db.models import Count, Max, Sum

from zhizhi.engine import holding, journal, setting_aside, timeline, zoning
from zhizhi.engine.journal import Segment
from zhizhi.engine.models import QuarantinedRow, ShardState
from zhizhi.engine.triage import Triage, triage
from zhizhi.kernel.detection import Compiled, Detector, StateMismatch, params_hash
from zhizhi.kernel.observations import to_batch
from zhizhi.kernel.stepping import Stepper
from zhizhi.trust.audit import Leaf

BACKLOG = timedelta(minutes=2)  # older findings are dated now: nobody could have acted before
TICK_US = 1_000_000  # envelopes of one second are judged together

Mark = tuple[int, int, int]


@dataclass(slots=True)
class Progress:
    """What a step did, over all detectors."""

    segments: int = 0
    rows: int = 0
    findings: int = 0
    late: int = 0
    alerts: int = 0
    cases: int = 0
    cleared: int = 0
    messages: int = 0
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, other: Progress | Triage) -> None:
        """Count what another step, or the triage of one, did."""
        for name in self.__slots__:
            if name != "failures" and hasattr(other, name):
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures |= getattr(other, "failures", {})


@dataclass(slots=True)
class _Unsaved:
    """What was read and judged since the last commit."""

    shards: set[int] = field(default_factory=set)
    findings: list[tuple[datetime, pa.Table]] = field(default_factory=list)
    aside: list[QuarantinedRow] = field(default_factory=list)
    late: int = 0
    is_changed: bool = False

    @property
    def is_urgent(self) -> bool:
        return bool(self.findings or self.aside)


class Track:
    """A detector with its stepper, restored from the checkpoint and moved on by ``read_on``.

    ``next_offset`` and ``arrival_us`` are where it stands in memory, at most ``settle`` ahead of
    the checkpoint.
    """

    def __init__(
        self,
        detector: Detector,
        *,
        now: datetime,
        settle: timedelta = timedelta(0),
        lookback: timedelta | None = None,
    ) -> None:
        self.detector = detector
        self.mark = reference_mark()
        self.compiled: Compiled = compile_current(detector)
        self.settle_s = settle.total_seconds()
        self.checkpoint = holding.take(detector, self.compiled, now=now, lookback=lookback)
        self.stepper = self._restored(now)
        self.next_offset = self.checkpoint.next_offset
        self.arrival_us = self.checkpoint.arrival_us
        self._unsaved = _Unsaved()
        self._touched_at = time.monotonic()
        self._nothing_before: int | None = None

    def read_on(self, *, now: datetime, most: int, progress: Progress, end: int) -> int:
        """Take in up to ``most`` segments, commit when it is time; returns how many there were.

        ``end`` is the offset that the journal gives next: while it stands where it stood when
        nothing was left to read, nothing is asked for.
        """
        segments = [] if end == self._nothing_before else self._unread(most)
        if segments:
            for group in _ticks(segments):
                self._step(group, now, progress)
            self.next_offset = segments[-1].offset + 1
            self.arrival_us = segments[-1].arrival_us
        self._nothing_before = None if segments else end
        self.commit_if_due(now=now, progress=progress)
        progress.segments += len(segments)
        return len(segments)

    def _unread(self, most: int) -> list[Segment]:
        """Return the next segments; raises JournalTruncated when some of them are gone."""
        segments = journal.read(self.detector.reads, self.next_offset, most=most)
        if segments:
            journal.check_links(segments, start=self.next_offset)
        else:
            journal.check_tails(self.detector.reads, {}, start=self.next_offset)
        return segments

    def commit_if_due(self, *, now: datetime, progress: Progress) -> None:
        """Commit what has an effect at once, other steps after a moment; else keep the lease."""
        age = time.monotonic() - self._touched_at
        if self._unsaved.is_urgent or (self._unsaved.is_changed and age >= self.settle_s):
            self.commit(now=now, progress=progress)
        elif age >= holding.LEASE.total_seconds() / 3:
            holding.renew(self.checkpoint, now=now)
            self._touched_at = time.monotonic()

    def commit(self, *, now: datetime, progress: Progress) -> None:
        """Write everything since the last commit in one transaction, or nothing of it."""
        unsaved = self._unsaved
        told = Progress()
        with timeline.writing():
            for at, found in unsaved.findings:
                told.add(triage(found, detector=self.detector, compiled=self.compiled, now=at))
                told.findings += found.num_rows
            QuarantinedRow.objects.bulk_create(setting_aside.named(unsaved.aside), batch_size=500)
            self._save_shards(sorted(unsaved.shards))
            holding.save(self.checkpoint, **self._standing(), failure="", updated_at=now)
        told.late = unsaved.late
        progress.add(told)
        self._unsaved = _Unsaved()
        self._touched_at = time.monotonic()

    def release(self, *, now: datetime) -> None:
        """Commit what is left and let another process take over."""
        if self._unsaved.is_changed:
            self.commit(now=now, progress=Progress())
        holding.release(self.checkpoint)

    def _step(self, group: Sequence[Segment], now: datetime, progress: Progress) -> None:
        push(self.stepper, group)
        step = self.stepper.advance(group[-1].arrival_us)
        arrived = journal.from_us(group[-1].arrival_us)
        unsaved = self._unsaved
        unsaved.is_changed = True
        unsaved.shards.update(step.changed_shards)
        unsaved.late += len(step.late)
        unsaved.aside += setting_aside.rows_of(step, at=arrived)
        if step.findings.num_rows:
            at = arrived if now - arrived <= BACKLOG else now
            unsaved.findings.append((at, step.findings))
        progress.rows += step.judged

    def _standing(self) -> dict[str, object]:
        return {
            "next_offset": self.next_offset,
            "watermark_us": self.stepper.watermark_us,
            "arrival_us": self.arrival_us,
            "buffer": self.stepper.dump_buffer(),
            "version": self.detector.version,
            "params": params_hash(self.detector),
            "ref_version": self.compiled.ref_version,
        }

    def _save_shards(self, changed: Iterable[int]) -> None:
        code = self.detector.code
        ShardState.objects.bulk_create(
            [ShardState(detector=code, shard=n, state=self.stepper.dump_shard(n)) for n in changed],
            update_conflicts=True,
            unique_fields=["detector", "shard"],
            update_fields=["state"],
            batch_size=256,
        )

    def _restored(self, now: datetime) -> Stepper:
        """Go on from the checkpoint; stays survive changed numbers, not a changed version."""
        rows = ShardState.objects.filter(detector=self.detector.code)
        shards = {row.shard: bytes(row.state) for row in rows}
        if self.checkpoint.params != params_hash(self.detector):
            shards = self._adopted(shards, now)
        return Stepper.restore(
            self.detector, self.compiled, buffer=bytes(self.checkpoint.buffer), shards=shards
        )

    def _adopted(self, shards: dict[int, bytes], now: datetime) -> dict[int, bytes]:
        """Carry stays over to the numbers now in force, or begin anew; the chain says which."""
        detector = self.detector
        try:
            states = {n: detector.dump(detector.adopt(raw)) for n, raw in shards.items()}
            verb = "detector.adopt"
        except StateMismatch:
            states, verb = {}, "detector.restart"
        detail = {"was": self.checkpoint.params, "is": params_hash(detector), "shards": len(shards)}
        with timeline.writing():
            ShardState.objects.filter(detector=detector.code).delete()
            ShardState.objects.bulk_create(
                ShardState(detector=detector.code, shard=n, state=raw) for n, raw in states.items()
            )
            holding.save(self.checkpoint, params=params_hash(detector), version=detector.version)
            timeline.leave(Leaf("worker", verb, f"detector:{detector.code}", now, detail=detail))
        return states


def compile_current(detector: Detector) -> Compiled:
    """Compile ``detector`` for the zones in force."""
    return detector.compile({"zones": zoning.reference(zoning.current())})


def reference_mark() -> Mark:
    """Return something that changes with every change of the zones, cheaply."""
    found = (
        zoning.current().order_by().aggregate(count=Count("pk"), newest=Max("pk"), all=Sum("pk"))
    )  # the sum tells when a planned version, which is older than the newest, replaces another
    return found["count"], found["newest"] or 0, found["all"] or 0


def backtest(
    detector: Detector, reference: pa.Table, *, since: datetime, until: datetime
) -> pa.Table:
    """Return what ``detector`` would have found with the zones of ``reference``; writes nothing."""
    stepper = Stepper(detector, detector.compile({"zones": reference}))
    found = []
    for segments in journal.walk(detector.reads, journal.first_since(since), until=until):
        push(stepper, segments)
        found.append(stepper.advance(segments[-1].arrival_us).findings)
    found.append(stepper.advance(journal.to_us(until + detector.lateness)).findings)
    return pa.concat_tables(found)


def push(stepper: Stepper, segments: Iterable[Segment]) -> None:
    """Give the rows of ``segments`` to ``stepper``; heartbeats have none."""
    for one in segments:
        if one.table is not None:
            stepper.push(
                to_batch(one.stream, one.table, offset=one.offset, arrival_us=one.arrival_us)
            )


def _ticks(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Return ``segments`` in groups of the same second of arrival."""
    groups = itertools.groupby(segments, key=lambda segment: segment.arrival_us // TICK_US)
    return [list(group) for _second, group in groups]
