"""A linear model that tells classes apart: one against the rest for each, squared hinge loss.

Trained by dual coordinate descent (Hsieh et al., ICML 2008), the method of LIBLINEAR. The order in
which rows are visited comes from a fixed sequence, so the same rows give the same model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.native import native
from zhizhi.kernel.ngrams import SparseRows

PASSES = 1000
EVEN, SMOOTH = 0.7, 0.1  # of the emphasis: what all columns share, and what each is seen beforehand


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of each column for each class; the last row is what each class begins with."""

    weights: NDArray[np.float32]

    def margins(self, rows: SparseRows) -> NDArray[np.float64]:
        """Return for each row how far it lies on the side of each class."""
        found: NDArray[np.float64] = _margins(rows.begin, rows.column, rows.value, self.weights)
        return found


def trained(
    rows: SparseRows, label: Any, classes: int, *, cost: float = 1.0, tolerance: float = 0.05,
    is_emphasised: bool = False,
) -> Linear:  # fmt: skip
    """Return the model of least squared length plus ``cost`` times the squared shortfalls.

    It is near enough when no row's slope is steeper than ``tolerance`` in a whole pass. With
    ``is_emphasised`` each class is learned from values that weigh what is peculiar to it more.
    """
    label = np.asarray(label, np.int64)
    times = np.bincount(rows.column, minlength=rows.width)
    used = np.argsort(-times, kind="stable")[: np.count_nonzero(times)]  # frequent ones together
    place = np.zeros(rows.width, np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    sparse = (rows.begin, place[rows.column], rows.value)
    weights = np.zeros((rows.width + 1, classes), np.float32)
    for one in range(classes):
        sign = np.where(label == one, 1.0, -1.0)
        tells = emphasis(rows, label == one) if is_emphasised else None
        told = sparse if tells is None else (*sparse[:2], rows.value * tells[rows.column])
        found = _descended(told, sign, len(used), 0.5 / cost, tolerance)
        weights[used, one] = found[:-1] if tells is None else found[:-1] * tells[used]
        weights[-1, one] = found[-1]
    return Linear(weights)


def emphasis(rows: SparseRows, is_one: Any) -> NDArray[np.float32]:
    """Return for each column how much it tells the rows ``is_one`` from the others; mean one.

    Seven tenths are the same for all, the rest goes with how much likelier the column is on one
    side (the log-count ratio of naive Bayes: Wang and Manning, ACL 2012). Columns that no row has
    tell nothing and count as the mean does.
    """
    is_one = np.asarray(is_one, bool)
    of = np.repeat(is_one, np.diff(rows.begin))
    on, off = (
        np.bincount(rows.column[side], rows.value[side], minlength=rows.width) for side in (of, ~of)
    )
    is_used = (on + off) > 0
    here, there = on[is_used] + SMOOTH, off[is_used] + SMOOTH
    ratio = np.abs(np.log((here / here.sum()) / (there / there.sum())))
    tells = np.ones(rows.width, np.float32)
    if len(ratio) and ratio.mean() > 0:
        tells[is_used] = EVEN + (1 - EVEN) * ratio / ratio.mean()
    return tells


@native
def _margins(begin: Any, column: Any, value: Any, weights: Any) -> Any:
    rest, classes = weights.shape[0] - 1, weights.shape[1]
    found = np.zeros((len(begin) - 1, classes))
    for row in range(len(begin) - 1):
        for one in range(classes):
            found[row, one] = weights[rest, one]
        for k in range(begin[row], begin[row + 1]):
            for one in range(classes):
                found[row, one] += value[k] * weights[column[k], one]
    return found


@native
def _descended(sparse: Any, sign: Any, width: int, soft: float, tolerance: float) -> Any:
    weights = np.zeros(width + 1)
    pull = np.zeros(len(sign))  # of each row on the weights; never below zero
    curved = _curved(sparse, soft)
    order = np.arange(len(sign))
    seed = np.uint64(88172645463325252)
    for _pass in range(PASSES):
        seed = _shuffled(order, seed)
        worst = 0.0
        for row in order:
            slope = sign[row] * _margin(sparse, row, weights) - 1.0 + soft * pull[row]
            if pull[row] > 0.0 or slope < 0.0:
                worst = max(worst, abs(slope))
                stronger = max(0.0, pull[row] - slope / curved[row])
                _move(sparse, row, weights, (stronger - pull[row]) * sign[row])
                pull[row] = stronger
        if worst < tolerance:
            break
    return weights


@native
def _curved(sparse: Any, soft: float) -> Any:
    begin, _column, value = sparse
    found = np.empty(len(begin) - 1)
    for row in range(len(found)):
        part = value[begin[row] : begin[row + 1]]
        found[row] = 1.0 + soft + np.sum(part.astype(np.float64) ** 2)
    return found


@native
def _margin(sparse: Any, row: Any, weights: Any) -> Any:
    begin, column, value = sparse
    margin = weights[len(weights) - 1]
    for k in range(begin[row], begin[row + 1]):
        margin += value[k] * weights[column[k]]
    return margin


@native
def _move(sparse: Any, row: Any, weights: Any, step: float) -> None:
    begin, column, value = sparse
    weights[len(weights) - 1] += step
    for k in range(begin[row], begin[row + 1]):
        weights[column[k]] += step * value[k]


@native
def _shuffled(order: Any, seed: Any) -> Any:
    """Shuffle ``order`` in place with xorshift, and return where the sequence goes on."""
    for n in range(len(order) - 1, 0, -1):
        seed ^= seed << np.uint64(13)
        seed ^= seed >> np.uint64(7)
        seed ^= seed << np.uint64(17)
        other = np.int64(seed % np.uint64(n + 1))
        order[n], order[other] = order[other], order[n]
    return seed
