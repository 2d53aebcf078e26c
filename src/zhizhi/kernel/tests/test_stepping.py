"""The same rows give the same findings, in whatever order and portions they come."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from zhizhi.kernel.detection import Batch
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
    sorted_table,
    squares,
    steps,
    told,
)
from zhizhi.kernel.waiting import join

DAY = 24 * 3600 * S


@pytest.fixture(scope="module")
def morning() -> Batch:
    return crowd(11, people=80)


@pytest.fixture(scope="module")
def golden(morning: Batch) -> pa.Table:
    table = run(morning)
    assert table.num_rows > 30
    return table


def same(ours: pa.Table, golden: pa.Table, *, offsets: bool = True) -> bool:
    return as_bytes(ours, offsets=offsets) == as_bytes(golden, offsets=offsets)


@pytest.mark.parametrize("size", [1, 1000, 0])
def test_the_size_of_the_batches_changes_nothing(
    morning: Batch, golden: pa.Table, size: int
) -> None:
    assert same(run(morning, size=size), golden)


@pytest.mark.parametrize("partitions", [1, 8, 256])
def test_the_number_of_shards_changes_nothing(
    morning: Batch, golden: pa.Table, partitions: int
) -> None:
    assert same(run(morning, size=1000, partitions=partitions), golden)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_arrival_within_the_lateness_changes_nothing(
    morning: Batch, golden: pa.Table, seed: int
) -> None:
    delays = np.random.default_rng(seed).integers(0, 119 * S, len(morning))
    shuffled = arrived(replace(morning, arrival_us=morning.time_us + delays))

    assert same(run(shuffled, size=97), golden, offsets=False)


def test_a_fifth_of_the_rows_twice_changes_nothing(morning: Batch, golden: pa.Table) -> None:
    rng = np.random.default_rng(5)
    copies = morning.take(rng.random(len(morning)) < 0.2)
    late = rng.integers(0, 119 * S, len(copies))
    copies = replace(copies, arrival_us=copies.time_us + late)

    doubled = arrived(join([morning, copies]))

    assert len(doubled) > 1.15 * len(morning)
    assert same(run(doubled, size=300), golden, offsets=False)


def test_other_tokens_on_another_day_give_the_same_stays(morning: Batch, golden: pa.Table) -> None:
    moved = replace(
        morning,
        entity=morning.entity ^ 0x5A5A5A5A5A5A,
        time_us=morning.time_us + 11 * DAY,
        arrival_us=morning.arrival_us + 11 * DAY,
    )

    ours = told(run(moved, size=500))

    back = [
        (kind, who ^ 0x5A5A5A5A5A5A, zone, *(t - 11 * DAY for t in times), fixes, quality)
        for kind, who, zone, *times, fixes, quality in ours
    ]
    assert sorted(back) == told(golden)


def test_of_equal_rows_the_first_one_is_evidence(morning: Batch, golden: pa.Table) -> None:
    copies = replace(morning, offset=morning.offset + 10**6)

    assert same(run(join([copies, morning]), size=0), golden)


def test_rows_from_1970_and_2099_and_without_a_place_change_nothing(
    morning: Batch, golden: pa.Table
) -> None:
    rng = np.random.default_rng(6)
    bad = morning.take(rng.random(len(morning)) < 0.1)
    third = np.arange(len(bad)) % 4
    year_2099 = 4_070_908_800 * S
    time = np.choose(third, [np.zeros_like(bad.time_us), np.full_like(bad.time_us, year_2099),
                             bad.time_us, np.full_like(bad.time_us, -(2**63))])  # fmt: skip
    bad = replace(bad, time_us=time, lon=np.where(third == 2, math.nan, bad.lon))

    poisoned = arrived(join([morning, bad]))
    results = [step for step, _ in steps(Stepper(Dwell(), squares()), poisoned, 500)]

    assert same(run(poisoned, size=500), golden, offsets=False)
    assert sum(len(step.late) for step in results) == (np.isin(third, [0, 3])).sum()
    assert sum(len(step.rejected) for step in results) == (np.isin(third, [1, 2])).sum()


def test_rows_beyond_the_lateness_change_only_what_is_late(
    morning: Batch, golden: pa.Table
) -> None:
    extra = morning.take(np.random.default_rng(7).random(len(morning)) < 0.02)
    extra = replace(extra, arrival_us=extra.time_us + 121 * S, lon=extra.lon + 1)

    mixed = arrived(join([morning, extra]))
    results = [step for step, _ in steps(Stepper(Dwell(), squares()), mixed, 500)]

    assert same(run(mixed, size=500), golden, offsets=False)
    assert sum(len(step.late) for step in results) == len(extra)


@pytest.mark.parametrize(("delay", "late"), [(119, 0), (120, 1), (121, 1)])
def test_a_row_is_late_when_the_watermark_has_reached_its_time(delay: int, late: int) -> None:
    stepper = Stepper(Dwell(), squares())
    stepper.push(batch_of(1, [EIGHT], 400, 400, delay_s=delay))

    step = stepper.advance(EIGHT + delay * S)

    assert (len(step.late), step.judged + stepper.waiting_rows) == (late, 1 - late)


@pytest.mark.parametrize(("short_us", "judged"), [(1, 1), (0, 2), (-1, 3)])
def test_a_row_is_judged_when_the_watermark_reaches_its_time(short_us: int, judged: int) -> None:
    stepper = Stepper(Dwell(), squares())
    times = [EIGHT - 1, EIGHT, EIGHT + 1]
    for time_us in times:
        stepper.push(batch_of(1, [time_us], 400, 400))
    stepper.push(batch_of([2, 3, 4], times, 400, 400))

    assert stepper.advance(EIGHT + 120 * S - short_us).judged == 2 * judged


@pytest.mark.parametrize(("after_us", "is_ripe"), [(-1, False), (0, True), (1, True)])
def test_a_row_is_ripe_once_the_watermark_would_reach_it(after_us: int, is_ripe: bool) -> None:
    stepper, clock_us = Stepper(Dwell(), squares()), EIGHT + 120 * S + after_us
    assert not stepper.is_ripe(clock_us)

    stepper.push(batch_of(1, [EIGHT, EIGHT + S], 400, 400))

    assert stepper.is_ripe(clock_us) is is_ripe


@pytest.mark.parametrize("partitions", [1, 8])
def test_only_who_is_inside_is_open(partitions: int) -> None:
    stepper = Stepper(Dwell(), squares(), partitions=partitions)
    stepper.push(batch_of(range(5), [EIGHT] * 5, [400, 400, 400, -9_000, -9_000], 400))

    stepper.advance(EIGHT + 120 * S)

    assert stepper.open_entities == 3


@pytest.mark.parametrize(("after_us", "late"), [(-1, 1), (0, 1), (1, 0)])
def test_a_row_that_came_before_the_clock_moved_is_late_all_the_same(
    after_us: int, late: int
) -> None:
    stepper = Stepper(Dwell(), squares())
    stepper.advance(EIGHT + 120 * S)
    stepper.push(batch_of(1, [EIGHT + after_us], 400, 400))

    assert len(stepper.advance(EIGHT + 120 * S).late) == late


@pytest.mark.parametrize(("ahead", "rejected"), [(59, 0), (60, 0), (61, 1)])
def test_a_row_from_more_than_a_minute_ahead_is_rejected(ahead: int, rejected: int) -> None:
    stepper = Stepper(Dwell(), squares())
    stepper.push(batch_of(1, [EIGHT + ahead * S], 400, 400, delay_s=-ahead))

    step = stepper.advance(EIGHT)

    assert (len(step.rejected), stepper.waiting_rows) == (rejected, 1 - rejected)


def test_the_times_of_the_rows_never_move_the_watermark() -> None:
    stepper = Stepper(Dwell(), squares())
    stepper.push(batch_of([1, 2], [EIGHT, EIGHT + 50 * S], 400, 400, delay_s=[0, -50]))

    step = stepper.advance(EIGHT)

    assert step.watermark_us == EIGHT - 120 * S
    assert stepper.watermark_us == stepper.advance(EIGHT - 999 * S).watermark_us


def test_two_places_at_one_time_are_settled_by_what_the_rows_say() -> None:
    times = [EIGHT + m * 60 * S for m in range(32)]
    inside, far = batch_of(1, times, 400, 400), batch_of(1, times, 3_000, 400)
    better = replace(far, accuracy_m=far.accuracy_m - 1)
    orders = [join(pair) for pair in ([inside, far], [far, inside])]
    better_orders = [join(pair) for pair in ([inside, better], [better, inside])]

    found = [run(arrived(rows)).num_rows for rows in [*orders, *better_orders]]

    assert found == [2, 2, 0, 0]


def test_a_camera_and_a_phone_at_one_time_are_both_heard() -> None:
    times = [EIGHT + m * 60 * S for m in range(32)]
    phone = batch_of(1, times, 5_400, 400)
    camera = batch_of(1, times, math.nan, math.nan)
    camera = replace(camera, zone=np.zeros(32, np.int32), zone_keys=("A",))

    table = run(arrived(join([phone, camera])), size=7)

    assert set(table.column("zone").to_pylist()) == {"A", "C"}
    assert table.num_rows == 4


def test_read_only_columns_are_welcome(golden: pa.Table, morning: Batch) -> None:
    columns = {name: getattr(morning, name).copy() for name in ("entity", "time_us", "lon")}
    for column in columns.values():
        column.flags.writeable = False

    assert same(run(replace(morning, **columns), size=1000), golden)


@pytest.mark.parametrize("partitions", [1, 8, 256])
def test_a_restart_in_the_middle_changes_nothing(
    morning: Batch, golden: pa.Table, partitions: int
) -> None:
    stepper, rng = Stepper(Dwell(), squares()), np.random.default_rng(8)
    stored: dict[int, bytes] = {}
    tables: list[pa.Table] = []
    done = 0
    while done < len(morning):
        size = int(rng.integers(50, 800))
        part = morning.take(np.arange(done, min(done + size, len(morning))))
        stepper.push(part)
        step = stepper.advance(int(part.arrival_us.max()))
        tables.append(step.findings)
        stored |= {shard: stepper.dump_shard(shard) for shard in step.changed_shards}
        buffer = stepper.dump_buffer()
        stepper = Stepper.restore(
            Dwell(), squares(), buffer=buffer, shards=stored, partitions=partitions
        )
        done += size
    tables.append(stepper.advance(int(morning.arrival_us.max()) + 7200 * S).findings)

    assert same(sorted_table(tables), golden)


def test_only_shards_whose_stays_changed_are_stored_again() -> None:
    stepper = Stepper(Dwell(), squares())
    outside = batch_of(np.arange(100), np.full(100, EIGHT), -9_000, 400)
    one_inside = batch_of(7, [EIGHT + 60 * S], 400, 400)

    changed = []
    for batch in (outside, one_inside):
        stepper.push(batch)
        changed.append(len(stepper.advance(int(batch.time_us[0]) + 130 * S).changed_shards))

    assert changed == [0, 1]


@pytest.mark.parametrize(("after_us", "late"), [(0, 1), (1, 0)])
def test_a_larger_lateness_does_not_turn_the_watermark_back(after_us: int, late: int) -> None:
    stepper = Stepper(Dwell(), squares())
    stepper.advance(EIGHT + 120 * S)
    patient = Dwell(lateness=timedelta(seconds=600))

    restored = Stepper.restore(patient, squares(), buffer=stepper.dump_buffer(), shards={})
    restored.push(batch_of(1, [EIGHT + after_us], 400, 400, delay_s=121))

    step = restored.advance(EIGHT + 121 * S)
    assert (step.watermark_us, len(step.late)) == (EIGHT, late)


def test_cameras_waiting_in_the_buffer_keep_their_zones_over_a_restart() -> None:
    times = [EIGHT + m * 60 * S for m in range(33)]
    camera = batch_of(1, times, math.nan, math.nan)
    stepper = Stepper(Dwell(), squares())
    stepper.push(replace(camera, zone=np.zeros(33, np.int32), zone_keys=("B",)))

    restored = Stepper.restore(Dwell(), squares(), buffer=stepper.dump_buffer(), shards={})
    table = restored.advance(EIGHT + DAY).findings

    assert table.column("zone").to_pylist() == ["B", "B"]


def test_a_stepper_with_nothing_to_do_does_nothing() -> None:
    stepper = Stepper(Dwell(), squares())
    stepper.push(batch_of([], [], 0, 0))

    step = stepper.advance(EIGHT)

    assert (step.findings.num_rows, len(step.late), len(step.rejected)) == (0, 0, 0)
    assert (step.changed_shards, step.judged) == ([], 0)
