"""Sides are exact: the same as with fractions, however close a point lies."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel.sides import crosses_right, is_on_edge, nudged_side, side

coordinate = st.one_of(
    st.integers(-4, 4).map(float),
    st.floats(-200, 200).filter(lambda v: v == 0 or abs(v) > 1e-60),
    st.integers(-8, 8).map(lambda n: 107.4 + n * 2.0**-46),
)
edge_and_point = st.tuples(*[coordinate] * 6)
Numbers = tuple[float, float, float, float, float, float]


def sign(value: float | Fraction) -> int:
    return (value > 0) - (value < 0)


def exact(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> Fraction:
    a, b, c, d, e, f = map(Fraction, (x1, y1, x2, y2, x, y))
    return (a - e) * (d - f) - (b - f) * (c - e)


@settings(max_examples=600)
@given(edge_and_point)
def test_a_side_has_the_sign_of_the_exact_determinant(numbers: Numbers) -> None:
    assert sign(side(*numbers)) == sign(exact(*numbers))


@given(st.integers(-500, 500), st.integers(-3, 3))
def test_a_point_next_to_a_long_edge_is_on_the_right_side(step: int, off: int) -> None:
    unit = 2.0**-45
    x, y = 107.0 + step * unit, 29.0 + step * unit + off * unit

    assert sign(side(100.0, 22.0, 120.0, 42.0, x, y)) == sign(off)


@given(edge_and_point)
def test_turning_an_edge_round_turns_the_side(numbers: Numbers) -> None:
    x1, y1, x2, y2, x, y = numbers

    assert sign(side(x2, y2, x1, y1, x, y)) == -sign(side(*numbers))


@given(edge_and_point)
def test_the_nudged_point_lies_on_no_edge_but_that_of_no_length(numbers: Numbers) -> None:
    x1, y1, x2, y2, *_ = numbers

    assert (nudged_side(*numbers) == 0) == ((x1, y1) == (x2, y2))


@settings(max_examples=300)
@given(edge_and_point)
def test_the_nudge_is_up_and_by_less_to_the_right(numbers: Numbers) -> None:
    x1, y1, x2, y2, x, y = map(Fraction, numbers)
    up, right = Fraction(1, 10**90), Fraction(1, 10**180)
    moved = (x1 - x - right) * (y2 - y - up) - (y1 - y - up) * (x2 - x - right)

    if (x1, y1) != (x2, y2):
        assert sign(nudged_side(*numbers)) == sign(moved)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.5, 0.5, True), (0.0, 0.0, True), (1.0, 1.0, True),
        (0.5, 0.5 + 2**-53, False), (1.0 + 2**-52, 1.0 + 2**-52, False), (-1.0, -1.0, False),
    ],
)  # fmt: skip
def test_a_point_is_on_an_edge_exactly_or_not_at_all(x: float, y: float, expected: bool) -> None:
    assert is_on_edge(0.0, 0.0, 1.0, 1.0, x, y) is expected


@pytest.mark.parametrize(
    ("edge", "crosses"),
    [
        ((1, -1, 1, 1), True), ((-1, -1, -1, 1), False),  # right and left of the origin
        ((1, 0, 1, 1), True), ((1, -1, 1, 0), False),  # an end at the point's height counts once
        ((1, 1, 1, 2), False), ((-1, 0, 1, 0), False),
    ],
)  # fmt: skip
def test_the_ray_to_the_right_counts_each_crossing_once(
    edge: tuple[int, int, int, int], crosses: bool
) -> None:
    x1, y1, x2, y2 = map(float, edge)

    assert crosses_right(x1, y1, x2, y2, 0.0, 0.0) is crosses
    assert crosses_right(x2, y2, x1, y1, 0.0, 0.0) is crosses
