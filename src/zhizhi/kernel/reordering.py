"""Putting rows in the order in which detectors see them: by entity and time, each once.

Rows arrive nearly in order of time, so a stable radix sort by entity leaves little to mend.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.native import lean, native

DIGIT_BITS = 11
DIGITS = 6
SHORT = 48  # rows of one entity up to which insertion is the quickest way


class Contents(NamedTuple):
    """What decides between rows of one entity at one time; ``zone`` is empty or one per row."""

    time_us: NDArray[np.int64]
    accuracy_m: NDArray[np.float32]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    flags: NDArray[np.uint8]
    offset: NDArray[np.int64]
    row: NDArray[np.int32]
    zone: NDArray[np.int32]


@native
def order_by_entity(entity: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of the rows sorted by entity, stably; a radix sort."""
    count = len(entity)
    index = np.arange(count)
    if count < 2:
        return index
    varying = np.int64(0)
    for i in range(1, count):
        varying |= entity[i] ^ entity[i - 1]
    keys = np.empty(count, np.uint64)
    for i in range(count):
        keys[i] = np.uint64(entity[i]) ^ np.uint64(1 << 63)
    other_keys, other_index = np.empty_like(keys), np.empty_like(index)
    for digit in range(DIGITS):
        shift = np.uint64(digit * DIGIT_BITS)
        if (np.uint64(varying) >> shift) & np.uint64((1 << DIGIT_BITS) - 1):
            _pass(keys, index, other_keys, other_index, shift)
            keys, other_keys = other_keys, keys
            index, other_index = other_index, index
    return index


@native
def _pass(
    keys: NDArray[np.uint64],
    index: NDArray[np.int64],
    new_keys: NDArray[np.uint64],
    new_index: NDArray[np.int64],
    shift: np.uint64,
) -> None:
    mask = np.uint64((1 << DIGIT_BITS) - 1)
    place = np.zeros(1 << DIGIT_BITS, np.int64)
    for key in keys:
        place[(key >> shift) & mask] += 1
    total = 0
    for d in range(len(place)):
        place[d], total = total, total + place[d]
    for i in range(len(keys)):
        d = (keys[i] >> shift) & mask
        new_keys[place[d]] = keys[i]
        new_index[place[d]] = index[i]
        place[d] += 1


@native
def settle(entity: NDArray[np.int64], index: NDArray[np.int64], contents: Contents) -> int:
    """Sort each entity's part of ``index`` by time and keep one row per time and zone.

    The kept positions stand at the front of ``index``; their number is returned.
    """
    kept, i = 0, 0
    while i < len(index):
        who, j = entity[index[i]], i + 1
        is_ordered = True
        while j < len(index) and entity[index[j]] == who:
            is_ordered &= contents.time_us[index[j - 1]] < contents.time_us[index[j]]
            j += 1
        if is_ordered:
            for k in range(i, j):
                index[kept] = index[k]
                kept += 1
        else:
            _sort_by_time(index, i, j, contents.time_us)
            kept = _choose(index, i, j, kept, contents)
        i = j
    return kept


@native
def _sort_by_time(index: NDArray[np.int64], i: int, j: int, time_us: NDArray[np.int64]) -> None:
    if j - i > SHORT:
        part = index[i:j].copy()
        index[i:j] = part[np.argsort(time_us[part], kind="mergesort")]
        return
    for k in range(i + 1, j):
        moved = index[k]
        place = k
        while place > i and time_us[index[place - 1]] > time_us[moved]:
            index[place] = index[place - 1]
            place -= 1
        index[place] = moved


@lean
def _choose(index: NDArray[np.int64], i: int, j: int, kept: int, contents: Contents) -> int:
    """Keep one row for each (time, zone) of ``index[i:j]``; return the new number kept."""
    first = kept
    for k in range(i, j):
        row = index[k]
        if kept > first and contents.time_us[index[kept - 1]] != contents.time_us[row]:
            first = kept
        for twin in range(first, kept):
            if _zone(contents, index[twin]) == _zone(contents, row):
                if _precedes(contents, row, index[twin]):
                    index[twin] = row
                break
        else:
            place = kept
            while place > first and _zone(contents, index[place - 1]) > _zone(contents, row):
                index[place] = index[place - 1]
                place -= 1
            index[place] = row
            kept += 1
    return kept


@lean
def _zone(contents: Contents, row: int) -> int:
    return int(contents.zone[row]) if len(contents.zone) else -1


@lean
def _precedes(contents: Contents, a: int, b: int) -> bool:
    """Tell whether row ``a`` is preferred: by what it says, and only then by when it came."""
    by_accuracy = _order_of_accuracy(contents.accuracy_m[a], contents.accuracy_m[b])
    if by_accuracy:
        return by_accuracy < 0
    if contents.lon[a] != contents.lon[b] and not np.isnan(contents.lon[a]):
        return bool(contents.lon[a] < contents.lon[b])
    if contents.lat[a] != contents.lat[b] and not np.isnan(contents.lat[a]):
        return bool(contents.lat[a] < contents.lat[b])
    if contents.flags[a] != contents.flags[b]:
        return bool(contents.flags[a] < contents.flags[b])
    if contents.offset[a] != contents.offset[b]:
        return bool(contents.offset[a] < contents.offset[b])
    return bool(contents.row[a] < contents.row[b])


@lean
def _order_of_accuracy(a: float, b: float) -> int:
    """Return -1 when ``a`` is better, 1 when ``b`` is, 0 when neither; unknown is worst."""
    if np.isnan(a) or np.isnan(b):
        return int(np.isnan(a)) - int(np.isnan(b))
    return int(a > b) - int(a < b)
