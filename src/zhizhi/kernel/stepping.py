"""The stepping core: what every runner of a detector does around ``screen`` and ``judge``.

Live detection, replay and benchmarks use the same ``Stepper``, so they find the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhizhi.kernel import clock_skew, waiting
from zhizhi.kernel.detection import (
    CORRECTED,
    FINDING_SCHEMA,
    VIRTUAL_SHARDS,
    Batch,
    Detector,
    shard_of,
)
from zhizhi.kernel.reordering import Contents, order_by_entity, settle
from zhizhi.kernel.waiting import Waiting

NOTHING_FOUND = FINDING_SCHEMA.empty_table()
NO_CLOCK = -(2**62)  # arrival clock before anything arrived

_US = timedelta(microseconds=1)

Column = TypeVar("Column", bound=NDArray[Any])


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step gave.

    ``late`` rows came after the watermark had passed their time, ``rejected`` rows are from the
    future or have no place; neither was judged. ``changed_shards`` need to be stored again.
    """

    findings: pa.Table
    late: Batch
    rejected: Batch
    changed_shards: list[int]
    watermark_us: int
    judged: int  # rows


class Stepper:
    """Rows in any order in, findings out: the same whatever the batches, shards and restarts.

    The watermark is the recorded arrival clock minus the detector's lateness; the times of the
    rows never move it. A row is judged once the watermark has reached its time. A row whose time
    lies at or below the watermark when it arrives is late and is never judged.

    Of rows of one entity at one time, one per named zone is kept and one that names none: the
    most accurate, then the westernmost, then the southernmost; of equal rows the first by
    (offset, row). The choice does not depend on the order of arrival.

    Batches are to be pushed in the order of their offsets, for ``clock_skew`` learns from it.
    """

    def __init__(self, detector: Detector, compiled: Any, *, partitions: int = 1) -> None:
        self.detector = detector
        self.compiled = compiled
        self.clock_us = NO_CLOCK
        self._lateness_us = detector.lateness // _US
        self._partitions = partitions
        self._states: list[Any] = [detector.empty() for _ in range(partitions)]
        self._waiting = Waiting()
        self._suspects = clock_skew.no_suspects()
        self._late: list[Batch] = []
        self._rejected: list[Batch] = []
        self._shards: dict[int, tuple[Any, list[NDArray[np.intp]]]] = {}

    @property
    def watermark_us(self) -> int:
        return self.clock_us - self._lateness_us

    @property
    def waiting_rows(self) -> int:
        return len(self._waiting)

    def is_ripe(self, arrival_us: int) -> bool:
        """Tell whether a row could be judged if the arrival clock stood at ``arrival_us``."""
        first_us = self._waiting.first_us
        return first_us is not None and first_us <= arrival_us - self._lateness_us

    @property
    def open_entities(self) -> int:
        """How many records the detector keeps: open stays and live cooldowns."""
        return sum(len(state.entity) for state in self._states)

    def push(self, batch: Batch) -> None:
        """Take rows in: they wait, or are set aside as late or rejected."""
        if not len(batch):
            return
        rows = clock_skew.Arrivals(
            _own(batch.entity), _own(batch.time_us), _own(batch.arrival_us), _placed(batch)
        )
        marks = clock_skew.marks_of(self._suspects["entity"].copy())
        verdicts, others = clock_skew.sift(rows, marks, self.clock_us, self._lateness_us)
        if not others:
            self._waiting.add(batch)
            return
        batch, verdicts = self._correct(batch, rows, verdicts)
        self._late.append(batch.take(verdicts == clock_skew.LATE))
        self._rejected.append(batch.take(verdicts == clock_skew.REJECTED))
        self._waiting.add(batch.take(verdicts == clock_skew.KEEP))

    def advance(self, arrival_us: int) -> StepResult:
        """Move the arrival clock on and judge what the watermark has reached."""
        self.clock_us = max(self.clock_us, arrival_us)
        self._suspects = clock_skew.forget(self._suspects, self.clock_us)
        ready = in_order(self._waiting.release(self.watermark_us))
        findings, changed = self._judge(ready)
        late, rejected = waiting.join(self._late), waiting.join(self._rejected)
        self._late, self._rejected = [], []
        return StepResult(findings, late, rejected, changed, self.watermark_us, len(ready))

    def dump_shard(self, shard: int) -> bytes:
        """Return the detector's state of one virtual shard as bytes."""
        partition = shard % self._partitions
        state = self._states[partition]
        if self._partitions == VIRTUAL_SHARDS:
            return self.detector.dump(state)
        known = self._shards.get(partition)
        if known is None or known[0] is not state:
            shards = shard_of(state.entity)
            order = np.argsort(shards, kind="stable")
            ends = np.searchsorted(shards[order], np.arange(1, VIRTUAL_SHARDS))
            known = (state, np.split(order, ends))
            self._shards[partition] = known
        return self.detector.dump(state.take(known[1][shard]))

    def dump_buffer(self) -> bytes:
        """Return the waiting rows, the clock and the suspected clocks as bytes."""
        return waiting.dump(self._waiting, self.clock_us, self.watermark_us, self._suspects)

    @classmethod
    def restore(
        cls,
        detector: Detector,
        compiled: Any,
        *,
        buffer: bytes = b"",
        shards: Mapping[int, bytes],
        partitions: int = 1,
    ) -> Stepper:
        """Return a stepper that goes on where ``dump_buffer`` and ``dump_shard`` were called."""
        stepper = cls(detector, compiled, partitions=partitions)
        parts: list[list[Any]] = [[] for _ in range(partitions)]
        for shard, raw in sorted(shards.items()):
            parts[shard % partitions].append(detector.load(raw, detector.version))
        stepper._states = [detector.merge(states) for states in parts]
        if buffer:
            stepper._waiting, clock_us, watermark_us, stepper._suspects = waiting.load(buffer)
            # A larger lateness must not turn the watermark back behind rows that were judged.
            stepper.clock_us = max(clock_us, watermark_us + stepper._lateness_us)
        return stepper

    def _correct(
        self, batch: Batch, rows: clock_skew.Arrivals, verdicts: NDArray[np.uint8]
    ) -> tuple[Batch, NDArray[np.uint8]]:
        """Return the batch with corrected times, flagged, and a final verdict on each row."""
        odd = np.flatnonzero(verdicts == clock_skew.ODD)
        if not len(odd):
            return batch, verdicts
        some = clock_skew.Arrivals(
            rows.entity[odd], rows.time_us[odd], rows.arrival_us[odd], np.empty(0, np.bool_)
        )
        self._suspects, times, verdicts[odd] = clock_skew.correct(
            some, order_by_entity(some.entity), self._suspects, self.clock_us, self._lateness_us
        )
        is_corrected = (times != some.time_us) & (verdicts[odd] == clock_skew.KEEP)
        time_us, flags = batch.time_us.copy(), batch.flags.copy()
        time_us[odd[is_corrected]] = times[is_corrected]
        flags[odd[is_corrected]] |= CORRECTED
        return replace(batch, time_us=time_us, flags=flags), verdicts

    def _judge(self, ready: Batch) -> tuple[pa.Table, list[int]]:
        tables, changed = [], []
        for partition, batch in enumerate(self._split(ready)):
            candidates = self.detector.screen(self.compiled, batch)
            self._states[partition], found = self.detector.judge(
                self.compiled, self._states[partition], batch, candidates, self.watermark_us
            )
            changed.extend(self._states[partition].changed.tolist())
            if found.num_rows:
                tables.append(found)
        findings = pa.concat_tables(tables) if tables else NOTHING_FOUND
        return findings, sorted(changed)

    def _split(self, ready: Batch) -> Sequence[Batch]:
        if self._partitions == 1:
            return (ready,)
        partition = shard_of(ready.entity) % self._partitions
        order = np.argsort(partition, kind="stable")
        ends = np.searchsorted(partition[order], np.arange(1, self._partitions))
        return [ready.take(index) for index in np.split(order, ends)]


def in_order(batch: Batch) -> Batch:
    """Return the rows sorted by (entity, time), each once; see ``Stepper`` for the choice."""
    if not len(batch):
        return batch
    entity = _own(batch.entity)
    index = order_by_entity(entity)
    contents = Contents(
        _own(batch.time_us),
        _own(batch.accuracy_m),
        _own(batch.lon),
        _own(batch.lat),
        _own(batch.flags),
        _own(batch.offset),
        _own(batch.row),
        _own(batch.zone),
    )
    kept = settle(entity, index, contents)
    return batch.take(index[:kept])


def _own(column: Column) -> Column:
    """Return a column that compiled code may take: for a read-only one it would compile anew."""
    owned: Column = np.require(column, requirements=("C", "W"))
    return owned


def _placed(batch: Batch) -> NDArray[np.bool_]:
    """Tell which rows have a place or name a zone; empty when all do."""
    is_placed = (np.abs(batch.lon) <= 180) & (np.abs(batch.lat) <= 90)
    if len(batch.zone):
        is_placed |= batch.zone >= 0
    return np.empty(0, np.bool_) if is_placed.all() else is_placed
