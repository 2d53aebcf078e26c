"""Devices whose clock is wrong: found by the arrival clock, and corrected.

An ordinary row arrives within the lateness after its own time. A device whose rows keep arriving
at one other distance has a wrong clock; the distance, its running minimum, is added to its times.
Ordinary devices leave no trace here, so a million of them cost one comparison a row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.native import lean, native

KEEP, LATE, REJECTED, ODD = 0, 1, 2, 3  # verdicts on a row
FUTURE_US = 60_000_000  # a clock may be this much ahead of the arrival clock
LARGEST_SKEW_US = 24 * 3_600_000_000
CONFIRMED_AFTER_US = 120_000_000  # a flushed backlog soon ends, a wrong clock stays wrong
FORGOTTEN_AFTER_US = 600_000_000  # without a row at the known distance
NOT_SUSPECT = -(2**62)  # ``since_us`` of an entry that is not in use
MARKS = 1 << 16

SUSPECT = np.dtype(
    [
        ("entity", "<i8"),
        ("distance_us", "<i8"),  # smallest arrival minus time
        ("since_us", "<i8"),  # arrival of the first row at that distance
        ("last_us", "<i8"),  # arrival of the last one
    ]
)


class Arrivals(NamedTuple):
    """The columns of a batch that tell when its rows were seen and when they came."""

    entity: NDArray[np.int64]
    time_us: NDArray[np.int64]
    arrival_us: NDArray[np.int64]
    is_placed: NDArray[np.bool_]  # empty: all rows have a place


def no_suspects() -> NDArray[Any]:
    return np.empty(0, SUSPECT)


@native
def marks_of(entity: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return a table that is true at the mark of each entity."""
    marks = np.zeros(MARKS, np.bool_)
    for who in entity:
        marks[_mark(who)] = True
    return marks


@lean
def _mark(entity: int) -> int:
    x = np.uint64(entity) * np.uint64(0x9E3779B97F4A7C15)
    return int(x >> np.uint64(48))


@native
def sift(
    rows: Arrivals, marks: NDArray[np.bool_], clock_us: int, lateness_us: int
) -> tuple[NDArray[np.uint8], int]:
    """Return a verdict on each row and how many are not simply kept.

    Odd rows, and all later rows of their entities, wait for the verdict of ``correct``.
    """
    verdicts = np.zeros(len(rows.entity), np.uint8)
    others = 0
    for i in range(len(rows.entity)):
        time, arrival = rows.time_us[i], rows.arrival_us[i]
        if len(rows.is_placed) and not rows.is_placed[i]:
            verdicts[i] = REJECTED
        elif time <= arrival - LARGEST_SKEW_US:
            verdicts[i] = LATE
        elif time > arrival + LARGEST_SKEW_US:
            verdicts[i] = REJECTED
        elif not -FUTURE_US <= arrival - time < lateness_us:
            verdicts[i] = ODD
            marks[_mark(rows.entity[i])] = True
        elif marks[_mark(rows.entity[i])]:
            verdicts[i] = ODD
        elif time <= max(arrival, clock_us) - lateness_us:
            verdicts[i] = LATE
        others += verdicts[i] != KEEP
    return verdicts, others


@lean
def _is_confirmed(entry: NDArray[Any]) -> bool:
    suspect = entry[0]
    is_known = suspect.since_us != NOT_SUSPECT
    return bool(is_known and suspect.last_us - suspect.since_us >= CONFIRMED_AFTER_US)


@lean
def _is_delayed(entry: NDArray[Any], distance: int) -> bool:
    """Tell whether a row came late from a device whose clock error is known."""
    return bool(_is_confirmed(entry) and distance > entry[0].distance_us)


@native
def correct(
    rows: Arrivals, order: NDArray[np.int64], known: NDArray[Any], clock_us: int, lateness_us: int
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.uint8]]:
    """Return the new suspects, and the time and verdict of each row, in the rows' own order.

    ``order`` sorts the rows by entity and keeps the order of arrival within each.
    """
    suspects = np.empty(len(known) + len(order), SUSPECT)
    times, verdicts = rows.time_us.copy(), np.zeros(len(order), np.uint8)
    top, k, i = 0, 0, 0
    while i < len(order):
        who = rows.entity[order[i]]
        while k < len(known) and known[k].entity < who:
            suspects[top] = known[k]
            top += 1
            k += 1
        entry = suspects[top : top + 1]
        entry[0].since_us = NOT_SUSPECT
        if k < len(known) and known[k].entity == who:
            entry[0] = known[k]
            k += 1
        while i < len(order) and rows.entity[order[i]] == who:
            row = order[i]
            _learn(entry, rows, row, lateness_us)
            if _is_confirmed(entry):
                times[row] += entry[0].distance_us
            verdicts[row] = _verdict(times[row], rows.arrival_us[row], clock_us, lateness_us)
            i += 1
        top += entry[0].since_us != NOT_SUSPECT
    while k < len(known):
        suspects[top] = known[k]
        top += 1
        k += 1
    return suspects[:top].copy(), times, verdicts


@lean
def _learn(entry: NDArray[Any], rows: Arrivals, row: int, lateness_us: int) -> None:
    """Note one row of a device: an ordinary one clears it of suspicion."""
    suspect, arrival = entry[0], rows.arrival_us[row]
    distance = arrival - rows.time_us[row]
    is_known = suspect.since_us != NOT_SUSPECT
    if -FUTURE_US <= distance < lateness_us:
        suspect.since_us = NOT_SUSPECT
    elif is_known and abs(distance - suspect.distance_us) <= lateness_us:
        suspect.distance_us = min(suspect.distance_us, distance)
        suspect.last_us = arrival
    elif not (_is_delayed(entry, distance) and arrival - suspect.last_us <= FORGOTTEN_AFTER_US):
        suspect.entity = rows.entity[row]
        suspect.distance_us = distance
        suspect.since_us = arrival
        suspect.last_us = arrival


@lean
def _verdict(time_us: int, arrival_us: int, clock_us: int, lateness_us: int) -> int:
    if time_us > arrival_us + FUTURE_US:
        return REJECTED
    return LATE if time_us <= max(arrival_us, clock_us) - lateness_us else KEEP


def forget(suspects: NDArray[Any], clock_us: int) -> NDArray[Any]:
    """Drop devices that sent nothing odd for a day."""
    if not len(suspects):
        return suspects
    return suspects[suspects["last_us"] > clock_us - LARGEST_SKEW_US]
