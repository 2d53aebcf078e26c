"""Rows wait for the watermark in whatever portions they came, and survive as bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel import checkpoints
from zhizhi.kernel.clock_skew import SUSPECT, no_suspects
from zhizhi.kernel.detection import Batch, StateCorrupt
from zhizhi.kernel.tests.dwell_worlds import EIGHT, S, batch_of
from zhizhi.kernel.waiting import COLUMNS, Waiting, dump, join, load


def rows(*seconds: int, who: int = 1) -> Batch:
    return batch_of(who, EIGHT + np.array(seconds, np.int64) * S, 0, 0)


def seconds_of(batch: Batch) -> list[int]:
    return ((batch.time_us - EIGHT) // S).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(("until", "out"), [(9, []), (10, [10]), (11, [10]), (20, [10, 20])])
def test_a_row_is_released_when_the_watermark_reaches_its_time(until: int, out: list[int]) -> None:
    waiting = Waiting()
    waiting.add(rows(10, 20, 30))

    released = waiting.release(EIGHT + until * S)

    assert seconds_of(released) == out
    assert len(waiting) == 3 - len(out)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 50), max_size=8), max_size=6),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_every_row_is_released_once_and_never_early(
    portions: list[list[int]], moments: list[int]
) -> None:
    waiting, out = Waiting(), []
    for portion in portions:
        waiting.add(rows(*portion))

    for until in sorted(moments):
        released = seconds_of(waiting.release(EIGHT + until * S))
        assert all(second <= until for second in released)
        out += released
    assert all(second > max(moments, default=-1) for second in seconds_of(waiting.batch()))
    out += seconds_of(waiting.release(EIGHT + 60 * S))

    assert sorted(out) == sorted(second for portion in portions for second in portion)
    assert len(waiting) == 0


def test_joined_rows_keep_the_zones_they_name() -> None:
    one = replace(rows(1, 2), zone=np.array([1, -1], np.int32), zone_keys=("B", "C"))
    two = replace(rows(3), zone=np.array([0], np.int32), zone_keys=("A",))

    joined = join([one, rows(4), two])

    named = [joined.zone_keys[z] if z >= 0 else None for z in joined.zone.tolist()]
    assert named == ["C", None, None, "A"]
    assert joined.zone.tolist() == [2, -1, -1, 0]  # -1: no camera has named a zone


def test_the_row_that_is_ready_first_is_known_whatever_came_before_it() -> None:
    waiting = Waiting()
    waiting.add(rows(30, 20, 40))
    waiting.add(rows(25, 35))

    assert Waiting().first_us is None
    assert waiting.first_us == EIGHT + 20 * S
    waiting.release(EIGHT + 20 * S)
    assert waiting.first_us == EIGHT + 25 * S
    waiting.release(EIGHT + 25 * S)
    assert waiting.first_us == EIGHT + 30 * S


def test_joining_nothing_is_a_batch_without_rows() -> None:
    assert len(join([])) == len(join([rows(), rows()])) == 0


@pytest.mark.parametrize("named", [False, True])
def test_waiting_rows_come_back_from_their_bytes(named: bool) -> None:
    batch = rows(5, 7, 9)
    if named:
        batch = replace(batch, zone=np.array([0, -1, 1], np.int32), zone_keys=("A", "B"))
    waiting, suspects = Waiting(), np.zeros(2, SUSPECT)
    suspects["entity"] = [3, 4]
    waiting.add(batch)
    waiting.release(EIGHT + 5 * S)

    again, clock_us, watermark_us, known = load(dump(waiting, 77, 66, suspects))

    assert (clock_us, watermark_us, known["entity"].tolist()) == (77, 66, [3, 4])
    for name in COLUMNS:
        before, after = getattr(waiting.batch(), name), getattr(again.batch(), name)
        assert (after.dtype, after.tolist()) == (before.dtype, before.tolist()), name
    assert again.batch().zone.tolist() == ([-1, 1] if named else [])
    assert again.batch().zone_keys == (("A", "B") if named else ())


def test_nothing_waiting_comes_back_as_nothing() -> None:
    again, *_ = load(dump(Waiting(), 1, 0, no_suspects()))

    assert len(again) == 0


@pytest.mark.parametrize("damage", ["cut", "flip", "other"])
def test_damaged_or_foreign_bytes_are_refused(damage: str) -> None:
    waiting = Waiting()
    waiting.add(rows(1, 2, 3))
    raw = dump(waiting, 1, 0, no_suspects())
    foreign = checkpoints.pack(checkpoints.Header("dwell", 1, "", "", 0), b"")
    damaged = {"cut": raw[:-1], "flip": raw[:-9] + b"\x00" + raw[-8:], "other": foreign}

    with pytest.raises(StateCorrupt):
        load(damaged[damage] if damaged[damage] != raw else raw[:-2])
