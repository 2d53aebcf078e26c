"""How well an identification system does, in the terms of ISO/IEC 19795-1.

FPIR: share of probes of people who are not enrolled for whom somebody is returned. FNIR: share of
probes of enrolled people for whom the right one is not returned, first and under the threshold; a
probe in which no face could be used counts as not returned. A score is better when it is lower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhizhi.kernel.accuracy import wilson


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share that was counted, with its interval of 95 % (Wilson 1927)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What comes of returning somebody only when the score is lower than ``threshold``."""

    threshold: float
    fpir: Proportion
    fnir: Proportion


def share(hits: int, of: int) -> Proportion:
    """Return ``hits`` of ``of`` with its interval; of nothing, anything is possible."""
    return Proportion(hits / of if of else math.nan, *wilson(hits, of))


def threshold_at(strangers: Any, fpir: float) -> float:
    """Return the highest threshold at which at most the share ``fpir`` of strangers is returned.

    ``strangers``: the best score of each probe of somebody who is not enrolled; infinite where no
    face could be used.
    """
    score = np.sort(np.asarray(strangers, np.float64))
    allowed = int(fpir * len(score) + 1e-9)
    return float(score[allowed]) if allowed < len(score) else math.inf


def operating(mated: Any, is_mate: Any, strangers: Any, fpir: float) -> OperatingPoint:
    """Return threshold, FPIR and FNIR where at most the share ``fpir`` of strangers is returned.

    ``mated``: the best score of each probe of an enrolled person; ``is_mate``: whether it is the
    score of that very person.
    """
    others = np.asarray(strangers, np.float64)
    threshold = threshold_at(others, fpir)
    returned = share(int((others < threshold).sum()), len(others))
    return OperatingPoint(threshold, returned, missed(mated, is_mate, threshold))


def missed(mated: Any, is_mate: Any, threshold: float) -> Proportion:
    """Return the FNIR at a threshold that was found before, with other pictures perhaps."""
    score, is_right = np.asarray(mated, np.float64), np.asarray(is_mate, bool)
    return share(len(score) - int((is_right & (score < threshold)).sum()), len(score))
