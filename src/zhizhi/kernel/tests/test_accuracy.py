"""Measures of guesses against their definitions."""

from __future__ import annotations

import pytest

from zhizhi.kernel.accuracy import (
    accuracy,
    average_precision,
    macro_f1,
    precision_of_surest,
)


def test_accuracy_is_the_share_that_is_right() -> None:
    assert accuracy(["a", "b", "b", "c"], ["a", "b", "c", "c"]) == 0.75


def test_macro_f1_lets_rare_classes_count_alike() -> None:
    # a: 2·1/(1+2) = 2/3; b: 2·1/(2+1) = 2/3; c, only guessed: 0
    assert macro_f1(["a", "b", "b"], ["a", "a", "b"]) == pytest.approx(2 / 3)
    assert macro_f1(["a", "b", "b"], ["a", "c", "b"]) == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_average_precision_is_the_mean_precision_down_to_each_true_one() -> None:
    assert average_precision([1, 0, 1], [3, 2, 1]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([0, 1], [2, 1]) == pytest.approx(1 / 2)


def test_equal_scores_give_no_credit_for_a_lucky_order() -> None:
    assert average_precision([1, 0, 0, 1], [1, 1, 1, 1]) == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    ("share", "precision"), [(0.25, 1.0), (0.5, 1.0), (0.75, 2 / 3), (1, 0.75)]
)
def test_the_surest_are_those_of_the_highest_chance(share: float, precision: float) -> None:
    is_right, chance = [False, True, True, True], [0.5, 0.9, 0.4, 0.8]

    assert precision_of_surest(is_right, chance, share) == pytest.approx(precision)
