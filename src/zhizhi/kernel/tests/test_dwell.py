"""Stays that last too long are found, and nothing else is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from zhizhi.kernel.detection import FINDING_SCHEMA, Batch, StateCorrupt, StateMismatch
from zhizhi.kernel.dwell import Dwell
from zhizhi.kernel.stepping import Stepper
from zhizhi.kernel.tests.dwell_oracle import Event, Told
from zhizhi.kernel.tests.dwell_worlds import (
    EIGHT,
    LAT,
    LON,
    METRE_LAT,
    METRE_LON,
    S,
    as_bytes,
    at,
    batch_of,
    judged,
    run,
    squares,
    stays_of,
    steps,
)
from zhizhi.kernel.thresholds import ThresholdError, zone_number

LATER = EIGHT + 48 * 3600 * S  # a watermark that ends every stay


def fixes(seconds: Iterable[float], where: str = "in", zone: str = "A") -> list[Event]:
    """Fixes of one person so many seconds after eight."""
    return [Event(1, EIGHT + round(s * S), {zone: where}, 10.0) for s in seconds]


def outside(*seconds: float) -> list[Event]:
    return [Event(1, EIGHT + round(s * S), {}, 10.0) for s in seconds]


def minutes(first: float, last: float) -> list[float]:
    """One moment a minute, the last one included."""
    times = [60 * m for m in range(math.ceil(first), math.ceil(last))]
    return [*times, 60 * last]


def found(events: list[Event], kind: str = "dwell", *, until: int = LATER) -> list[Told]:
    return [told for told in judged(events, until) if told[0] == kind]


@pytest.mark.parametrize(("seconds", "count"), [(29 * 60 + 59, 0), (30 * 60, 0), (30 * 60 + 1, 1)])
def test_only_a_stay_over_thirty_minutes_is_found(seconds: int, count: int) -> None:
    events = fixes([*minutes(0, 29), seconds])

    assert len(found(events)) == count


def test_a_microsecond_over_the_limit_is_over_the_limit() -> None:
    events = fixes([*minutes(0, 29), 1800 + 1e-6])

    assert len(found(events)) == 1


def test_the_stay_is_found_by_a_fix_and_not_by_the_clock() -> None:
    events = fixes(minutes(0, 29))

    assert found(events, until=LATER) == []


@pytest.mark.parametrize(("seconds", "count"), [(179, 1), (180, 0), (181, 0)])
def test_a_walk_outside_shorter_than_the_grace_does_not_end_a_stay(
    seconds: int, count: int
) -> None:
    left = 21 * 60
    events = fixes(minutes(0, 20)) + outside(left)
    events += fixes([left + seconds, *minutes(25, 35)])

    assert len(found(events)) == count


def test_the_grace_counts_from_the_first_fix_outside() -> None:
    events = fixes(minutes(0, 20)) + outside(1210, 1270, 1330, 1389)
    events += fixes([1390, *minutes(25, 35)])

    assert found(events) == []


def test_the_ring_stops_the_time_outside() -> None:
    events = fixes(minutes(0, 20)) + outside(1210, 1270) + fixes([1330], "ring")
    events += outside(1380, 1440, 1500) + fixes([1550, *minutes(27, 35)])

    assert len(found(events)) == 1


@pytest.mark.parametrize(("seconds", "count"), [(599, 1), (600, 1), (601, 0)])
def test_a_silence_longer_than_the_gap_ends_a_stay(seconds: int, count: int) -> None:
    events = fixes(minutes(0, 10)) + fixes([600 + seconds, *minutes(21, 31)])

    assert len(found(events)) == count


def test_a_stay_across_a_gap_is_not_counted() -> None:
    events = fixes(minutes(0, 20)) + fixes(minutes(31, 51))

    assert found(events) == []


def test_the_ring_fills_a_gap_but_starts_no_stay() -> None:
    kept = fixes([0, 60]) + fixes(minutes(2, 30), "ring") + fixes([1860])
    never = fixes(minutes(0, 60), "ring") + fixes([3660])

    assert (len(found(kept)), len(found(never))) == (1, 0)


@pytest.mark.parametrize(("times", "count"), [([0, 1860], 0), ([0, 900, 1860], 1)])
def test_two_fixes_prove_no_stay_and_three_do(times: list[float], count: int) -> None:
    told = judged(fixes(times), LATER, parameters={"A": {"gap_seconds": 3600}})

    assert len([one for one in told if one[0] == "dwell"]) == count


@pytest.mark.parametrize(("accuracy", "count"), [(199.0, 1), (200.0, 1), (201.0, 0)])
def test_a_fix_less_accurate_than_200_m_proves_no_stay(accuracy: float, count: int) -> None:
    events = [replace(event, accuracy=accuracy) for event in fixes(minutes(0, 35))]

    assert len(found(events)) == count


def test_an_inaccurate_fix_keeps_a_stay_but_does_not_find_it() -> None:
    poor = [replace(event, accuracy=500.0) for event in fixes(minutes(2, 34))]
    events = fixes([0, 60]) + poor

    assert found(events) == []
    assert found(events + fixes([2100]))[0][4:7] == (EIGHT + 2100 * S, EIGHT + 2100 * S, 3)


@pytest.mark.parametrize(("again", "count"), [(86_399, 1), (86_400, 2), (86_401, 2)])
def test_a_second_stay_is_told_when_the_cooldown_is_over(again: int, count: int) -> None:
    first = fixes([*minutes(0, 30), 1801])  # told at 30:01
    end = 1801 + again
    second = fixes([end - 1900 + 60 * k for k in range(31)] + [end])

    assert len(found(first + second)) == count


def test_the_cooldown_concerns_one_person_in_one_zone() -> None:
    here = fixes(minutes(0, 31))
    there = fixes(minutes(60, 91), zone="C")
    somebody_else = [replace(event, who=2) for event in fixes(minutes(100, 131))]

    assert [told[1:3] for told in found(here + there + somebody_else)] == [
        (1, "A"),
        (1, "C"),
        (2, "A"),
    ]


def test_a_stay_is_told_once_however_long_it_lasts() -> None:
    events = fixes(minutes(0, 60 * 50))

    assert len(found(events, until=events[-1].at)) == 1


def test_a_stay_that_was_told_is_cleared_when_it_ends_under_the_same_id() -> None:
    rows = minutes(0, 31)
    batch = batch_of(1, [EIGHT + round(s * S) for s in rows], 400, 400)

    table = run(batch)

    assert table.column("kind").to_pylist() == ["dwell", "cleared"]
    assert len(set(table.column("id").to_pylist())) == 1


def test_a_stay_is_cleared_when_the_grace_is_over_though_nobody_sends() -> None:
    events = fixes(minutes(0, 31)) + outside(1900)
    over = EIGHT + (1900 + 180) * S

    assert found(events, "cleared", until=over - 1) == []
    assert found(events, "cleared", until=over)[0][3:6] == (EIGHT, over, EIGHT + 1860 * S)


def test_a_stay_is_cleared_when_the_gap_is_over_though_nobody_sends() -> None:
    events = fixes(minutes(0, 31))
    over = EIGHT + (1860 + 600) * S + 1

    assert found(events, "cleared", until=over - 1) == []
    assert found(events, "cleared", until=over)[0][4:6] == (over, EIGHT + 1860 * S)


def test_a_stay_that_was_not_told_is_not_cleared() -> None:
    assert found(fixes(minutes(0, 29)) + outside(2000, 2300), "cleared") == []


def test_a_phone_switched_off_in_minute_29_is_no_stay() -> None:
    events = fixes(minutes(0, 29)) + outside(9000)

    assert judged(events, LATER) == []


def test_driving_through_for_five_minutes_is_no_stay() -> None:
    events = outside(0, 60) + fixes(minutes(2, 7)) + outside(480, 540, 3600)

    assert judged(events, LATER) == []


def test_one_fix_far_away_does_not_end_a_stay_and_one_inside_starts_none_that_lasts() -> None:
    thrown_out = fixes(minutes(0, 15)) + outside(930) + fixes(minutes(16, 31))
    thrown_in = outside(*minutes(0, 15)) + fixes([930]) + outside(*minutes(16, 50))

    assert (len(found(thrown_out)), len(found(thrown_in))) == (1, 0)


def test_overlapping_zones_are_judged_each_on_its_own() -> None:
    both = [replace(event, touches={"A": "in", "B": "in"}) for event in fixes(minutes(0, 31))]
    one = fixes(minutes(32, 40), zone="B")

    kinds = [told[:3] for told in judged(both + one, EIGHT + 2400 * S)]

    assert kinds == [("cleared", 1, "A"), ("dwell", 1, "A"), ("dwell", 1, "B")]


def test_a_zone_overrides_the_thresholds() -> None:
    own = {"A": {"limit_minutes": 10, "minimum_fixes": 13}}

    assert [told[4] for told in judged(fixes(minutes(0, 14)), EIGHT, parameters=own)] == [
        EIGHT + 12 * 60 * S
    ]


@pytest.mark.parametrize(
    ("own", "part"),
    [
        ({"limit_minutes": "ten"}, "limit_minutes is 'ten'"),
        ({"grace_seconds": 3601}, "grace_seconds is 3601; give a number from 0 to 3600"),
        ({"minimum_fixes": 0}, "minimum_fixes is 0"),
        ({"gap_seconds": float("nan")}, "gap_seconds is nan"),
        ({"cooldown_hours": True}, "cooldown_hours is True"),
    ],
)
def test_an_impossible_threshold_is_refused_by_name(own: dict[str, object], part: str) -> None:
    with pytest.raises(ThresholdError, match="Zone A") as refused:
        judged([], EIGHT, parameters={"A": own})

    assert part in str(refused.value)


def test_an_impossible_detector_is_refused() -> None:
    with pytest.raises(ThresholdError, match="detector dwell: grace_seconds is 3601"):
        Dwell(grace=timedelta(seconds=3601))


@pytest.mark.parametrize(
    ("accuracy", "is_corrected", "percent"),
    [(50.0, False, 100), (51.0, False, 80), (math.nan, False, 90), (10.0, True, 70)],
)
def test_the_worst_fix_of_a_stay_sets_its_quality(
    accuracy: float, is_corrected: bool, percent: int
) -> None:
    events = fixes(minutes(0, 31))
    events[7] = replace(events[7], accuracy=accuracy, is_corrected=is_corrected)

    assert found(events)[0][7] == percent


def test_a_camera_that_names_the_zone_sees_somebody_inside() -> None:
    rows = batch_of(9, [EIGHT + m * 60 * S for m in range(32)], math.nan, math.nan)
    named = replace(rows, zone=np.ones(32, np.int32), zone_keys=("unknown", "C"))

    table = run(named)

    assert table.column("zone").to_pylist() == ["C", "C"]
    assert math.isnan(table.column("lon")[0].as_py())


def test_a_walk_along_the_bank_with_noisy_fixes_is_one_stay() -> None:
    rng = np.random.default_rng(3)
    seconds = np.arange(3600)
    true_east = np.clip(np.cumsum(rng.normal(0, 0.6, 3600)), -20, 20)
    east = true_east + rng.normal(0, 15, 3600)  # the bank is the western edge of A
    north = 500 + rng.normal(0, 15, 3600)
    walk = batch_of(1, EIGHT + seconds * S, east, north, accuracy_m=15)
    rule = Dwell(cooldown=timedelta(0))

    table = run(walk, detector=rule)

    crossings = int((np.diff(east > 0) != 0).sum())
    assert crossings > 300  # a single line would have told of hundreds of entries
    assert table.column("kind").to_pylist() == ["dwell", "cleared"]


def test_places_are_told_as_they_were_measured() -> None:
    batch = batch_of(1, [EIGHT + m * 60 * S for m in range(32)], 412.345, 400)

    told = run(batch).to_pylist()

    assert (told[0]["lon"], told[0]["lat"]) == (batch.lon[31], batch.lat[31])
    assert told[1]["lon"] == pytest.approx(batch.lon[31], abs=1e-7)
    assert told[0]["first_offset"] == 1
    assert told[0]["last_offset"] == 32


def stay_in(east_m: float, count: int, *, start: int = 0) -> Batch:
    times = [EIGHT + (start + m) * 60 * S for m in range(count)]
    return batch_of(1, times, east_m, 400)


def test_an_open_stay_outlives_an_edit_of_the_zones() -> None:
    stepper = Stepper(Dwell(), squares())
    list(steps(stepper, stay_in(400, 20), 1))

    stepper.compiled = squares(("A", "C"), '{"A": {"limit_minutes": 25}}')
    told = [step.findings for step, _ in steps(stepper, stay_in(400, 12, start=20), 1)]

    assert sum(table.num_rows for table in told) == 1


def test_a_stay_in_a_zone_that_is_gone_is_forgotten_without_a_word() -> None:
    stepper = Stepper(Dwell(), squares())
    list(steps(stepper, stay_in(400, 40), 1))

    stepper.advance(EIGHT + 43 * 60 * S)
    stepper.compiled = squares(("B", "C"))
    step = stepper.advance(EIGHT + 44 * 60 * S)

    assert step.findings.num_rows == 0
    assert (len(step.changed_shards), len(stays_of(stepper))) == (1, 0)


def test_a_zone_that_is_gone_has_no_index_wherever_its_number_lies() -> None:
    numbers = np.array([-(2**63), zone_number("B"), 2**63 - 1])

    assert squares().index_of(numbers).tolist() == [-1, 1, -1]


def test_only_open_stays_and_live_cooldowns_are_remembered() -> None:
    stepper = Stepper(Dwell(), squares())
    list(steps(stepper, stay_in(400, 40), 1))
    told = EIGHT + 31 * 60 * S  # when the stay was found
    day = 24 * 3600 * S
    stepper.advance(told + 3600 * S)
    left = []

    for clock in (told + 120 * S + day - 1, told + 120 * S + day):
        step = stepper.advance(clock)
        left.append((len(stays_of(stepper)), len(step.changed_shards)))

    assert left == [(1, 0), (0, 1)]


def remembered(batch: Batch, size: int) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Return the checkpoints of all shards, and (entity, zone number) of each episode."""
    stepper = Stepper(Dwell(), squares())
    list(steps(stepper, batch, size))
    stays = stays_of(stepper)
    order = list(zip(stays.entity.tolist(), stays.episodes["zone"].tolist(), strict=True))
    return [stepper.dump_shard(shard) for shard in range(256)], order


def test_what_is_remembered_is_the_same_bytes_whatever_the_batches_were() -> None:
    rng = np.random.default_rng(4)
    who, minute = np.repeat(np.arange(300), 20), np.tile(np.arange(20), 300)
    east = np.where(rng.random(6000) < 0.5, 900, np.where(rng.random(6000) < 0.5, 400, 1_200))
    batch = batch_of(who, EIGHT + minute * 60 * S, east, 400)  # in A, in B or in both

    (one, order), (other, _) = remembered(batch, 7 * 300), remembered(batch, 0)

    assert one == other
    assert order == sorted(order)
    assert len(order) > 1.5 * 300


def test_a_checkpoint_of_other_parameters_is_refused_and_can_be_adopted() -> None:
    old, new = Dwell(), Dwell(limit=timedelta(minutes=20))
    stepper = Stepper(old, squares())
    list(steps(stepper, stay_in(400, 20), 1))
    raw = old.dump(stays_of(stepper))

    with pytest.raises(StateMismatch, match="parameters"):
        new.load(raw, 1)
    with pytest.raises(StateMismatch, match="recorded version 2, now 1"):
        old.load(raw, 2)
    with pytest.raises(StateMismatch, match="detector 'dwell', now 'other'"):
        Dwell(code="other").adopt(raw)
    assert len(new.adopt(raw)) == 1


@pytest.mark.parametrize(("versions", "joined"), [(("a", "a"), "a"), (("a", "b"), "")])
def test_states_of_different_zones_are_joined_as_of_none(
    versions: tuple[str, str], joined: str
) -> None:
    states = [replace(Dwell().empty(), ref_version=version) for version in versions]

    assert Dwell().merge(states).ref_version == joined


def test_zones_of_another_detector_are_refused() -> None:
    foreign = replace(squares(), zones=squares())

    with pytest.raises(TypeError, match="not compiled by this detector"):
        Dwell().screen(foreign, stay_in(400, 1))


def test_the_margins_are_those_of_the_decision() -> None:
    rule = Dwell()

    assert (rule.enter_margin_m, rule.exit_margin_m) == (15.0, 50.0)


@pytest.mark.parametrize("damage", ["cut", "flip", "magic", "empty"])
def test_a_damaged_checkpoint_is_refused(damage: str) -> None:
    stepper = Stepper(Dwell(), squares())
    list(steps(stepper, stay_in(400, 20), 1))
    raw = Dwell().dump(stays_of(stepper))
    damaged = {"cut": raw[:-1], "flip": raw[:-1] + b"\xff", "magic": b"x" + raw[1:], "empty": b""}

    with pytest.raises(StateCorrupt):
        Dwell().load(damaged[damage], 1)


def test_a_thousand_open_stays_take_80_bytes_each_in_the_checkpoint() -> None:
    people = np.arange(100_000, 101_000)
    stepper = Stepper(Dwell(), squares())
    list(steps(stepper, batch_of(people, np.full(1000, EIGHT), 400, 400), 0))
    stepper.advance(EIGHT + 130 * S)
    state = stays_of(stepper)

    raw = Dwell().dump(state)

    assert len(state) == 1000
    assert len(raw) / 1000 <= 80
    assert state.episodes.itemsize + state.zone.itemsize <= 80


def test_findings_have_the_declared_columns_and_no_nulls() -> None:
    table = run(stay_in(400, 40))

    assert table.schema == FINDING_SCHEMA
    assert all(column.null_count == 0 for column in table.columns)


def test_the_places_of_the_test_world_are_where_it_says() -> None:
    assert at(100, 100) == (LON + 100 * METRE_LON, LAT + 100 * METRE_LAT)
    assert as_bytes(run(stay_in(-400, 40))) == as_bytes(FINDING_SCHEMA.empty_table())
