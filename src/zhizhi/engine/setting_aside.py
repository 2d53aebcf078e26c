"""Rows that were let in but not judged: they go to quarantine with the reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from zhizhi.engine import journal, reading
from zhizhi.engine.models import JournalSegment, QuarantinedRow
from zhizhi.kernel.detection import Batch
from zhizhi.kernel.stepping import StepResult

REMEDIES = {
    "late": "It came after its time had been decided: send sooner, or allow more lateness.",
    "future": "Its time lies after its arrival: set the clock of the device.",
    "no-place": "Its position is not on the globe: send lon and lat in degrees.",
}
FIELDS = {"late": "observed_at", "future": "observed_at", "no-place": "lon"}


def rows_of(step: StepResult, *, at: datetime) -> list[QuarantinedRow]:
    """Return the unsaved quarantine rows of one step; stream and source come with ``named``."""
    placed = _is_placed(step.rejected)
    groups = {
        "late": step.late,
        "future": step.rejected.take(placed),
        "no-place": step.rejected.take(~placed),
    }
    return [
        _row(batch, i, reason, at)
        for reason, batch in groups.items()
        for i in range(min(len(batch), reading.ROWS_QUARANTINED))
    ]


def named(rows: list[QuarantinedRow]) -> list[QuarantinedRow]:
    """Fill in the stream and the source of each row, from its segment of the journal."""
    offsets = {json.loads(row.raw)["offset"] for row in rows}
    segments = JournalSegment.objects.filter(offset__in=offsets)
    origin: Mapping[int, tuple[str, int | None]] = {
        offset: (stream, source)
        for offset, stream, source in segments.values_list("offset", "stream", "source_id")
    }
    for row in rows:
        row.stream, row.source_id = origin.get(json.loads(row.raw)["offset"], ("", None))
    return rows


def _row(batch: Batch, i: int, reason: str, at: datetime) -> QuarantinedRow:
    seen = journal.from_us(int(batch.time_us[i])).isoformat()
    raw = {"offset": int(batch.offset[i]), "entity": int(batch.entity[i]), "observed_at": seen}
    return QuarantinedRow(
        arrival_at=at,
        row=int(batch.row[i]),
        field=FIELDS[reason],
        reason=reason,
        remedy=REMEDIES[reason],
        raw=json.dumps(raw),
    )


def _is_placed(batch: Batch) -> NDArray[np.bool_]:
    placed: NDArray[np.bool_] = (np.abs(batch.lon) <= 180) & (np.abs(batch.lat) <= 90)
    return placed | (batch.zone >= 0) if len(batch.zone) else placed
