"""Counting Bayes: the oldest learner of texts, to set others beside."""

from __future__ import annotations

from typing import Any

import numpy as np

from zhizhi.kernel.linear import Linear
from zhizhi.kernel.ngrams import SparseRows


def counted_bayes(rows: SparseRows, label: Any, classes: int, *, smoothing: float = 0.1) -> Linear:
    """Return multinomial Bayes: how often each class has a column, and how often it comes."""
    label = np.asarray(label, np.int64)
    weights = np.empty((rows.width + 1, classes), np.float32)
    of_row = np.repeat(label, np.diff(rows.begin))
    for one in range(classes):
        mine = of_row == one
        counts = np.bincount(rows.column[mine], rows.value[mine], rows.width) + smoothing
        weights[:-1, one] = np.log(counts / counts.sum())
        weights[-1, one] = np.log((label == one).sum() + smoothing)
    return Linear(weights)
