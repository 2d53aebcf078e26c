"""Withheld numbers: nobody works them out, and no more is withheld than that takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel.suppressing import NotATable, Place, Table, bounds, suppressed


def totalled(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return ``rows`` with the sum of each at its end and the sums of all columns below."""
    wide = [[*row, sum(row)] for row in rows]
    return [*wide, [sum(column) for column in zip(*wide, strict=True)]]


def table(*rows: Sequence[int], people: Sequence[Sequence[int]] | None = None) -> Table:
    counts = totalled(rows)
    return Table(counts, counts if people is None else people)


def printed(told: Table, least: int) -> list[list[int | None]]:
    hidden = suppressed(told, least)
    return [
        [None if (row, column) in hidden else number for column, number in enumerate(line)]
        for row, line in enumerate(told.counts)
    ]


def could_be(told: Table, hidden: Collection[Place], most: int) -> Iterator[list[list[int]]]:
    """Yield every table up to ``most`` in a cell that agrees with all that is printed.

    Written without the network of the product: it tries all tables there are.
    """
    height, width = told.height - 1, told.width - 1
    choices = [
        range(most + 1) if place in hidden else (told.count(place),)
        for place in product(range(height), range(width))
    ]
    for cells in product(*choices):
        guess = totalled([cells[row * width : (row + 1) * width] for row in range(height)])
        seen = (place for place in told.places() if place not in hidden)
        if all(guess[row][column] == told.count((row, column)) for row, column in seen):
            yield guess


def test_numbers_of_enough_people_are_all_printed() -> None:
    assert suppressed(table((10, 20), (30, 40)), 10) == frozenset()


def test_zeros_are_printed() -> None:
    assert suppressed(table((0, 20), (30, 0)), 10) == frozenset()


@pytest.mark.parametrize(("people", "is_hidden"), [(1, True), (9, True), (10, False), (11, False)])
def test_ten_people_may_be_counted_and_nine_may_not(people: int, is_hidden: bool) -> None:
    hidden = suppressed(table((people, 50, 50), (50, 50, 50), (50, 50, 50)), 10)

    assert ((0, 0) in hidden) is is_hidden


def test_many_cases_of_few_people_are_withheld() -> None:
    counts = totalled([(40, 50), (50, 50)])
    people = [list(row) for row in counts]
    people[0][0] = 2

    assert (0, 0) in suppressed(Table(counts, people), 10)


def test_one_small_number_takes_three_others_with_it() -> None:
    told = table((4, 50, 60), (30, 20, 70), (80, 90, 95))

    assert printed(told, 10) == [
        [None, None, 60, 114],
        [None, None, 70, 120],
        [80, 90, 95, 265],
        [114, 160, 225, 499],
    ]


def test_the_cheapest_numbers_go_with_it() -> None:
    told = table((4, 60, 50), (80, 95, 90), (30, 70, 20))

    assert suppressed(told, 10) == {(0, 0), (0, 2), (2, 0), (2, 2)}


def test_a_lonely_small_number_takes_its_totals_along() -> None:
    """With nothing else in its line the total would tell it."""
    told = table((3, 0), (0, 90))

    hidden = suppressed(told, 10)

    assert {(0, 0), (0, 2)} <= hidden
    assert bounds(told, hidden, (0, 0), 10) == (0, 13)


def test_a_table_of_one_number_is_withheld_whole() -> None:
    assert suppressed(table((5,)), 10) == {(0, 0), (0, 1), (1, 0), (1, 1)}


SMALL = st.integers(0, 4)
TINY = st.integers(0, 2)  # four of them are 8 at most


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=2), st.integers(2, 3))
def test_whoever_tries_every_table_learns_no_small_number(
    rows: list[tuple[int, int]], least: int
) -> None:
    told = table(*rows)
    hidden = suppressed(told, least)
    guesses = list(could_be(told, hidden, 4 + least + 1))

    for row, column in told.places():
        if 0 < told.people_behind((row, column)) < least:
            values = {guess[row][column] for guess in guesses}
            assert max(values) >= told.count((row, column)) + least


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(TINY, TINY), min_size=2, max_size=2),
    st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1),
)
def test_bounds_are_those_of_all_tables_there_are(
    rows: list[tuple[int, int]], hidden: set[Place]
) -> None:
    told = table(*rows)
    guesses = list(could_be(told, hidden, 8))  # nothing in it is more

    for row, column in hidden:
        values = {guess[row][column] for guess in guesses}
        low, high = bounds(told, hidden, (row, column), 3)
        assert low == min(values)
        assert high == min(max(values), told.count((row, column)) + 3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 40)] * 5), min_size=2, max_size=6))
def test_a_larger_table_keeps_its_small_numbers_too(rows: list[tuple[int, ...]]) -> None:
    told = table(*rows)
    hidden = suppressed(told, 10)

    assert hidden == suppressed(told, 10)
    for place in told.places():
        if 0 < told.people_behind(place) < 10:
            assert bounds(told, hidden, place, 10)[1] == told.count(place) + 10


@pytest.mark.parametrize(
    "counts",
    [[[1, 1], [1, 2]], [[1, 1], [1]], [[-1, -1], [-1, -1]], [[1, 2], [1, 1]]],
)
def test_what_is_no_table_with_totals_is_refused(counts: list[list[int]]) -> None:
    with pytest.raises(NotATable):
        Table(counts, counts)


def test_people_need_the_shape_of_the_counts() -> None:
    with pytest.raises(NotATable):
        Table(totalled([(1, 2)]), totalled([(1, 2), (3, 4)]))
