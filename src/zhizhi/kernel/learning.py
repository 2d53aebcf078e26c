"""Learning classes from several kinds of features at once, and trying it on what was held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.linear import Linear, trained
from zhizhi.kernel.ngrams import Floats, SparseRows, beside, rarity, weighed

Turn = tuple[NDArray[np.int64], NDArray[np.int64]]  # the rows that teach, and those that are asked


@dataclass(frozen=True, slots=True)
class FeaturePart:
    """One kind of features: counted rows, and how much they weigh beside the other kinds."""

    counted: SparseRows
    weight: float = 1.0

    def taken(self, those: Any) -> FeaturePart:
        """Return the part for the rows at the indices ``those``."""
        return FeaturePart(self.counted.taken(those), self.weight)


@dataclass(frozen=True, slots=True)
class Learned:
    """A linear model with what it needs to weigh the features of rows it has not seen."""

    rare: tuple[Floats, ...]
    linear: Linear

    def margins(self, parts: Sequence[FeaturePart]) -> NDArray[np.float64]:
        """Return for each row how far it lies on the side of each class."""
        return self.linear.margins(_joined(parts, self.rare))


def learned(
    parts: Sequence[FeaturePart], label: Any, classes: int, *, cost: float = 1.0,
    is_emphasised: bool = False,
) -> Learned:  # fmt: skip
    """Return the model that is learned from ``parts``, whose rows have the classes ``label``."""
    rare = tuple(rarity(part.counted) for part in parts)
    rows = _joined(parts, rare)
    return Learned(rare, trained(rows, label, classes, cost=cost, is_emphasised=is_emphasised))


def held_out(
    parts: Sequence[FeaturePart], label: Any, fold: Any, classes: int, *, cost: float = 1.0,
    is_emphasised: bool = False,
) -> NDArray[np.float64]:  # fmt: skip
    """Return margins of every row from a model that was learned from the other folds."""
    those = turns(fold)
    return in_turns(parts, label, those, classes, cost=cost, is_emphasised=is_emphasised)


def turns(fold: Any) -> list[Turn]:
    """Return for each fold the rows of the others, which teach, and its own."""
    fold = np.asarray(fold, np.int64)
    return [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in np.unique(fold)]


def in_turns(
    parts: Sequence[FeaturePart], label: Any, those: Sequence[Turn], classes: int, *,
    cost: float = 1.0, is_emphasised: bool = False,
) -> NDArray[np.float64]:  # fmt: skip
    """Return margins of the rows that are asked in a turn, from a model of those that teach in it.

    Rows that no turn asks lie on the side of no class.
    """
    label = np.asarray(label, np.int64)
    found = np.full((len(label), classes), -np.inf)
    for teach, ask in those:
        taught = [part.taken(teach) for part in parts]
        model = learned(taught, label[teach], classes, cost=cost, is_emphasised=is_emphasised)
        found[ask] = model.margins([part.taken(ask) for part in parts])
    return found


def folds(texts: Sequence[str], count: int) -> NDArray[np.int64]:
    """Return the fold of each text; equal texts share one, so that none is its own teacher."""
    return np.array([crc32(text.encode("utf-8", "surrogatepass")) for text in texts]) % count


def _joined(parts: Sequence[FeaturePart], rare: Sequence[Floats]) -> SparseRows:
    weighted = [
        weighed(part.counted, tells).scaled(part.weight)
        for part, tells in zip(parts, rare, strict=True)
    ]
    return reduce(beside, weighted)
