"""Rates of identification, counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zhizhi.kernel.identification import operating, share, threshold_at

STRANGERS = [0.50, 0.40, 0.90, 0.60, 0.70, 0.80, 0.45, 0.95, 0.55, math.inf]


@pytest.mark.parametrize(
    ("fpir", "threshold"),
    [(0.0, 0.40), (0.09, 0.40), (0.10, 0.45), (0.19, 0.45), (0.20, 0.50), (1.0, math.inf)],
)
def test_a_threshold_returns_no_more_strangers_than_allowed(fpir: float, threshold: float) -> None:
    assert threshold_at(STRANGERS, fpir) == threshold


def test_strangers_of_the_same_score_are_returned_together_or_not_at_all() -> None:
    found = operating([0.1], [True], [0.4, 0.4, 0.4, 0.9], 0.25)

    assert (found.threshold, found.fpir.value) == (0.4, 0.0)


def test_a_mate_counts_below_the_threshold_alone_and_only_when_it_is_the_right_one() -> None:
    mated = [0.30, 0.45, 0.44, 0.20, math.inf]
    found = operating(mated, [True, True, True, False, False], STRANGERS, 0.10)

    assert found.threshold == 0.45
    assert found.fnir.value == pytest.approx(3 / 5)
    assert found.fpir.value == pytest.approx(1 / 10)


def test_without_strangers_nobody_says_what_a_false_hit_is() -> None:
    found = operating([0.3], [True], [], 0.01)

    assert math.isnan(found.fpir.value)
    assert (found.fpir.low, found.fpir.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # as scipy.stats.binomtest(hits, of).proportion_ci(method="wilson") gives it
    [(0, 64, 0.0, 0.056624), (1, 100, 0.001767, 0.054486), (5, 10, 0.236593, 0.763407),
     (64, 64, 0.943376, 1.0)],
)  # fmt: skip
def test_an_interval_is_that_of_wilson(hits: int, of: int, low: float, high: float) -> None:
    found = share(hits, of)

    assert found.value == hits / of
    assert found.low == pytest.approx(low, abs=2e-6)
    assert found.high == pytest.approx(high, abs=2e-6)


def test_the_interval_holds_the_share_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    for truth in (0.05, 0.3, 0.9):
        intervals = [share(int(hits), 80) for hits in random.binomial(80, truth, 2000)]
        held = sum(one.low <= truth <= one.high for one in intervals) / len(intervals)
        assert 0.92 < held < 0.99
