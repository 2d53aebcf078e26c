"""Measures of guesses against their definitions."""

from __future__ import annotations

import pytest

from zhizhi.kernel.accuracy import (
    accuracy,
    area_under_curve,
    average_precision,
    macro_f1,
    precision_of_surest,
    recall_at,
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


def test_the_area_under_the_curve_counts_pairs_in_order_and_equals_half() -> None:
    assert area_under_curve([True, True, False, False], [0.9, 0.4, 0.4, 0.1]) == 3.5 / 4


@pytest.mark.parametrize(
    ("share", "found"), [(0.0, 0.5), (0.0999, 0.5), (0.1, 0.75), (0.2, 1.0), (1.0, 1.0)]
)
def test_recall_is_told_at_a_share_of_false_alarms(share: float, found: float) -> None:
    score = [9.0, 8.0, 4.5, 2.0, 5.0, 3.0, *[1.0] * 8]
    is_true = [True] * 4 + [False] * 10

    assert recall_at(is_true, score, share) == found


def test_equals_of_a_false_alarm_are_not_found() -> None:
    assert recall_at([True, False], [1.0, 1.0], 0.0) == 0.0
