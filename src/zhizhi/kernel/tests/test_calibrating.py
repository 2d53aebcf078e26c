"""Chances that mean what they say, and thresholds that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.calibrating import NEVER, Abstention, abstention, chances, temperature

margins = st.lists(
    st.tuples(*[st.floats(-5, 5)] * 3), min_size=1, max_size=20
)  # fmt: skip


@given(margins, st.floats(0.05, 20))
def test_chances_add_up_to_one_and_keep_the_order(rows: list[tuple[float, ...]], t: float) -> None:
    found = chances(rows, t)

    assert found.sum(axis=1) == pytest.approx(1.0)
    assert np.all(found[np.arange(len(rows)), np.argmax(rows, axis=1)] == found.max(axis=1))


def test_chances_of_two_classes_are_those_of_the_logistic_function() -> None:
    assert chances([[1.0, 0.0]], 2.0)[0, 0] == pytest.approx(1 / (1 + np.exp(-0.5)))


@pytest.mark.parametrize("true", [0.2, 1.0, 4.0])
def test_the_temperature_with_which_labels_were_drawn_is_found(true: float) -> None:
    random = np.random.default_rng(5)
    rows = random.normal(size=(20_000, 3)) * 2
    drawn = (chances(rows, true).cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)

    assert temperature(rows, drawn) == pytest.approx(true, rel=0.06)


@pytest.mark.parametrize(("count", "decides"), [(98, False), (99, True), (100, True)])
def test_so_many_right_ones_prove_99_in_100(count: int, *, decides: bool) -> None:
    found = abstention([0.9] * count, [True] * count, 0.99)

    assert found == (Abstention(0.9, 1.0, 1.0) if decides else NEVER)


@pytest.mark.parametrize(("wrong", "least"), [(0, 0.5), (1, 0.5), (2, 0.8)])
def test_the_threshold_lies_where_the_precision_is_still_kept(wrong: int, least: float) -> None:
    chance = [0.8] * 100 + [0.5] * 20  # with one wrong 119 of 121 are right, with two 118
    is_right = [True] * 100 + [False] * wrong + [True] * (20 - wrong)

    assert abstention(chance, is_right, 0.98).least == least


def test_texts_of_the_same_chance_are_decided_together_or_not_at_all() -> None:
    chance, is_right = [0.9] * 200 + [0.7] * 100, [True] * 200 + [True] * 50 + [False] * 50

    assert abstention(chance, is_right, 0.99) == Abstention(0.9, 1.0, 200 / 300)


def test_a_dip_that_is_made_up_for_below_does_not_end_it() -> None:
    chance = [0.9] * 10 + [0.8] + [0.7] * 300
    is_right = [True] * 10 + [False] + [True] * 300

    found = abstention(chance, is_right, 0.99)

    assert found.least == 0.7
    assert found.coverage == 1.0
    assert found.precision == pytest.approx(310 / 311)


def test_nothing_to_learn_from_decides_nothing() -> None:
    assert abstention([], [], 0.5) == NEVER
