"""One detector's way through the journal: where it stands, what it remembers, and each commit.

Findings, alerts, cases, messages, the detector's state and the offset are one transaction: after a
crash at any point the same segments are read again and nothing is done twice.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from zhizhi.engine import intake, journal, reading, timeline, zoning
from zhizhi.engine.journal import Segment
from zhizhi.engine.models import Checkpoint, QuarantinedRow, ShardState
from zhizhi.engine.states import StateConflict
from zhizhi.engine.triage import Triage, triage
from zhizhi.kernel.detection import Batch, Compiled, Detector, StateMismatch, params_hash
from zhizhi.kernel.observations import Defect, to_batch
from zhizhi.kernel.stepping import Stepper, StepResult
from zhizhi.trust.audit import Leaf

LEASE = timedelta(seconds=10)
NOT_JUDGED = {
    "late": "It came after its time had been decided: send sooner, or allow more lateness.",
    "rejected": "Its time lies in the future or it has no place: check the device's clock.",
}


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

    def add(self, told: Triage) -> None:
        self.alerts += told.alerts
        self.cases += told.cases
        self.cleared += told.cleared
        self.messages += told.messages


def holder() -> str:
    """Return how the lease names this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Track:
    """A detector with its stepper, restored from the checkpoint and moved on by ``read_on``."""

    def __init__(self, detector: Detector, compiled: Compiled, *, now: datetime) -> None:
        self.detector = detector
        self.compiled = compiled
        self.checkpoint = _checkpoint(detector, compiled, now=now)
        self.stepper = self._restored(now)

    def read_on(self, *, now: datetime, most: int, progress: Progress) -> int:
        """Take in up to ``most`` segments and commit; returns how many there were."""
        start = self.checkpoint.next_offset
        segments = journal.read(self.detector.reads, start, most=most)
        journal.check_links(segments, start=start)
        if not segments:
            journal.check_tails(self.detector.reads, {}, start=start)
            return 0
        steps = [(segment, self._step(segment)) for segment in segments]
        self._commit(segments, steps, now=now, progress=progress)
        progress.segments += len(segments)
        return len(segments)

    def renew(self, *, now: datetime) -> None:
        """Keep the lease while there is nothing to commit; raises StateConflict when it is lost."""
        if not _mine(self.checkpoint).update(lease_until=Now() + LEASE, updated_at=now):
            raise _taken(self.detector)

    def _step(self, segment: Segment) -> StepResult:
        if segment.table is not None:
            batch = to_batch(
                segment.stream, segment.table, offset=segment.offset, arrival_us=segment.arrival_us
            )
            self.stepper.push(batch)
        return self.stepper.advance(segment.arrival_us)

    def _commit(
        self,
        segments: Sequence[Segment],
        steps: Sequence[tuple[Segment, StepResult]],
        *,
        now: datetime,
        progress: Progress,
    ) -> None:
        changed = sorted({shard for _, step in steps for shard in step.changed_shards})
        with timeline.writing():
            for segment, step in steps:
                at = journal.from_us(segment.arrival_us)
                told = triage(step.findings, detector=self.detector, compiled=self.compiled, now=at)
                progress.add(told)
                progress.findings += step.findings.num_rows
                progress.late += _set_aside(step, at)
                progress.rows += step.judged
            self._save_shards(changed)
            self._save_checkpoint(segments[-1], now)

    def _save_shards(self, changed: Sequence[int]) -> None:
        code = self.detector.code
        rows = [
            ShardState(detector=code, shard=shard, state=self.stepper.dump_shard(shard))
            for shard in changed
        ]
        ShardState.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["detector", "shard"],
            update_fields=["state"],
            batch_size=256,
        )

    def _save_checkpoint(self, last: Segment, now: datetime) -> None:
        written = {
            "next_offset": last.offset + 1,
            "watermark_us": self.stepper.watermark_us,
            "arrival_us": last.arrival_us,
            "buffer": self.stepper.dump_buffer(),
            "version": self.detector.version,
            "params": params_hash(self.detector),
            "ref_version": self.compiled.ref_version,
            "fence": self.checkpoint.fence + 1,
            "failure": "",
            "updated_at": now,
        }
        if not _mine(self.checkpoint).update(lease_until=Now() + LEASE, **written):
            raise _taken(self.detector)
        for name, value in written.items():
            setattr(self.checkpoint, name, value)

    def _restored(self, now: datetime) -> Stepper:
        """Go on from the checkpoint; stays survive a change of settings, not of the version."""
        rows = ShardState.objects.filter(detector=self.detector.code)
        shards = {row.shard: bytes(row.state) for row in rows}
        try:
            if self.checkpoint.params != params_hash(self.detector):
                adopted = {n: self.detector.adopt(raw) for n, raw in shards.items()}
                shards = {n: self.detector.dump(state) for n, state in adopted.items()}
                self._announce("detector.adopt", now)
        except StateMismatch:
            shards = {}
            self._announce("detector.restart", now)
            ShardState.objects.filter(detector=self.detector.code).delete()
        return Stepper.restore(
            self.detector, self.compiled, buffer=bytes(self.checkpoint.buffer), shards=shards
        )

    def _announce(self, verb: str, now: datetime) -> None:
        detail = {"was": self.checkpoint.params, "is": params_hash(self.detector)}
        subject = f"detector:{self.detector.code}"
        timeline.leave(Leaf("worker", verb, subject, now, detail=detail))


def compile_current(detector: Detector) -> Compiled:
    """Compile ``detector`` for the zones in force."""
    return detector.compile({"zones": zoning.reference(zoning.current())})


def backtest(
    detector: Detector, reference: pa.Table, *, since: datetime, until: datetime
) -> pa.Table:
    """Return what ``detector`` would have found with these zones; writes nothing."""
    compiled = detector.compile({"zones": reference})
    stepper = Stepper(detector, compiled)
    found = []
    start = journal.first_since(since)
    for segments in journal.walk(detector.reads, start, until=until):
        for segment in segments:
            if segment.table is not None:
                stepper.push(
                    to_batch(
                        segment.stream,
                        segment.table,
                        offset=segment.offset,
                        arrival_us=segment.arrival_us,
                    )
                )
        found.append(stepper.advance(segments[-1].arrival_us).findings)
    lateness_us = detector.lateness // timedelta(microseconds=1)
    found.append(stepper.advance(journal.to_us(until) + lateness_us).findings)
    return pa.concat_tables(found)


def _checkpoint(detector: Detector, compiled: Compiled, *, now: datetime) -> Checkpoint:
    """Return the checkpoint, leased to this process; raises StateConflict when another holds it."""
    with transaction.atomic():
        row, _is_new = Checkpoint.objects.get_or_create(
            detector=detector.code,
            defaults={
                "version": detector.version,
                "params": params_hash(detector),
                "ref_version": compiled.ref_version,
                "updated_at": now,
            },
        )
        free = Q(holder="") | Q(holder=holder()) | Q(lease_until__lt=Now())
        if _is_dead(row.holder):
            free |= Q(holder=row.holder)
        leased = Checkpoint.objects.filter(free, pk=row.pk, fence=row.fence)
        if not leased.update(holder=holder(), lease_until=Now() + LEASE, fence=row.fence + 1):
            raise _taken(detector)
        return Checkpoint.objects.get(pk=row.pk)


def _is_dead(name: str) -> bool:
    """Say whether ``name`` is a process of this machine that has ended."""
    host, _colon, pid = name.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _mine(checkpoint: Checkpoint) -> QuerySet[Checkpoint]:
    return Checkpoint.objects.filter(pk=checkpoint.pk, holder=holder(), fence=checkpoint.fence)


def _taken(detector: Detector) -> StateConflict:
    row = Checkpoint.objects.filter(pk=detector.code).first()
    who = row.holder if row else "nobody"
    message = f"{detector.code} is run by {who}; this worker waits"
    return StateConflict(message, code="detector-taken", record=row)


def _set_aside(step: StepResult, at: datetime) -> int:
    """Quarantine rows that were not judged; returns how many came late."""
    rows = [
        intake.quarantined(defect, "", at)
        for reason, batch in (("late", step.late), ("rejected", step.rejected))
        for defect in _defects(reason, batch)
    ]
    QuarantinedRow.objects.bulk_create(rows, batch_size=500)
    return len(step.late)


def _defects(reason: str, batch: Batch) -> list[Defect]:
    times = np.datetime_as_string(batch.time_us.astype("M8[us]"), unit="s")
    return [
        Defect(
            row=int(batch.row[i]),
            field="observed_at",
            reason=reason,
            remedy=NOT_JUDGED[reason],
            raw=json.dumps(
                {
                    "offset": int(batch.offset[i]),
                    "entity": int(batch.entity[i]),
                    "observed_at": f"{times[i]}Z",
                }
            ),
        )
        for i in range(min(len(batch), reading.ROWS_QUARANTINED))
    ]
