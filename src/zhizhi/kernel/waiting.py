"""The rows that wait for the watermark, in the chunks in which they came, and their bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhizhi.kernel import checkpoints, clock_skew
from zhizhi.kernel.detection import Batch, StateCorrupt

COLUMNS = tuple(f.name for f in fields(Batch) if f.name not in ("zone", "zone_keys"))
DTYPES = (
    np.int64,
    np.int64,
    np.int64,
    np.float64,
    np.float64,
    np.float32,
    np.uint8,
    np.int64,
    np.int32,
)

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one pushed batch; ``rows`` is None while all of them wait."""

    batch: Batch
    rows: Rows | None
    first_us: int
    last_us: int

    def __len__(self) -> int:
        return len(self.batch) if self.rows is None else len(self.rows)

    def batch_of_rows(self) -> Batch:
        return self.batch if self.rows is None else self.batch.take(self.rows)


class Waiting:
    """Chunks of rows whose time the watermark has not reached."""

    def __init__(self) -> None:
        self._chunks: list[Chunk] = []

    def __len__(self) -> int:
        return sum(len(chunk) for chunk in self._chunks)

    @property
    def first_us(self) -> int | None:
        """The time of the row that is ready first; None when nothing waits."""
        return min((chunk.first_us for chunk in self._chunks), default=None)

    def add(self, batch: Batch) -> None:
        if len(batch):
            self._chunks.append(_chunk(batch, None))

    def release(self, watermark_us: int) -> Batch:
        """Take out the rows up to the watermark, in the order in which they came."""
        ready: list[Batch] = []
        chunks: list[Chunk] = []
        for chunk in self._chunks:
            if chunk.first_us > watermark_us:
                chunks.append(chunk)
            elif chunk.last_us <= watermark_us:
                ready.append(chunk.batch_of_rows())
            else:
                rows = np.arange(len(chunk.batch)) if chunk.rows is None else chunk.rows
                is_ready = chunk.batch.time_us[rows] <= watermark_us
                ready.append(chunk.batch.take(rows[is_ready]))
                chunks.append(_chunk(chunk.batch, rows[~is_ready]))
        self._chunks = chunks
        return join(ready)

    def batch(self) -> Batch:
        """Return all waiting rows."""
        return join([chunk.batch_of_rows() for chunk in self._chunks])


def join(batches: Sequence[Batch]) -> Batch:
    """Return the rows of all batches, their zones counted in one list of keys."""
    batches = [batch for batch in batches if len(batch)]
    if len(batches) == 1:
        return batches[0]
    if not batches:
        empty: list[Any] = [np.empty(0, dtype) for dtype in DTYPES]
        return Batch(*empty)
    columns: list[Any] = [np.concatenate([getattr(b, name) for b in batches]) for name in COLUMNS]
    joined = Batch(*columns)
    if not any(len(batch.zone) for batch in batches):
        return joined
    keys = tuple(sorted({key for batch in batches for key in batch.zone_keys}))
    zone = np.concatenate([_zones(batch, keys) for batch in batches])
    return replace(joined, zone=zone, zone_keys=keys)


def dump(waiting: Waiting, clock_us: int, watermark_us: int, suspects: NDArray[Any]) -> bytes:
    """Return the waiting rows, arrival clock, watermark and suspected clocks as bytes."""
    batch = waiting.batch()
    columns = {name: pa.array(getattr(batch, name)) for name in COLUMNS}
    if len(batch.zone):
        columns["zone"] = pa.array(batch.zone)
    extra = {
        "zone_keys": "\n".join(batch.zone_keys),
        "clock_us": str(clock_us),
        "watermark_us": str(watermark_us),
    }
    table = pa.table(columns).replace_schema_metadata(extra)
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    header = checkpoints.Header("waiting", 1, "", "", len(suspects))
    return checkpoints.pack(header, suspects.tobytes() + sink.getvalue())


def load(raw: bytes) -> tuple[Waiting, int, int, NDArray[Any]]:
    """Return what ``dump`` was given; raises StateCorrupt."""
    header, body = checkpoints.unpack(raw)
    if header.detector != "waiting" or header.version != 1:
        raise StateCorrupt("These bytes are not the rows that a detector had waiting.")
    suspects = np.frombuffer(body, clock_skew.SUSPECT, header.rows).copy()
    table = pa.ipc.open_stream(pa.py_buffer(body[suspects.nbytes :])).read_all()
    extra = {name.decode(): text.decode() for name, text in table.schema.metadata.items()}
    names = [name for name in (*COLUMNS, "zone") if name in table.column_names]
    columns = {name: np.array(table.column(name)) for name in names}
    keys = tuple(extra["zone_keys"].split("\n")) if "zone" in columns else ()
    waiting = Waiting()
    waiting.add(Batch(**columns, zone_keys=keys))
    return waiting, int(extra["clock_us"]), int(extra["watermark_us"]), suspects


def _chunk(batch: Batch, rows: Rows | None) -> Chunk:
    times = batch.time_us if rows is None else batch.time_us[rows]
    return Chunk(batch, rows, int(times.min()), int(times.max()))


def _zones(batch: Batch, keys: tuple[str, ...]) -> NDArray[np.int32]:
    if not len(batch.zone):
        return np.full(len(batch), -1, np.int32)
    place = {key: index for index, key in enumerate(keys)}
    table = np.array([*(place[key] for key in batch.zone_keys), -1], np.int32)
    return table[batch.zone]
