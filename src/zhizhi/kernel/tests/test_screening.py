"""The screening loops give each row its own answer, wherever it stands and however many come."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from zhizhi.kernel.detection import INSIDE, Candidates
from zhizhi.kernel.screening import Hits, drop_closed
from zhizhi.kernel.tests.zone_shapes import (
    HOLED,
    SHAPES,
    Numbers,
    along,
    hits,
    plain,
    reference,
    square,
)
from zhizhi.kernel.zones import (
    ROWS_AT_ONCE,
    CompiledZones,
    compile_zones,
    locate_points,
    screen_points,
)

SIZE = 2_500


@pytest.fixture(scope="module")
def zones() -> CompiledZones:
    return compile_zones(reference(SHAPES["river"], HOLED, HOLED.buffer(0.002), square(900)))


@pytest.fixture(scope="module")
def rows() -> tuple[Numbers, Numbers, Numbers]:
    lon, lat = along(HOLED, SIZE, 6, 120.0)
    accuracy = np.random.default_rng(6).choice([np.nan, 5, 29, 200], SIZE).astype(np.float32)
    lon[::97] = np.nan
    return lon, lat, accuracy


def table(found: Candidates, size: int) -> Numbers:
    return hits(found, size, 4)


@pytest.mark.parametrize(
    "size", [0, 1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 2 * ROWS_AT_ONCE, SIZE]
)
def test_an_answer_does_not_depend_on_how_many_rows_come_together(
    zones: CompiledZones, rows: tuple[Numbers, Numbers, Numbers], size: int
) -> None:
    whole = table(screen_points(zones, *rows), SIZE)

    part = table(screen_points(zones, *(column[:size] for column in rows)), size)

    np.testing.assert_array_equal(part, whole[:size])


def test_an_answer_does_not_depend_on_the_neighbours_of_a_row(
    zones: CompiledZones, rows: tuple[Numbers, Numbers, Numbers]
) -> None:
    order = np.random.default_rng(7).permutation(SIZE)
    whole = table(screen_points(zones, *rows), SIZE)

    mixed = table(screen_points(zones, *(column[order] for column in rows)), SIZE)

    np.testing.assert_array_equal(mixed, whole[order])


def test_the_zones_of_a_row_ascend_and_its_hits_follow_those_of_the_row_before(
    zones: CompiledZones, rows: tuple[Numbers, Numbers, Numbers]
) -> None:
    found = screen_points(zones, *rows)

    assert (np.diff(found.start) >= 0).all()
    assert found.start[0] == 0
    assert found.start[-1] == len(found.zone) == len(found.cls)
    within = np.repeat(np.arange(SIZE), np.diff(found.start))
    assert (np.diff(within * 10 + found.zone) > 0).all()


def test_a_worse_accuracy_never_turns_a_ring_into_inside(
    zones: CompiledZones, rows: tuple[Numbers, Numbers, Numbers]
) -> None:
    lon, lat, _ = rows
    answers = [
        table(screen_points(zones, lon, lat, np.full(SIZE, accuracy)), SIZE)
        for accuracy in (1, 16, 29, 31, 100, 1_000)
    ]

    for better, worse in pairwise(answers):
        assert ((worse == INSIDE) <= (better == INSIDE)).all()
        assert ((worse > 0) >= (better > 0)).all()


def test_more_zones_than_room_are_answered_all_the_same() -> None:
    many = plain(*[square(500)] * 700)
    lon, lat = np.full(9, 107.402), np.full(9, 29.702)

    found = locate_points(many, lon, lat)

    assert found.start.tolist() == [700 * n for n in range(10)]
    assert found.zone.tolist() == list(range(700)) * 9


@pytest.mark.parametrize(
    ("day", "start", "zone"),
    [([0, 0], [0, 2, 3], [0, 1, 1]), ([1, 1], [0, 1, 1], [0]), ([1, 0], [0, 1, 2], [0, 1])],
)
def test_hits_of_closed_zones_are_dropped_row_by_row(
    day: list[int], start: list[int], zone: list[int]
) -> None:
    found = Hits(np.array([0, 2, 3], np.int32), np.array([0, 1, 1], np.int32), np.full(3, INSIDE))
    only_first_day = np.zeros((1, 366), np.bool_)
    only_first_day[0, 0] = True

    drop_closed(found, np.array(day, np.int16), np.array([-1, 0], np.int32), only_first_day)

    assert found.start.tolist() == start
    assert found.zone[: start[-1]].tolist() == zone
