"""How much evidence still weighs: what was told long ago counts less, and half after a while."""

from __future__ import annotations

import math
from collections.abc import Iterable


def decayed(ages: Iterable[float], half_life: float) -> float:
    """Return what pieces of evidence weigh together; one of age 0 weighs 1, of ``half_life`` 0.5.

    A piece from the future weighs as one of now.
    """
    return sum(math.pow(0.5, max(0.0, age) / half_life) for age in ages)
