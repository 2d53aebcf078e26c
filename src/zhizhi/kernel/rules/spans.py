"""Windowed features of a whole history at once, to the bit what ``rings.py`` gives event by event.

Events stand in the order of time and id. Counts and sums are differences of running whole numbers,
so they are exact; the largest, the smallest and different keys are kept by one pass of a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhizhi.kernel.native import native
from zhizhi.kernel.rules.backtesting import CHUNK, Answer
from zhizhi.kernel.rules.histories import EventHistory
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.windows import (
    COUNT,
    DISTINCT,
    LARGEST_ADDED,
    LEAST_OF,
    MEAN,
    MILLION,
    MOST,
    MOST_OF,
    SINCE,
    SUM,
    WindowedFeature,
)

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Way = Callable[[Sequence[WarningRule]], Answer]
_NOTHING: Final = frozenset({COUNT, SUM, DISTINCT})


def windowed(
    features: Sequence[WindowedFeature], history: EventHistory, way: Way, most: int = MOST
) -> dict[str, pa.Array[Any]]:
    """Return a column for each feature; ``way`` answers what belongs into a window."""
    belongs = _belonging([feature.asking for feature in features], history, way)
    found: dict[str, pa.Array[Any]] = {}
    for by in dict.fromkeys(feature.by for feature in features):
        order = np.argsort(history.keys[by], kind="stable").astype(np.int64)
        key, time_us = history.keys[by][order], history.time_us[order]
        for n, feature in enumerate(features):
            if feature.by == by:
                begin = _begins(key, time_us, feature.span_us, most)
                values, known = _Spans(feature, history, order, belongs[:, n], begin).answer()
                known &= key >= 0
                back = np.empty(len(order), np.int64)
                back[order] = np.arange(len(order))
                found[feature.name] = pa.array(values[back], pa.float64(), mask=~known[back])
    return {feature.name: found[feature.name] for feature in features}


def with_windows(
    features: Sequence[WindowedFeature], history: EventHistory, way: Way
) -> EventHistory:
    """Return the history with those features that it does not have and that can be computed."""
    chosen = [
        feature
        for feature in features
        if feature.name not in history.columns and not lacking(feature, history)
    ]
    return replace(history, columns={**history.columns, **windowed(chosen, history, way)})


def lacking(feature: WindowedFeature, history: EventHistory) -> list[str]:
    """Return the columns without which nothing can be said about a feature."""
    return sorted(feature.columns - {*history.columns, *history.keys})


def _belonging(rules: Sequence[WarningRule], history: EventHistory, way: Way) -> Mask:
    answer, count = way(rules), len(history)
    parts = [answer(history, at, min(at + CHUNK, count)) for at in range(0, count, CHUNK)]
    return np.concatenate([np.zeros((0, len(rules)), np.bool_), *parts])


class _Spans:
    """One feature over rows in the order of its key; ``begin`` is where each row's window does."""

    def __init__(
        self, feature: WindowedFeature, history: EventHistory, order: Places, belongs: Mask,
        begin: Places,
    ) -> None:  # fmt: skip
        self.feature, self.begin = feature, begin
        self.time_us = history.time_us[order]
        self.end = np.arange(len(order)) + (not feature.leaves_itself_out)
        self.belongs = belongs[order]
        self.known = self.belongs.copy()
        if feature.aggregate == DISTINCT:
            self.code = history.keys[str(feature.value)][order]
            self.known &= self.code >= 0
        elif feature.value is not None:
            given = history.columns[feature.value].take(pa.array(order, pa.int64()))
            self.known &= np.asarray(given.is_valid().to_numpy(zero_copy_only=False))
            self.value = given.fill_null(0.0).to_numpy() + 0.0  # no minus zero

    def answer(self) -> tuple[Numbers, Mask]:
        """Return the values, and where they are known."""
        if self.feature.aggregate == SINCE:
            return self.since()
        known = self.within(self.known)
        is_known = known > 0
        if self.feature.aggregate in _NOTHING:
            is_known |= self.within(self.belongs) == 0
        return self.taken_together(known), is_known

    def taken_together(self, known: Places) -> Numbers:
        aggregate = self.feature.aggregate
        if aggregate == COUNT:
            return known.astype(np.float64)
        if aggregate == DISTINCT:
            return _different(self.begin, self.end, self.code, self.known)
        if aggregate in {MOST_OF, LEAST_OF}:
            sign = 1.0 if aggregate == MOST_OF else -1.0
            largest = _largest(self.begin, self.end, sign * self.value, self.known)
            return np.asarray(sign * largest + 0.0, np.float64)
        clipped = np.clip(self.value, -LARGEST_ADDED, LARGEST_ADDED)
        millionths = np.rint(clipped * MILLION).astype(np.int64)
        total = self.within(np.where(self.known, millionths, 0)).astype(np.float64)
        shared = np.maximum(known, 1) if aggregate == MEAN else 1
        return np.asarray(total / (shared * float(MILLION)), np.float64)

    def within(self, amounts: NDArray[Any]) -> Places:
        """Return the sum in each window of whole numbers; what runs over cancels out."""
        running = np.concatenate([[0], np.cumsum(amounts, dtype=np.int64)])
        return np.asarray(running[self.end] - running[self.begin])

    def since(self) -> tuple[Numbers, Mask]:
        places = np.where(self.belongs, np.arange(len(self.belongs)), -1)
        last = np.concatenate([[-1], np.maximum.accumulate(places)])[self.end]
        is_known = last >= self.begin
        return np.asarray((self.time_us - self.time_us[last]) / MILLION, np.float64), is_known


@native
def _begins(key: Places, time_us: Places, span_us: int, most: int) -> Places:
    """Return the first row of each row's window, of those of its key and at most ``most``."""
    begin = np.empty(len(key), np.int64)
    first = 0
    for row in range(len(key)):
        if row and key[row] != key[row - 1]:
            first = row
        while time_us[first] <= time_us[row] - span_us:
            first += 1
        begin[row] = max(first, row - most + 1)
    return begin


@native
def _largest(begin: Places, end: Places, value: Numbers, known: Mask) -> Numbers:
    """Return the largest known value of each window: candidates fall from front to back."""
    found = np.zeros(len(value))
    queue = np.empty(len(value) + 1, np.int64)
    head = tail = taken = 0
    for row in range(len(value)):
        while taken < end[row]:
            if known[taken]:
                while tail > head and value[queue[tail - 1]] <= value[taken]:
                    tail -= 1
                queue[tail] = taken
                tail += 1
            taken += 1
        while head < tail and queue[head] < begin[row]:
            head += 1
        if head < tail:
            found[row] = value[queue[head]]
    return found


@native
def _different(begin: Places, end: Places, code: Places, known: Mask) -> Numbers:
    """Return how many different keys each window holds."""
    found = np.zeros(len(code))
    times = np.zeros(code.max() + 2 if len(code) else 1, np.int64)
    different = left = taken = 0
    for row in range(len(code)):
        while taken < end[row]:
            if known[taken]:
                if times[code[taken]] == 0:
                    different += 1
                times[code[taken]] += 1
            taken += 1
        while left < begin[row]:
            if known[left]:
                times[code[left]] -= 1
                if times[code[left]] == 0:
                    different -= 1
            left += 1
        found[row] = different
    return found
