"""A file's events as columns for a back-test: typed, in order of time and id, each once.

A row is known by ``event_id``, ``kind``, ``entity`` and ``observed_at`` (or ``time_us``); what
became of it by ``outcome``, ``case_id`` and ``transferred_at``. Every other column is one that
rules may ask for; a column that the schema does not have is left out and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhizhi.kernel.columns import Column as ArrowColumn
from zhizhi.kernel.columns import is_text, microseconds, moments, numbers, one
from zhizhi.kernel.rules.schema import (
    BOOLEAN,
    INTEGER,
    LARGEST,
    LARGEST_WHOLE,
    SMALLEST,
    TEXT,
    Column,
    Schema,
)

CONFIRMED: Final = frozenset({"confirmed", "dissuaded", "saw_through", "payment_stopped", "filed"})
FALSE: Final = frozenset({"false_alarm", "legitimate"})
OPEN: Final = frozenset({"", "not_reached", "open"})
ABOUT: Final = (
    "event_id", "kind", "entity", "observed_at", "time_us", "outcome", "case_id", "transferred_at",
)  # fmt: skip
NEVER: Final = np.iinfo(np.int64).max
_TRUE, _FALSE = frozenset({"true", "1", "1.0"}), frozenset({"false", "0", "0.0"})


class HistoryUnusable(ValueError):
    """Events cannot be tried; the message names the column and the row."""


@dataclass(frozen=True, slots=True)
class EventHistory:
    """Events in order of time and id; ``outcome`` is 1 for fraud, 0 for none, -1 for unknown."""

    schema: Schema
    columns: Mapping[str, pa.Array[Any]]
    kinds: NDArray[np.object_]
    entity: NDArray[np.int64]
    keys: Mapping[str, NDArray[np.int64]]  # one number for each key; -1: it has none
    time_us: NDArray[np.int64]
    outcome: NDArray[np.int8]
    case: NDArray[np.int64]  # -1: belongs to none
    transfer_us: NDArray[np.int64]
    duplicates: int
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.time_us)

    def since(self, time_us: int) -> EventHistory:
        """Return the events from ``time_us`` on."""
        first = int(np.searchsorted(self.time_us, time_us))
        return replace(
            self,
            columns={name: values.slice(first) for name, values in self.columns.items()},
            kinds=self.kinds[first:],
            entity=self.entity[first:],
            keys={name: codes[first:] for name, codes in self.keys.items()},
            time_us=self.time_us[first:],
            outcome=self.outcome[first:],
            case=self.case[first:],
            transfer_us=self.transfer_us[first:],
        )


def history_of(given: pa.Table, schema: Schema, since_us: int, until_us: int) -> EventHistory:
    """Return the events from ``since_us`` on and before ``until_us``. Raises HistoryUnusable."""
    for name in ("event_id", "kind", "entity"):
        if name not in given.column_names:
            raise HistoryUnusable(f"The column {name} is missing")
    time_us = _times(given)
    ids = _texts(given, "event_id")
    keep, duplicates = _ordered(time_us, ids, since_us, until_us)
    rows = given.take(keep)
    kinds = np.array(_texts(rows, "kind").to_pylist(), object)
    if unknown := sorted({str(kind) for kind in kinds} - set(schema.kinds)):
        raise HistoryUnusable(f"{unknown[0]!r} is no kind of event of {schema.name}")
    cases, transfers = _cases(rows)
    entity = _codes(_texts(rows, "entity"))
    keys = {name: _keys(rows.column(name)) for name in schema.keys if name in rows.column_names}
    return EventHistory(
        schema=schema,
        columns={
            name: _typed(rows.column(name), column)
            for name, column in schema.columns.items()
            if name in rows.column_names
        },
        kinds=kinds,
        entity=entity,
        keys={"entity": entity, **keys},
        time_us=time_us[keep],
        outcome=_outcomes(rows),
        case=cases,
        transfer_us=transfers,
        duplicates=duplicates,
        left_out=tuple(
            name
            for name in given.column_names
            if name not in {*ABOUT, *schema.columns, *schema.keys}
        ),
    )


def _ordered(
    time_us: NDArray[np.int64], ids: ArrowColumn, since_us: int, until_us: int
) -> tuple[NDArray[np.int64], int]:
    """Return which rows count, by time and then by id, and how many came again."""
    rank = _codes(ids)
    _id, first = np.unique(rank, return_index=True)
    wanted = first[(time_us[first] >= since_us) & (time_us[first] < until_us)]
    order = np.lexsort((_alphabetical(ids)[wanted], time_us[wanted]))
    return wanted[order], len(rank) - len(first)


def _alphabetical(ids: ArrowColumn) -> NDArray[np.int64]:
    """Return the place of each id among all, so that ties in time have one order everywhere."""
    names = np.asarray(ids.to_pylist(), dtype=np.str_)
    _names, places = np.unique(names, return_inverse=True)
    return places.astype(np.int64)


def _times(given: pa.Table) -> NDArray[np.int64]:
    if "observed_at" in given.column_names:
        name, checked = "observed_at", moments(given.column("observed_at"))
    elif "time_us" in given.column_names:
        name, checked = "time_us", microseconds(given.column("time_us"))
    else:
        raise HistoryUnusable("The column observed_at (or time_us) is missing")
    _refuse(checked.fault != 0, name, "a time with its UTC offset, or microseconds")
    return checked.values


def _refuse(bad: NDArray[np.bool_], name: str, wanted: str) -> None:
    if bad.any():
        raise HistoryUnusable(f"{name} of event {int(bad.argmax()) + 1} is not {wanted}")


def _texts(given: pa.Table, name: str) -> ArrowColumn:
    column = one(given.column(name).cast(pa.string()))
    if column.null_count:
        _refuse(_nulls(column), name, "there; every event needs one")
    return column


def _codes(column: ArrowColumn) -> NDArray[np.int64]:
    coded = one(pc.dictionary_encode(column, null_encoding="encode"))
    return np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int64)


def _nulls(column: ArrowColumn) -> NDArray[np.bool_]:
    return np.asarray(column.is_null().to_numpy(zero_copy_only=False), np.bool_)


def _typed(given: ArrowColumn, column: Column) -> pa.Array[Any]:
    if column.kind == TEXT:
        return _words(given, column)
    if column.kind == BOOLEAN:
        return _flags(given, column)
    checked = numbers(given)
    gone = _nulls(one(given)) | ((checked.fault == 1) if is_text(given.type) else False)
    values = np.where(gone, 0.0, checked.values)
    size = np.abs(values)
    if column.kind == INTEGER:
        is_right, wanted = (values == np.trunc(values)) & (size <= LARGEST_WHOLE), "a whole number"
    else:
        is_right = (size == 0) | ((size >= SMALLEST) & (size <= LARGEST))
        wanted = f"0 or between {SMALLEST:g} and {LARGEST:g} in size"
    _refuse(~gone & ((checked.fault > 1) | ~is_right), column.name, wanted)
    return pa.array(values, pa.float64(), mask=gone)


def _words(given: ArrowColumn, column: Column) -> pa.Array[Any]:
    text: pa.Array[Any] = one(given.cast(pa.string()))
    known = pa.array([*column.words, None], pa.string())
    _refuse(~_mask(pc.is_in(text, value_set=known)), column.name, ", ".join(column.words))
    return text


def _flags(given: ArrowColumn, column: Column) -> pa.Array[Any]:
    text = pc.utf8_lower(one(given.cast(pa.string())))
    known = pa.array([*sorted(_TRUE | _FALSE), None], pa.string())
    _refuse(~_mask(pc.is_in(text, value_set=known)), column.name, "true or false")
    is_true = _mask(pc.is_in(text, value_set=pa.array(sorted(_TRUE), pa.string())))
    return pa.array(is_true, pa.bool_(), mask=_nulls(text))


def _mask(condition: ArrowColumn) -> NDArray[np.bool_]:
    return np.asarray(condition.to_numpy(zero_copy_only=False), np.bool_)


def _outcomes(rows: pa.Table) -> NDArray[np.int8]:
    found = np.full(rows.num_rows, -1, np.int8)
    if "outcome" not in rows.column_names:
        return found
    told = [word or "" for word in rows.column("outcome").cast(pa.string()).to_pylist()]
    if unknown := sorted(set(told) - CONFIRMED - FALSE - OPEN):
        raise HistoryUnusable(
            f"outcome {unknown[0]!r} is none of {', '.join(sorted(CONFIRMED | FALSE | OPEN)[1:])}"
        )
    for n, word in enumerate(told):
        found[n] = 1 if word in CONFIRMED else 0 if word in FALSE else -1
    return found


def _cases(rows: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the case of each event, and when its money went."""
    transfers = np.full(rows.num_rows, NEVER)
    if "transferred_at" in rows.column_names:
        checked = moments(rows.column("transferred_at"))
        _refuse(checked.fault > 1, "transferred_at", "a time with its UTC offset")
        transfers = np.where(checked.fault == 0, checked.values, NEVER)
    if "case_id" not in rows.column_names:
        return np.full(rows.num_rows, -1), transfers
    return _keys(rows.column("case_id")), transfers


def _keys(given: ArrowColumn) -> NDArray[np.int64]:
    """Return one number for each key, -1 where there is none."""
    text = one(given.cast(pa.string()))
    is_none = _nulls(text) | np.array([value == "" for value in text.to_pylist()], np.bool_)
    return np.where(is_none, -1, _codes(text))
