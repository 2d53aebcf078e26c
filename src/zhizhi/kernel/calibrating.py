"""From margins to chances, and from chances to when a model rather says nothing.

Both are learned from margins of rows that the model was not trained with: on its own rows every
model is surer than it may be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_COLDEST, _HOTTEST, _STEPS = math.log(0.01), math.log(100.0), 60
_GOLDEN = (math.sqrt(5) - 1) / 2


def chances(margins: Any, temperature: float) -> Floats:
    """Return for each row the chance of each class; the higher the temperature, the more even."""
    scaled = np.asarray(margins, np.float64) / temperature
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def temperature(margins: Any, label: Any) -> float:
    """Return the temperature at which the chances explain ``label`` best (golden section)."""
    label = np.asarray(label, np.int64)

    def surprise(log_temperature: float) -> float:
        chance = chances(margins, math.exp(log_temperature))[np.arange(len(label)), label]
        return float(-np.log(np.maximum(chance, 1e-300)).sum())

    low, high = _COLDEST, _HOTTEST
    for _step in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if surprise(left) <= surprise(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


@dataclass(frozen=True, slots=True)
class Abstention:
    """From which chance on a model decides, how often it was right then, and for which share.

    Where ``least`` is above one, it never decides.
    """

    least: float
    precision: float
    coverage: float


NEVER = Abstention(least=2.0, precision=1.0, coverage=0.0)


def abstention(chance: Any, is_right: Any, wanted: float) -> Abstention:
    """Return the lowest chance from which on at least the share ``wanted`` is right.

    One more that is wrong is counted in, so that a few lucky rows prove nothing: 99 of 99 are
    enough for 99 %, 98 of 98 are not.
    """
    chance, is_right = np.asarray(chance, np.float64), np.asarray(is_right, bool)
    order = np.argsort(-chance, kind="stable")
    right = np.cumsum(is_right[order])
    kept = np.arange(1, len(order) + 1)
    is_last = np.append(np.diff(chance[order]) != 0, True)[: len(order)]  # equals go together
    good = np.flatnonzero((right / (kept + 1) >= wanted) & is_last)
    if not len(good):
        return NEVER
    end = int(good[-1])
    return Abstention(
        float(chance[order[end]]), float(right[end] / kept[end]), float(kept[end] / len(order))
    )
