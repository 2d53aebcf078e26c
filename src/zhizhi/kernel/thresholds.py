"""The thresholds of each watched zone: the detector's own unless the zone overrides them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.detection import RING
from zhizhi.kernel.episodes import RULE, Hits
from zhizhi.kernel.native import lean

LONGEST_GRACE_US = 3_600_000_000  # an episode keeps its time outside in 32 bits
LONGEST_US = 366 * 86_400_000_000

# What a zone may override -> (field of RULE, factor, lowest, highest), in the field's own unit.
OVERRIDES: Mapping[str, tuple[str, int, float, float]] = {
    "limit_minutes": ("limit_us", 60_000_000, 0, LONGEST_US),
    "grace_seconds": ("grace_us", 1_000_000, 0, LONGEST_GRACE_US),
    "gap_seconds": ("gap_us", 1_000_000, 1, LONGEST_US),
    "cooldown_hours": ("cooldown_us", 3_600_000_000, 0, LONGEST_US),
    "minimum_fixes": ("minimum_fixes", 1, 1, 65_535),
    "maximum_accuracy_m": ("maximum_accuracy_m", 1, 0, 100_000),
}


class ThresholdError(ValueError):
    """A threshold that no rule can work with; the text names the zone and the remedy."""


def rules_for(
    defaults: Mapping[str, float], keys: Sequence[str], parameters: Sequence[Mapping[str, Any]]
) -> NDArray[Any]:
    """Return the rules of the zones ``keys``; ``defaults`` names every override."""
    numbers = np.array([zone_number(key) for key in keys], np.int64)
    if len(np.unique(numbers)) != len(keys):
        raise ThresholdError("Two zones have the same key.")
    rules = np.zeros(len(keys), RULE)
    rules["number"] = numbers
    for name, (target, *_) in OVERRIDES.items():
        rules[target] = [
            _checked(key, name, given.get(name, defaults[name]))
            for key, given in zip(keys, parameters, strict=True)
        ]
    return rules


def check_defaults(code: str, defaults: Mapping[str, float]) -> None:
    """Raise ThresholdError when a detector's own thresholds cannot be worked with."""
    for name in OVERRIDES:
        _checked(f"detector {code}", name, defaults[name])


def zone_number(key: str) -> int:
    """Return the number by which an episode knows its zone in every set of zones."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _checked(key: str, name: str, value: Any) -> float:
    _, factor, lowest, highest = OVERRIDES[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and lowest <= value * factor <= highest:
        return round(value * factor) if name != "maximum_accuracy_m" else float(value)
    raise ThresholdError(
        f"Zone {key}: {name} is {value!r}; give a number from {lowest / factor:g} "
        f"to {highest / factor:g}."
    )


def demoted(hits: Hits, accuracy_m: NDArray[np.float32], rules: NDArray[Any]) -> Hits:
    """Return the hits, those inside turned to the ring where the fix proves too little."""
    poor = np.flatnonzero(accuracy_m > rules["maximum_accuracy_m"].min(initial=np.inf))
    if not len(poor):
        return hits
    demoted = hits._replace(cls=hits.cls.copy())
    _demote(demoted, poor, accuracy_m[poor], rules)
    return demoted


@lean
def _demote(
    hits: Hits, rows: NDArray[np.int64], accuracy_m: NDArray[np.float32], rules: Any
) -> None:
    for i in range(len(rows)):
        for h in range(hits.start[rows[i]], hits.start[rows[i] + 1]):
            if accuracy_m[i] > rules[hits.zone[h]].maximum_accuracy_m:
                hits.cls[h] = RING
