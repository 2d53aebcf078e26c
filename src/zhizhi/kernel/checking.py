"""Checking one envelope of observations, column by column, and saying what is wrong with a row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhizhi.kernel import columns
from zhizhi.kernel.columns import Checked, Column
from zhizhi.kernel.remedies import remedy
from zhizhi.kernel.streams import Stream

WHOLE_TABLE = -1  # the row of a defect that concerns a column rather than one row
STALE_AFTER = timedelta(days=30)
FUTURE_AFTER = timedelta(seconds=60)
YEAR_2000_US = 946_684_800_000_000  # an older time means a device clock that was never set
LONGEST_NAME = 64
VALUE_LENGTH = 40  # of one value in ``Defect.raw``

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Defect:
    """Why one row was not accepted and how to mend it.

    ``row`` counts from 0; -1 speaks of a whole column. ``raw`` is a JSON object of the known
    fields only, with text entities replaced by their tokens.
    """

    row: int
    field: str
    reason: str
    remedy: str
    raw: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The good rows as a table of the stream's schema, and what was wrong with the others.

    ``refused`` counts the rows left out; an unknown field is a defect that refuses no row.
    """

    table: pa.Table
    defects: list[Defect]
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Checks:
    """What the reader knows beside the rows; ``bounds`` is (west, south, east, north)."""

    token_key: bytes = b""
    arrival_us: int | None = None
    bounds: tuple[float, float, float, float] | None = None
    stale_after: timedelta | None = STALE_AFTER


class Reader:
    """One envelope while it is being checked: the first fault of each row is remembered."""

    def __init__(
        self, stream: Stream, sent: Mapping[str, Column], rows: int, checks: Checks
    ) -> None:
        self.stream = stream
        self.sent = sent
        self.rows = rows
        self.checks = checks
        self.fault = np.full(rows, columns.GOOD)
        self.field = np.zeros(rows, np.int8)
        self.fields = [""]
        self.good: dict[str, Any] = {}

    def refuse(self, name: str, fault: NDArray[np.uint8], *, instead: bool = False) -> None:
        """Note the faults of ``name`` in rows without an earlier fault, or ``instead`` of it."""
        hit = fault != columns.GOOD
        if not hit.any():
            return
        if not instead:
            hit &= self.fault == columns.GOOD
        if name not in self.fields:
            self.fields.append(name)
        self.fault[hit] = fault[hit]
        self.field[hit] = self.fields.index(name)

    def read(self, *, entity: Checked | None = None, unknown: Sequence[str] = ()) -> Reading:
        """Check all columns; ``entity`` is given when the caller has read it already."""
        if self.stream.has_position:
            self._read_entity(entity)
            self._read_time()
            self._read_position()
            self._read_measured()
            self._read_names()
        elif self.stream.is_matched:
            self._read_tag()
            self._read_time()
        else:
            self._read_occupancy()
            self._read_time()
        self.good["flags"] = np.zeros(self.rows, np.uint8)
        bad = np.flatnonzero(self.fault)
        defects = [self._unknown(name) for name in unknown] + [self._defect(int(r)) for r in bad]
        return Reading(self._table(), defects, len(bad))

    def _take(self, name: str, checked: Checked) -> NDArray[Any]:
        self.refuse(name, checked.fault)
        self.good[name] = checked.values
        return checked.values

    def _read_entity(self, entity: Checked | None) -> None:
        if entity is None:
            entity = columns.tokens(
                self.sent["entity"], stream=self.stream.name, key=self.checks.token_key
            )
        self._take("entity", entity)

    def _read_time(self) -> None:
        name = "time_us" if "time_us" in self.sent else "observed_at"
        read = columns.microseconds if name == "time_us" else columns.moments
        checked = read(self.sent[name])
        self.refuse(name, checked.fault)
        self.good["time_us"] = times = checked.values
        oldest, arrival_us = YEAR_2000_US, self.checks.arrival_us
        if arrival_us is not None:
            latest = arrival_us + FUTURE_AFTER // _MICROSECOND
            self.refuse(name, np.where(times > latest, columns.FUTURE, columns.GOOD))
            if self.checks.stale_after is not None:
                oldest = max(oldest, arrival_us - self.checks.stale_after // _MICROSECOND)
        self.refuse(name, np.where(times < oldest, columns.STALE, columns.GOOD))

    def _read_position(self) -> None:
        lon = self._take("lon", columns.numbers(self.sent["lon"]))
        lat = self._take("lat", columns.numbers(self.sent["lat"]))
        far_lon, far_lat = np.abs(lon) > 180.0, np.abs(lat) > 90.0
        readable = self.fault == columns.GOOD
        self.refuse("lon", np.where(far_lon, columns.OUT_OF_RANGE, columns.GOOD))
        self.refuse("lat", np.where(far_lat, columns.OUT_OF_RANGE, columns.GOOD))
        exchanged = (far_lat | far_lon) & (np.abs(lon) <= 90.0) & (np.abs(lat) <= 180.0)
        if self.checks.bounds is not None:
            within, within_exchanged = (
                _within(x, y, self.checks.bounds) for x, y in ((lon, lat), (lat, lon))
            )
            exchanged |= ~within & within_exchanged
        swapped = np.where(exchanged & readable, columns.SWAPPED, columns.GOOD)
        self.refuse("lon", swapped, instead=True)

    def _read_measured(self) -> None:
        for name, (lowest, highest) in self.stream.ranges.items():
            if name not in self.sent:
                self.good[name] = np.full(self.rows, np.nan, np.float32)
                continue
            checked = columns.numbers(self.sent[name])
            is_unknown = checked.fault == columns.MISSING
            if pa.types.is_floating(self.sent[name].type):
                is_unknown |= np.isnan(checked.values)
            self.refuse(name, np.where(is_unknown, columns.GOOD, checked.fault))
            values = np.where(is_unknown, np.nan, checked.values)
            far = (values < lowest) | (values > highest)
            self.refuse(name, np.where(far, columns.OUT_OF_RANGE, columns.GOOD))
            self.good[name] = values

    def _read_names(self) -> None:
        for name in self.stream.names:
            self.good[name], fault = columns.texts(self.sent[name], LONGEST_NAME)
            self.refuse(name, fault)

    def _read_tag(self) -> None:
        """Read which tag was read by which reader; the place is filled in by whoever matches it."""
        tag, fault = columns.texts(self.sent["tag"], LONGEST_NAME)
        self.refuse("tag", fault)
        self.good["zone"], fault = columns.texts(self.sent["reader"], LONGEST_NAME)
        self.refuse("reader", fault)
        key = self.checks.token_key
        self.good["entity"] = columns.hashed(tag, stream=self.stream.name, key=key).values
        for name in ("lon", "lat", "accuracy_m"):
            self.good[name] = np.full(self.rows, np.nan)

    def _read_occupancy(self) -> None:
        text = {}
        for name in ("camera", "track", "zone"):
            text[name], fault = columns.texts(self.sent[name], LONGEST_NAME)
            self.refuse(name, fault)
        pair = pc.binary_join_element_wise(text["camera"], text["track"], "\x1f")
        key, good = self.checks.token_key, self.fault == columns.GOOD
        known = pc.if_else(pa.array(good), pair, None)
        self.good["entity"] = columns.hashed(known, stream=self.stream.name, key=key).values
        self.good["camera"], self.good["zone"] = text["camera"], text["zone"]

    def _table(self) -> pa.Table:
        schema = self.stream.schema
        keep = self.fault == columns.GOOD
        mask = None if keep.all() else pa.array(keep)
        arrays = []
        for field in schema:
            values = self.good[field.name]
            if isinstance(values, np.ndarray):
                kept = values if mask is None else values[keep]
                arrays.append(pa.array(kept.astype(field.type.to_pandas_dtype(), copy=False)))
            else:
                arrays.append(columns.one(values if mask is None else values.filter(mask)))
        return pa.Table.from_arrays(arrays, schema=schema)

    def _unknown(self, name: str) -> Defect:
        short = name[:VALUE_LENGTH]
        return Defect(WHOLE_TABLE, short, "unknown-field", remedy("unknown-field", short), "")

    def _defect(self, row: int) -> Defect:
        name, reason = self.fields[self.field[row]], columns.REASONS[self.fault[row]]
        return Defect(row, name, reason, remedy(reason, name), self._raw(row))

    def _raw(self, row: int) -> str:
        values = {name: self.sent[name][row].as_py() for name in self.sent}
        if isinstance(values.get("entity"), str):
            values["entity"] = f"token {self.good['entity'][row]}"
        values.pop("tag", None)  # it may be anybody's
        return json.dumps({n: _short(v) for n, v in values.items()}, ensure_ascii=False)


def _short(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return columns.spelled(value)[:VALUE_LENGTH]


def _within(
    lon: NDArray[np.float64], lat: NDArray[np.float64], bounds: tuple[float, float, float, float]
) -> NDArray[np.bool_]:
    west, south, east, north = bounds
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside
