"""Turning what a sender wrote into columns of numbers, with a fault code beside each value.

A fault is an index into ``REASONS``; 0 means that the value is good. Whole columns are converted
at once; values are looked at one by one only when the column holds something that cannot be read.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

REASONS = (
    "", "missing", "not-a-number", "out-of-range", "swapped", "no-zone", "bad-time", "future",
    "stale", "bad-entity", "too-long", "unknown-field", "not-an-object",
)  # fmt: skip
(
    GOOD, MISSING, NOT_A_NUMBER, OUT_OF_RANGE, SWAPPED, NO_ZONE, BAD_TIME, FUTURE,
    STALE, BAD_ENTITY, TOO_LONG, UNKNOWN_FIELD, NOT_AN_OBJECT,
) = (np.uint8(code) for code in range(len(REASONS)))  # fmt: skip

Column = Any  # pa.Array or pa.ChunkedArray of any type: whatever the sender sent

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_MOMENT = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d:?\d\d)$"
_LOCAL_MOMENT = r"^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?$"
# Arrow guesses a type at the price of trying to import packages that are not there: 1 ms a column.
_KINDS: Mapping[frozenset[type], pa.DataType] = {
    frozenset({int}): pa.int64(),
    frozenset({float}): pa.float64(),
    frozenset({int, float}): pa.float64(),
    frozenset({str}): pa.string(),
}
_EMPTY, _NO_TEXT = pa.scalar("", pa.string()), pa.scalar(None, pa.string())
_FALSE = pa.scalar(False, pa.bool_())
_FEW = 32  # rows for which plain Python is quicker than setting Arrow's loops up
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True, slots=True)
class Checked:
    """One column: its values, and for each of them a fault code."""

    values: NDArray[Any]
    fault: NDArray[np.uint8]


class TokenKeyMissing(ValueError):
    """Entities came as text, but no key was given to turn them into tokens."""


def hash_token(key: bytes, stream: str, text: str) -> int:
    """Return the pseudonymous token of ``text`` in ``stream``: keyed, so it cannot be guessed.

    Anyone may hash all phone numbers of a country; only the holder of ``key`` gets these tokens.
    """
    if not key:
        raise TokenKeyMissing("Entities came as text. Give the key that turns text into tokens.")
    short = key if len(key) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.sha256(key).digest()
    digest = hashlib.blake2b(f"{stream}\x1f{text}".encode(), digest_size=8, key=short).digest()
    return int.from_bytes(digest, "big", signed=True)


def from_values(values: Sequence[object]) -> Column:
    """Return the Arrow array of ``values``; where their types differ, all become text."""
    with contextlib.suppress(pa.ArrowInvalid, OverflowError):
        kind = _KINDS.get(frozenset(map(type, values)) - {type(None)})
        if kind is not None:
            return pa.array(values, kind)
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if v is None else spelled(v) for v in values], pa.string())


def spelled(value: object) -> str:
    """Return a value as text; of what is nested too deeply only that there is something."""
    try:
        return str(value)
    except RecursionError:  # readers of JSON go deeper than Python
        return "…"


def numbers(column: Column) -> Checked:
    """Read a column of numbers, or of text that holds numbers."""
    kind = column.type
    if pa.types.is_null(kind):
        return _all(column, np.float64, MISSING)
    if is_text(kind):
        return _numbers_from_text(_text(column))
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not is_number:
        return _all(column, np.float64, NOT_A_NUMBER)
    values = _numpy(column.cast(pa.float64(), safe=False), np.float64, np.nan)
    fault = np.where(np.isfinite(values), GOOD, NOT_A_NUMBER)
    fault[_nulls(column)] = MISSING
    return Checked(values, fault)


def _numbers_from_text(text: Column) -> Checked:
    is_number = pc.match_substring_regex(text, _NUMBER)
    values = _numpy(pc.if_else(is_number, text, _NO_TEXT).cast(pa.float64()), np.float64, np.nan)
    fault = np.where(np.isfinite(values), GOOD, NOT_A_NUMBER)
    fault[_blank(text)] = MISSING
    return Checked(values, fault)


def texts(column: Column, longest: int) -> tuple[Column, NDArray[np.uint8]]:
    """Read a column of short names; numbers are taken as the names they spell."""
    kind = column.type
    if not (is_text(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        return pa.nulls(len(column), pa.string()), np.full(len(column), NOT_A_NUMBER)
    text = _text(column)
    fault = np.where(_blank(text), MISSING, GOOD)
    fault[_mask(pc.greater(pc.utf8_length(text), pa.scalar(longest, pa.int32())))] = TOO_LONG
    return text, fault


def tokens(column: Column, *, stream: str, key: bytes) -> Checked:
    """Read a column of entities: whole numbers are tokens already, text is hashed."""
    kind = column.type
    if pa.types.is_null(kind):
        return _all(column, np.int64, MISSING)
    if is_text(kind):
        return hashed(_text(column), stream=stream, key=key)
    if not pa.types.is_integer(kind):
        return _all(column, np.int64, BAD_ENTITY)
    fault = np.where(_nulls(column), MISSING, GOOD)
    if pa.types.is_uint64(kind):
        fault[_mask(pc.greater(column, pa.scalar(int(_INT64.max), pa.uint64())))] = OUT_OF_RANGE
    return Checked(_numpy(column.cast(pa.int64(), safe=False), np.int64, 0), fault)


def hashed(text: Column, *, stream: str, key: bytes) -> Checked:
    """Return the tokens of a text column; each distinct text is hashed once."""
    blank = _blank(text)
    coded = one(pc.dictionary_encode(pc.if_else(pa.array(~blank), text, _NO_TEXT)))
    names = coded.dictionary.to_pylist()
    each = np.array([hash_token(key, stream, name) for name in names] or [0], np.int64)
    codes = _numpy(coded.indices, np.int64, 0)
    return Checked(np.where(blank, 0, each[codes]), np.where(blank, MISSING, GOOD))


def tokens_from_values(values: Sequence[object], *, stream: str, key: bytes) -> Checked:
    """Read entities of mixed types one by one."""
    out = np.zeros(len(values), np.int64)
    fault = np.full(len(values), GOOD)
    for row, value in enumerate(values):
        if value is None or (isinstance(value, str) and not value.strip()):
            fault[row] = MISSING
        elif isinstance(value, str):
            out[row] = hash_token(key, stream, value.strip())
        elif isinstance(value, bool) or not isinstance(value, int):
            fault[row] = BAD_ENTITY
        elif _INT64.min <= value <= _INT64.max:
            out[row] = value
        else:
            fault[row] = OUT_OF_RANGE
    return Checked(out, fault)


def moments(column: Column) -> Checked:
    """Read moments (Arrow timestamps with a zone, RFC 3339 text) as UTC microseconds."""
    kind = column.type
    if pa.types.is_null(kind):
        return _all(column, np.int64, MISSING)
    if is_text(kind):
        return _moments_from_text(_text(column))
    if not pa.types.is_timestamp(kind):
        return _all(column, np.int64, BAD_TIME)
    fault = np.full(len(column), GOOD if kind.tz else NO_ZONE)
    fault[_nulls(column)] = MISSING
    exact = column.cast(pa.timestamp("us", tz=kind.tz), safe=False).cast(pa.int64())
    return Checked(_numpy(exact, np.int64, 0), fault)


def microseconds(column: Column) -> Checked:
    """Read a column of UTC microseconds."""
    if pa.types.is_null(column.type):
        return _all(column, np.int64, MISSING)
    if not pa.types.is_integer(column.type):
        return _all(column, np.int64, BAD_TIME)
    values = _numpy(column.cast(pa.int64(), safe=False), np.int64, 0)
    return Checked(values, np.where(_nulls(column), MISSING, GOOD))


def _moments_from_text(text: Column) -> Checked:
    if len(text) <= _FEW:
        return _few_moments(text.to_pylist())
    fault = np.where(_mask(pc.match_substring_regex(text, _MOMENT)), GOOD, BAD_TIME)
    fault[_mask(pc.match_substring_regex(text, _LOCAL_MOMENT))] = NO_ZONE
    fault[_blank(text)] = MISSING
    wanted = pc.if_else(pa.array(fault == GOOD), text, _NO_TEXT)
    wanted = pc.replace_substring(pc.utf8_upper(wanted), ",", ".")
    wanted = pc.replace_substring_regex(wanted, r"(\.\d{6})\d+", r"\1")
    with contextlib.suppress(pa.ArrowInvalid):
        values = wanted.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        return Checked(_numpy(values, np.int64, 0), fault)
    return _moments_one_by_one(wanted.to_pylist(), fault)


def _few_moments(texts: list[str | None]) -> Checked:
    fault = np.full(len(texts), GOOD)
    wanted: list[str | None] = [None] * len(texts)
    for row, text in enumerate(texts):
        if not text:
            fault[row] = MISSING
        elif re.match(_LOCAL_MOMENT, text, re.ASCII):
            fault[row] = NO_ZONE
        elif re.match(_MOMENT, text, re.ASCII):
            wanted[row] = re.sub(r"(\.\d{6})\d+", r"\1", text.upper().replace(",", "."))
        else:
            fault[row] = BAD_TIME
    return _moments_one_by_one(wanted, fault)


def _moments_one_by_one(wanted: list[str | None], fault: NDArray[np.uint8]) -> Checked:
    """Find the text that looks like a moment but is none, such as 30 February."""
    out = np.zeros(len(wanted), np.int64)
    for row, text in enumerate(wanted):
        if text is None:
            continue
        try:
            since = datetime.fromisoformat(text) - _EPOCH
        except ValueError:
            fault[row] = BAD_TIME
        else:
            out[row] = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return Checked(out, fault)


def is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _text(column: Column) -> Column:
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def _blank(text: Column) -> NDArray[np.bool_]:
    return _nulls(text) | _mask(pc.equal(text, _EMPTY))


def _nulls(column: Column) -> NDArray[np.bool_]:
    if not column.null_count:
        return np.zeros(len(column), np.bool_)
    return _mask(column.is_null())


def _mask(condition: Column) -> NDArray[np.bool_]:
    """Return a condition as a NumPy mask; unknown counts as false."""
    return _numpy(pc.fill_null(condition, _FALSE), np.bool_, 0)


def _all(column: Column, kind: type[np.generic], fault: np.uint8) -> Checked:
    codes = np.full(len(column), fault)
    codes[_nulls(column)] = MISSING
    return Checked(np.zeros(len(column), kind), codes)


def _numpy(column: Column, kind: type[np.generic], fill: float) -> NDArray[Any]:
    """Return the column as NumPy, without a copy where it has no nulls and one chunk."""
    whole = one(column)
    if whole.null_count:
        whole = pc.fill_null(whole, pa.scalar(fill, whole.type))
    return np.asarray(whole.to_numpy(zero_copy_only=False), dtype=kind)


def one(column: Column) -> Column:
    """Return one contiguous array."""
    if isinstance(column, pa.ChunkedArray):
        chunks = column.num_chunks
        return column.chunk(0) if chunks == 1 else column.combine_chunks()
    return column


def frozen(values: object, kind: type[np.generic]) -> NDArray[Any]:
    """Return ``values`` as a contiguous read-only column of ``kind``; copies only if it must.

    Arrow hands out read-only columns and NumPy writable ones. Numba compiles a loop once for
    each, so every column is made the same before it enters a loop.
    """
    array = np.ascontiguousarray(values, dtype=kind).view()
    array.flags.writeable = False
    return array
