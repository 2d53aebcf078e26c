"""The trainer finds the optimum that can be worked out, and the same one each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel.linear import EVEN, SMOOTH, Linear, emphasis, trained
from zhizhi.kernel.ngrams import SparseRows


def rows_of(dense: Any) -> SparseRows:
    dense = np.asarray(dense, np.float32)
    at = np.nonzero(dense)
    begin = np.concatenate([[0], np.cumsum(np.bincount(at[0], minlength=len(dense)))])
    return SparseRows(begin.astype(np.int64), at[1].astype(np.int32), dense[at], dense.shape[1])


def loss(weights: Any, dense: Any, sign: Any, cost: float) -> float:
    """What is to be least, by its definition; the last weight is that of a column of ones."""
    margin = np.asarray(dense) @ weights[:-1] + weights[-1]
    return float(weights @ weights / 2 + cost * np.sum(np.maximum(0, 1 - sign * margin) ** 2))


def descended(dense: Any, sign: Any, cost: float) -> Any:
    """The optimum found slowly: the plain gradient on all rows at once."""
    wide = np.column_stack([dense, np.ones(len(dense))])
    weights = np.zeros(wide.shape[1])
    step = 1 / (1 + 2 * cost * np.linalg.norm(wide, 2) ** 2)
    for _step in range(20_000):
        short = np.maximum(0, 1 - sign * (wide @ weights))
        weights -= step * (weights - 2 * cost * wide.T @ (sign * short))
    return weights


def test_two_points_have_the_optimum_of_the_closed_form() -> None:
    model = trained(rows_of([[1.0], [-1.0]]), [1, 0], 2, cost=0.5, tolerance=1e-9)

    # By symmetry nothing to begin with; least w²/2 + 2·0.5·(1 - w)², so w = 2/3.
    assert model.weights[:, 1] == pytest.approx([2 / 3, 0.0], abs=1e-6)
    assert model.weights[:, 0] == pytest.approx([-2 / 3, 0.0], abs=1e-6)


def test_one_class_alone_pulls_only_what_all_begin_with() -> None:
    model = trained(rows_of([[0.0], [0.0]]), [0, 0], 1, cost=1.0, tolerance=1e-9)

    # b²/2 + 2·(1 - b)² is least at b = 4/5.
    assert model.weights.ravel() == pytest.approx([0.0, 0.8], abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 1.0, 5.0]))
def test_the_optimum_is_that_of_a_slow_descent(seed: int, cost: float) -> None:
    random = np.random.default_rng(seed)
    dense = random.normal(size=(12, 3)).astype(np.float32)
    label = random.integers(0, 2, 12)
    model = trained(rows_of(dense), label, 2, cost=cost, tolerance=1e-7)

    sign = np.where(label == 1, 1.0, -1.0)
    ours, best = model.weights[:, 1].astype(np.float64), descended(dense, sign, cost)
    assert ours == pytest.approx(best, abs=2e-3)
    assert loss(ours, dense, sign, cost) <= loss(best, dense, sign, cost) * (1 + 1e-4) + 1e-6


def test_the_same_rows_give_the_same_model_to_the_last_bit() -> None:
    random = np.random.default_rng(3)
    dense, label = random.normal(size=(60, 8)), random.integers(0, 3, 60)

    first, second = (trained(rows_of(dense), label, 3) for _time in range(2))

    assert first.weights.tobytes() == second.weights.tobytes()


def test_margins_are_the_sums_of_the_weights_times_the_values() -> None:
    dense = [[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]
    weights = np.array([[1, 10], [2, 20], [3, 30], [4, 40]], np.float32)

    assert Linear(weights).margins(rows_of(dense)).tolist() == [[11.0, 110.0], [4.0, 40.0]]


def test_the_emphasis_is_the_log_count_ratio_of_naive_bayes() -> None:
    rows = rows_of([[3.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0, 2.0, 6.0, 0.0]])

    found = emphasis(rows, [True, True, False])

    on, off = np.array([4.0, 2.0, 0.0]) + SMOOTH, np.array([0.0, 2.0, 6.0]) + SMOOTH
    ratio = np.abs(np.log((on / on.sum()) / (off / off.sum())))
    assert found[:3] == pytest.approx(EVEN + (1 - EVEN) * ratio / ratio.mean(), rel=1e-6)
    assert found[:3].mean() == pytest.approx(1.0, rel=1e-6)
    assert found[3] == 1.0  # no row has it


def test_columns_that_tell_nothing_are_emphasised_alike() -> None:
    rows = rows_of([[1.0, 1.0], [1.0, 1.0]])

    assert emphasis(rows, [True, False]).tolist() == [1.0, 1.0]
    assert emphasis(rows_of([[0.0]]), [True]).tolist() == [1.0]


@pytest.mark.parametrize("seed", range(5))
def test_an_emphasised_model_is_the_optimum_of_emphasised_rows(seed: int) -> None:
    random = np.random.default_rng(seed)
    dense = np.abs(random.normal(size=(12, 3))).astype(np.float32)
    label = np.arange(12) % 2
    rows = rows_of(dense)

    model = trained(rows, label, 2, cost=1.0, tolerance=1e-9, is_emphasised=True)

    for one in range(2):
        tells = emphasis(rows, label == one)
        best = descended(dense * tells, np.where(label == one, 1.0, -1.0), 1.0)
        assert model.weights[:-1, one] == pytest.approx(best[:-1] * tells, abs=1e-4)
        assert model.weights[-1, one] == pytest.approx(best[-1], abs=1e-4)
