"""Reading observations: what a sender wrote becomes good rows and named defects.

A bad row becomes a ``Defect`` that names row, field, reason and remedy; all other rows go on.
Times are UTC microseconds, places are WGS84 degrees, an entity is a pseudonymous token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhizhi.kernel import columns
from zhizhi.kernel.checking import STALE_AFTER, WHOLE_TABLE, Checks, Defect, Reader, Reading
from zhizhi.kernel.columns import Checked, Column, TokenKeyMissing, hash_token
from zhizhi.kernel.detection import Batch
from zhizhi.kernel.remedies import remedy
from zhizhi.kernel.streams import STREAMS, Stream, UnknownStream, stream_named

__all__ = [
    "STREAMS",
    "Defect",
    "Reading",
    "Stream",
    "TokenKeyMissing",
    "UnknownStream",
    "hash_token",
    "read_rows",
    "read_table",
    "stream_named",
    "to_batch",
]

Bounds = tuple[float, float, float, float]  # west, south, east, north


def read_table(
    stream: str | Stream,
    table: pa.Table,
    *,
    token_key: bytes = b"",
    arrival_us: int | None = None,
    bounds: Bounds | None = None,
    stale_after: timedelta | None = STALE_AFTER,
) -> Reading:
    """Check a table column by column and return its good rows and the defects of the others.

    ``arrival_us`` is the arrival clock: a later observation (by 60 s) is from the future, one older
    than ``stale_after`` is stale; without it only times before 2000 are refused. ``bounds`` is the
    district: a point outside of it that would lie inside with lon and lat exchanged is "swapped".
    Text entities are hashed with ``token_key``; raises TokenKeyMissing when there is none.
    """
    declared, rows = stream_named(stream), table.num_rows
    checks = Checks(token_key, arrival_us, bounds, stale_after)
    names = table.column_names
    wanted = _wanted(declared, names)
    absent = [name for name in wanted if name not in names]
    unknown = sorted(set(names) - {*wanted, *declared.ranges})
    if absent and rows:
        defects = [Defect(WHOLE_TABLE, n, "missing", remedy("missing", n), "") for n in absent]
        return Reading(declared.schema.empty_table(), defects, rows)
    sent = {
        name: columns.one(table.column(names.index(name))) if name in names else pa.nulls(0)
        for name in (*wanted, *declared.ranges)
        if name in names or name in wanted
    }
    return Reader(declared, sent, rows, checks).read(unknown=unknown)


def read_rows(
    stream: str | Stream,
    rows: Sequence[Mapping[str, object]],
    *,
    token_key: bytes = b"",
    arrival_us: int | None = None,
    bounds: Bounds | None = None,
    stale_after: timedelta | None = STALE_AFTER,
) -> Reading:
    """Check rows as JSON gives them; the rules are those of ``read_table``."""
    declared = stream_named(stream)
    checks = Checks(token_key, arrival_us, bounds, stale_after)
    is_object = np.fromiter((isinstance(row, Mapping) for row in rows), np.bool_, len(rows))
    objects: list[Mapping[str, object]] = (
        list(rows) if is_object.all() else [r if isinstance(r, Mapping) else {} for r in rows]
    )
    names: set[str] = set().union(*objects)
    wanted = _wanted(declared, names)
    sent = {
        name: columns.from_values([row.get(name) for row in objects])
        for name in (*wanted, *declared.ranges)
        if name in names or name in wanted
    }
    reader = Reader(declared, sent, len(objects), checks)
    reader.refuse("", np.where(is_object, columns.GOOD, columns.NOT_AN_OBJECT))
    unknown = sorted(str(name) for name in names - {*wanted, *declared.ranges})
    return reader.read(entity=_entity(declared, objects, sent, checks), unknown=unknown)


def to_batch(stream: str | Stream, table: pa.Table, *, offset: int, arrival_us: int) -> Batch:
    """Return a stored table as the batch that a detector reads; columns are not copied."""
    declared, rows = stream_named(stream), table.num_rows

    def values(name: str) -> NDArray[Any]:
        return np.asarray(columns.one(table.column(name)).to_numpy(zero_copy_only=False))

    has_position = "lon" in declared.schema.names
    unknown = np.full(0 if has_position else rows, np.nan)
    names_zone = "zone" in declared.schema.names
    zone, zone_keys = (
        _zone_index(table.column("zone")) if names_zone else (np.empty(0, np.int32), ())
    )
    return Batch(
        entity=values("entity"),
        time_us=values("time_us"),
        arrival_us=np.full(rows, arrival_us, np.int64),
        lon=values("lon") if has_position else unknown,
        lat=values("lat") if has_position else unknown,
        accuracy_m=values("accuracy_m") if has_position else unknown.astype(np.float32),
        flags=values("flags"),
        offset=np.full(rows, offset, np.int64),
        row=np.arange(rows, dtype=np.int32),
        zone=zone,
        zone_keys=zone_keys,
    )


def _entity(
    stream: Stream,
    rows: Sequence[Mapping[str, object]],
    sent: Mapping[str, Column],
    checks: Checks,
) -> Checked | None:
    """Read entities one by one when their types differ, so that a number stays a token."""
    if "entity" not in sent or pa.types.is_integer(sent["entity"].type):
        return None
    values = [row.get("entity") for row in rows]
    if all(value is None or isinstance(value, str) for value in values):
        return None
    return columns.tokens_from_values(values, stream=stream.name, key=checks.token_key)


def _wanted(stream: Stream, names: Sequence[str] | set[str]) -> tuple[str, ...]:
    """Return the columns that must be there: ``time_us`` may replace ``observed_at``."""
    time = "time_us" if "time_us" in names else "observed_at"
    return tuple(time if name == "observed_at" else name for name in stream.required)


def _zone_index(zones: Column) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    keys = sorted(zones.unique().to_pylist())
    index = columns.one(pc.index_in(zones, value_set=pa.array(keys, pa.string())))
    return np.asarray(index.to_numpy(), np.int32), tuple(keys)
