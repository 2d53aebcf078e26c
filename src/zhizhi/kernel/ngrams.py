"""Texts as sparse rows of numbers: hashed runs of characters, rare ones weighing more.

The runs are not kept but hashed into a fixed number of columns, so a model needs no word list,
knows no language, and holds no piece of anybody's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.native import native, woven

Ints = NDArray[np.int64]
Columns = NDArray[np.int32]
Floats = NDArray[np.float32]
EMPTY = np.uint64(0xCBF29CE484222325)  # the code of a run of nothing (FNV-1a)


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Sparse rows: row ``i`` has ``value[k]`` in ``column[k]``, k from begin[i] to begin[i + 1]."""

    begin: Ints
    column: Columns
    value: Floats
    width: int

    def __len__(self) -> int:
        return len(self.begin) - 1

    def taken(self, those: Any) -> SparseRows:
        """Return the rows at the indices ``those``, in their order."""
        those = np.asarray(those, np.int64)
        lengths = np.diff(self.begin)[those]
        begin = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(begin[-1]) - np.repeat(begin[:-1], lengths)
        at = np.repeat(self.begin[:-1][those], lengths) + within
        return SparseRows(begin, self.column[at], self.value[at], self.width)

    def present(self) -> SparseRows:
        """Return the rows with one for each column that a row has, however often."""
        return SparseRows(self.begin, self.column, np.ones_like(self.value), self.width)

    def scaled(self, factor: float) -> SparseRows:
        """Return the rows with every value times ``factor``."""
        return SparseRows(self.begin, self.column, self.value * np.float32(factor), self.width)


def beside(left: SparseRows, right: SparseRows) -> SparseRows:
    """Return rows that have the columns of ``left`` and then those of ``right``."""
    lengths = np.stack([np.diff(left.begin), np.diff(right.begin)], axis=1).ravel()
    ends = np.cumsum(lengths)
    begin = np.concatenate([[0], ends[1::2]]).astype(np.int64)
    column = np.empty(begin[-1], np.int32)
    value = np.empty(begin[-1], np.float32)
    starts = ends - lengths
    for part, first, offset in ((left, 0, 0), (right, 1, left.width)):
        length = np.diff(part.begin)
        at = np.repeat(starts[first::2] - part.begin[:-1], length) + np.arange(len(part.column))
        column[at] = part.column + np.int32(offset)
        value[at] = part.value
    return SparseRows(begin, column, value, left.width + right.width)


@dataclass(frozen=True, slots=True)
class Grams:
    """Runs of ``least`` to ``most`` characters, hashed into 2 ** ``bits`` columns."""

    least: int = 1
    most: int = 3
    bits: int = 18

    @property
    def width(self) -> int:
        return 1 << self.bits

    def counted(self, texts: Sequence[str]) -> SparseRows:
        """Return how many times each text has each of its runs of characters."""
        points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        return self._rows(points, [len(text) for text in texts])

    def counted_words(self, texts: Sequence[Sequence[str]]) -> SparseRows:
        """Return how many times each text has each of its runs of words."""
        points = np.array(
            [crc32(w.encode("utf-8", "surrogatepass")) for t in texts for w in t], np.uint32
        )
        return self._rows(points, [len(words) for words in texts])

    def _rows(self, points: Any, lengths: Sequence[int]) -> SparseRows:
        begin = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=begin[1:])
        return self.counted_points(points, begin)

    def counted_points(self, points: Any, begin: Any) -> SparseRows:
        """Return how many times each row of points, from begin[i] on, has each of its runs."""
        ends, column, value = _counted(points, begin, self.least, self.most, self.bits)
        return SparseRows(ends, column, value, self.width)


@woven
def longer(code: Any, point: Any) -> Any:
    """Return the code of a run that has ``point`` as well."""
    return (code ^ np.uint64(point)) * np.uint64(0x100000001B3)


@woven
def column_of(code: Any, bits: int) -> Any:
    """Return the column of a run by its code."""
    mixed = (code ^ (code >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64(mixed >> np.uint64(64 - bits))


@native
def _counted(points: Any, begin: Any, least: int, most: int, bits: int) -> Any:
    width = 1 << bits
    times = np.zeros(width, np.int32)
    touched = np.empty(width, np.int32)
    room = len(points) * (most - least + 1)
    column = np.empty(room, np.int32)
    value = np.empty(room, np.float32)
    ends = np.zeros(len(begin), np.int64)
    filled = 0
    for row in range(len(begin) - 1):
        seen = 0
        for start in range(begin[row], begin[row + 1]):
            code = EMPTY
            last = min(begin[row + 1], start + most)
            for at in range(start, last):
                code = longer(code, points[at])
                if at - start + 1 >= least:
                    place = column_of(code, bits)
                    if times[place] == 0:
                        touched[seen] = place
                        seen += 1
                    times[place] += 1
        for n in range(seen):
            column[filled] = touched[n]
            value[filled] = times[touched[n]]
            times[touched[n]] = 0
            filled += 1
        ends[row + 1] = filled
    return ends, column[:filled].copy(), value[:filled].copy()


def rarity(rows: SparseRows) -> Floats:
    """Return how much each column tells: more, the fewer rows have it (inverse frequency)."""
    having = np.bincount(rows.column, minlength=rows.width)
    return (np.log((1 + len(rows)) / (1 + having)) + 1).astype(np.float32)


def weighed(rows: SparseRows, rare: Floats) -> SparseRows:
    """Return rows of length one: counts by their logarithm, times how much a column tells."""
    value = (1 + np.log(rows.value)) * rare[rows.column]
    return SparseRows(
        rows.begin, rows.column, _unit(rows.begin, value.astype(np.float32)), rows.width
    )


@native
def _unit(begin: Any, value: Any) -> Any:
    for row in range(len(begin) - 1):
        total = 0.0
        for k in range(begin[row], begin[row + 1]):
            total += value[k] * value[k]
        if total > 0:
            length = np.sqrt(total)
            for k in range(begin[row], begin[row + 1]):
                value[k] /= length
    return value
