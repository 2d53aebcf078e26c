"""Wrong device clocks are noticed by the arrival clock and corrected, ordinary ones left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from zhizhi.kernel.clock_skew import CONFIRMED_AFTER_US, no_suspects
from zhizhi.kernel.detection import CORRECTED, Batch
from zhizhi.kernel.dwell import Dwell
from zhizhi.kernel.stepping import Stepper
from zhizhi.kernel.tests.dwell_worlds import (
    EIGHT,
    S,
    arrived,
    as_bytes,
    batch_of,
    crowd,
    run,
    squares,
    steps,
)
from zhizhi.kernel.waiting import join

HOUR = 3600


def minutes(first: int, last: int, *, ahead_s: int, delay_s: int = 2, who: int = 1) -> Batch:
    """A fix a minute inside zone A from a clock that is ``ahead_s`` ahead of the true time."""
    true = EIGHT + np.arange(first, last) * 60 * S
    batch = batch_of(who, true, 400, 400, delay_s=delay_s)
    return replace(batch, time_us=batch.time_us + ahead_s * S)


def kept(batch: Batch, *, size: int = 1) -> tuple[int, int, int]:
    """Return how many rows were judged, late and rejected."""
    stepper = Stepper(Dwell(), squares())
    results = [step for step, _ in steps(stepper, batch, size)]
    results.append(stepper.advance(int(batch.arrival_us.max()) + HOUR * S))
    judged, late = sum(r.judged for r in results), sum(len(r.late) for r in results)
    return judged, late, sum(len(r.rejected) for r in results)


@pytest.mark.parametrize("ahead_s", [-HOUR, HOUR, -8 * HOUR, 8 * HOUR])
def test_a_device_with_a_wrong_clock_is_heard_after_two_minutes(ahead_s: int) -> None:
    batch = minutes(0, 40, ahead_s=ahead_s)

    judged, late, rejected = kept(batch)

    assert judged == 38
    assert (late, rejected) == ((2, 0) if ahead_s < 0 else (0, 2))


@pytest.mark.parametrize("ahead_s", [-HOUR, HOUR])
def test_a_stay_seen_by_a_wrong_clock_is_found_at_the_true_time_with_less_quality(
    ahead_s: int,
) -> None:
    table = run(minutes(0, 40, ahead_s=ahead_s), size=1)
    found = table.to_pylist()[0]

    assert found["quality"] == pytest.approx(0.7)
    assert found["started_at"].timestamp() == EIGHT // S + 2 * 60 + 2
    assert found["found_at"].timestamp() == EIGHT // S + 33 * 60 + 2


@pytest.mark.parametrize(("hours", "judged"), [(23, 38), (25, 0)])
def test_a_clock_more_than_a_day_off_is_not_believed(hours: int, judged: int) -> None:
    assert kept(minutes(0, 40, ahead_s=-hours * HOUR))[0] == judged
    assert kept(minutes(0, 40, ahead_s=hours * HOUR))[0] == judged


def test_a_clock_less_than_the_lateness_off_is_left_alone() -> None:
    batch = minutes(0, 40, ahead_s=-100)
    stepper = Stepper(Dwell(), squares())

    stepper.push(batch)

    assert stepper.waiting_rows == 40
    assert not (stepper._waiting.batch().flags & CORRECTED).any()


def test_a_backlog_flushed_at_once_is_late_and_never_judged_as_if_it_were_now() -> None:
    backlog = minutes(0, 40, ahead_s=0)
    backlog = replace(backlog, arrival_us=np.full(40, EIGHT + 40 * 60 * S))
    ordinary = minutes(40, 50, ahead_s=0)

    judged, late, rejected = kept(arrived(join([backlog, ordinary])))

    assert (late, rejected) == (39, 0)
    assert judged == 11  # the last one of the backlog came in time


def test_a_clock_that_was_set_right_is_believed_at_once() -> None:
    batch = join([minutes(0, 20, ahead_s=-HOUR), minutes(20, 60, ahead_s=0)])

    judged, late, _ = kept(batch)

    assert (judged, late) == (58, 2)


def test_a_clock_that_jumps_is_learnt_anew_and_finds_no_stay_that_was_not() -> None:
    before = minutes(0, 10, ahead_s=-HOUR)
    after = minutes(10, 25, ahead_s=-3 * HOUR)

    judged, _, _ = kept(join([before, after]))

    assert judged == 8 + 15 - 11 - 1  # eleven minutes until the old distance is forgotten
    assert run(join([before, after]), size=1).num_rows == 0


def test_a_drifting_clock_is_followed_and_finds_no_stay_that_was_not() -> None:
    true = EIGHT + np.arange(29 * 6) * 10 * S
    batch = batch_of(1, true, 400, 400)
    drifting = replace(batch, time_us=batch.time_us - 200 * S - np.arange(29 * 6) * S // 20)

    judged, _, _ = kept(drifting)

    assert judged > 150
    assert run(drifting, size=1).num_rows == 0


def test_ordinary_devices_leave_no_trace() -> None:
    stepper = Stepper(Dwell(), squares())

    stepper.push(crowd(3))

    assert len(stepper._suspects) == 0


def test_the_correction_is_the_smallest_distance_not_the_last() -> None:
    true = EIGHT + np.arange(20) * 60 * S
    batch = batch_of(1, true, 400, 400, delay_s=np.where(np.arange(20) % 2, 40, 2))
    stepper = Stepper(Dwell(), squares())

    stepper.push(replace(batch, time_us=batch.time_us - HOUR * S))

    assert (stepper._waiting.batch().time_us == true[2:] + 2 * S).all()


def test_a_device_is_forgotten_a_day_after_its_last_odd_row() -> None:
    stepper = Stepper(Dwell(), squares())
    stepper.push(minutes(0, 5, ahead_s=-HOUR))
    last = EIGHT + (4 * 60 + 2) * S
    known = []

    for clock in (last + 24 * HOUR * S - 1, last + 24 * HOUR * S):
        stepper.advance(clock)
        known.append(len(stepper._suspects))

    assert known == [1, 0]


def test_what_is_known_of_clocks_survives_a_restart() -> None:
    stepper = Stepper(Dwell(), squares())
    stepper.push(minutes(0, 5, ahead_s=-HOUR))
    stepper.advance(EIGHT + 5 * 60 * S)

    restored = Stepper.restore(Dwell(), squares(), buffer=stepper.dump_buffer(), shards={})
    known = restored._suspects.tolist()
    restored.push(minutes(5, 6, ahead_s=-HOUR))

    assert known == stepper._suspects.tolist() != no_suspects().tolist()
    assert restored.waiting_rows == stepper.waiting_rows + 1


@pytest.mark.parametrize("size", [1, 100, 0])
def test_batches_change_nothing_for_wrong_clocks_either(size: int) -> None:
    batch = skewed(crowd(21, people=20), share=0.3)
    assert (run(batch, size=37).column("quality").to_numpy() < 0.75).any()

    assert as_bytes(run(batch, size=size)) == as_bytes(run(batch, size=37))


def skewed(batch: Batch, *, share: float) -> Batch:
    """Put the clocks of a share of the devices an hour ahead or back."""
    rng = np.random.default_rng(9)
    tokens = np.unique(batch.entity)
    shift = np.where(rng.random(len(tokens)) < share, rng.choice([-1, 1], len(tokens)), 0)
    index = np.searchsorted(tokens, batch.entity)
    return replace(batch, time_us=batch.time_us + shift[index] * HOUR * S)


def test_clocks_an_hour_off_on_five_percent_of_devices_cost_hardly_a_finding() -> None:
    rng = np.random.default_rng(31)
    people, count = 2_000, 90
    true = EIGHT + (rng.integers(0, 60, people)[:, None] + np.arange(count) * 60) * S
    comes, stays = rng.integers(-20, 30, people)[:, None], rng.integers(0, 60, people)[:, None]
    minute = np.arange(count)
    is_in = (minute >= comes) & (minute < comes + stays)
    east = np.where(is_in, 5_500, 20_000).ravel()
    token = np.repeat(rng.integers(1, 2**60, people), count)
    delay = rng.integers(1, 10, people * count)
    batch = batch_of(token, true.ravel(), east, 500, delay_s=delay)

    right, ours = (
        stays_told(run(batch, size=5000)),
        stays_told(run(skewed(batch, share=0.05), size=5000)),
    )

    assert len(right) > 500
    assert len(right & ours) >= 0.99 * len(right)
    assert len(ours - right) <= 0.001 * len(right)


def stays_told(table: pa.Table) -> set[tuple[int, str]]:
    return {(r["entity"], r["zone"]) for r in table.to_pylist() if r["kind"] == "dwell"}


def test_two_minutes_are_two_minutes() -> None:
    assert CONFIRMED_AFTER_US == 120 * S
