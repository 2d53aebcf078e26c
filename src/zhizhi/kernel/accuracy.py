"""How good guesses are: share right, mean F1 of the classes, and how well the true ones lead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

NORMAL_95 = 1.959_963_984_540_054  # standard deviations on both sides of 95 %


def accuracy(truth: Any, guess: Any) -> float:
    """Return the share of guesses that are right."""
    return float(np.mean(np.asarray(truth) == np.asarray(guess)))


def macro_f1(truth: Any, guess: Any) -> float:
    """Return the mean F1 over all classes that are true or guessed, rare ones counting alike."""
    truth, guess = np.asarray(truth), np.asarray(guess)
    found = []
    for one in np.union1d(truth, guess):
        both = np.sum((truth == one) & (guess == one))
        found.append(2 * both / (np.sum(truth == one) + np.sum(guess == one)))
    return float(np.mean(found))


def average_precision(is_true: Any, score: Any) -> float:
    """Return the mean, over the true ones, of the precision down to each; equals count together."""
    is_true, score = np.asarray(is_true, bool), np.asarray(score, np.float64)
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(is_true[order])
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    gained = np.diff(np.concatenate([[0], hits[ends]]))
    return float(np.sum(gained * hits[ends] / (ends + 1)) / hits[-1])


def precision_of_surest(is_right: Any, chance: Any, share: float) -> float:
    """Return how many of the surest ``share`` of the guesses are right."""
    count = max(1, round(share * len(np.asarray(chance))))
    surest = np.argsort(-np.asarray(chance, np.float64), kind="stable")[:count]
    return float(np.mean(np.asarray(is_right, bool)[surest]))


def area_under_curve(is_true: Any, score: Any) -> float:
    """Return how often a true one has a higher score than another one; equals count half."""
    is_true, score = np.asarray(is_true, bool), np.asarray(score, np.float64)
    others, true = np.sort(score[~is_true]), score[is_true]
    below = np.searchsorted(others, true, "left") + np.searchsorted(others, true, "right")
    return float(below.sum() / (2 * len(others) * len(true)))


def recall_at(is_true: Any, score: Any, share: float) -> float:
    """Return the share of true ones found while at most ``share`` of the others are found too."""
    is_true, score = np.asarray(is_true, bool), np.asarray(score, np.float64)
    others = np.sort(score[~is_true])[::-1]
    allowed = int(share * len(others) + 1e-9)
    least = others[allowed] if allowed < len(others) else -np.inf
    return float(np.mean(score[is_true] > least))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return between what shares the true one lies with 95 per cent certainty.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if not count:
        return 0.0, 1.0
    share, z2 = hits / count, NORMAL_95**2
    middle = share + z2 / (2 * count)
    spread = NORMAL_95 * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    whole = 1 + z2 / count
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)
