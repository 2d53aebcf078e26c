"""The rule as a detector: the same findings in one step or in many, and after every restart."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from zhizhi.kernel.detection import Batch, shard_of
from zhizhi.kernel.observations import to_batch
from zhizhi.kernel.solitude import Answer, Circumstance
from zhizhi.kernel.stepping import Stepper
from zhizhi.kernel.streams import STREAMS
from zhizhi.systems.guardian.detectors import Alone, Watches
from zhizhi.systems.guardian.naming import CODE, STREAM

MINUTE = 60_000_000
START = 1_772_413_200_000_000  # 2026-03-02 01:00 UTC
ANNE, BO = 4_711, 9_001
LON, LAT = 107.40, 29.70
RULE = Alone()
Told = tuple[float, int, str]  # minute, ward, what


def batch(rows: Sequence[Told], *, offset: int, flags: int = 0, east: float = 0.0) -> Batch:
    import pyarrow as pa  # noqa: PLC0415 - only to make what the journal holds

    at = [START + int(minute * MINUTE) for minute, _who, _what in rows]
    table = pa.table(
        {
            "entity": [who for _minute, who, _what in rows], "time_us": at,
            "lon": [LON + east] * len(rows), "lat": [LAT] * len(rows),
            "accuracy_m": [float("nan")] * len(rows),
            "zone": [what for _minute, _who, what in rows], "flags": [flags] * len(rows),
        },
        schema=STREAMS[STREAM].schema,
    )  # fmt: skip
    arrival_us = max(at)
    return to_batch(STREAM, table, offset=offset, arrival_us=arrival_us)


def played(
    rows: Iterable[Told], *, rule: Alone = RULE, partitions: int = 1, until: float = 120,
    every: float = 0, restart: bool = False, **how: Any,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return what is found; ``every`` minutes time alone passes, or only with the rows."""
    stepper = Stepper(rule, rule.compile({}), partitions=partitions)
    found: list[dict[str, Any]] = []
    clock = 0.0
    for offset, row in enumerate(sorted(rows), 1):
        while every and clock + every < row[0]:
            clock += every
            found += stepper.advance(START + int(clock * MINUTE)).findings.to_pylist()
        stepper.push(batch([row], offset=offset, **how))
        found += stepper.advance(START + int(row[0] * MINUTE)).findings.to_pylist()
        clock = max(clock, row[0])
        stepper = restarted(stepper) if restart and offset % 8 == 0 else stepper
    while every and clock < until:
        clock += every
        found += stepper.advance(START + int(clock * MINUTE)).findings.to_pylist()
    return found + stepper.advance(START + int(until * MINUTE)).findings.to_pylist()


def restarted(stepper: Stepper) -> Stepper:
    shards = {shard: stepper.dump_shard(shard) for shard in range(256)}
    return Stepper.restore(
        stepper.detector, stepper.compiled, buffer=stepper.dump_buffer(), shards=shards
    )


def short(found: Iterable[dict[str, Any]]) -> list[tuple[str, float]]:
    """Return kind and minute of each finding."""
    return [
        (one["kind"], round((one["found_at"].timestamp() * 1e6 - START) / MINUTE, 2))
        for one in found
    ]


def alone(*minutes: float, who: int = ANNE) -> list[Told]:
    return [(minute, who, f"ward@R-{number}") for number, minute in enumerate(minutes)]


def test_one_encounter_alone_is_nothing() -> None:
    assert played(alone(0)) == []


def test_relatives_are_asked_at_the_second_and_the_officer_called_without_an_answer() -> None:
    assert short(played(alone(0, 5))) == [("alone", 5.17), ("unanswered", 10.17)]


def test_the_officer_is_called_at_the_third_encounter() -> None:
    assert short(played(alone(0, 5, 8))) == [("alone", 5.17), ("again", 8.17)]


@pytest.mark.parametrize(("minute", "count"), [(19.99, 2), (20, 2), (20.01, 0)])
def test_two_encounters_count_together_within_twenty_minutes(minute: float, count: int) -> None:
    assert len(played(alone(0, minute))) == count


@pytest.mark.parametrize(("minute", "count"), [(14, 0), (15, 0), (15.01, 2)])
def test_a_companion_within_fifteen_minutes_is_company(minute: float, count: int) -> None:
    rows = [*alone(0, 1), (1 + minute, ANNE, "companion@R-1")]

    found = played(rows, rule=replace(RULE, hesitation=timedelta(hours=1)))

    assert len(found) == count


def test_a_companion_of_somebody_else_is_no_company() -> None:
    rows = [*alone(0, 5), (4, BO, "companion@R-1")]

    assert short(played(rows))[0] == ("alone", 5.17)


def test_danger_asks_at_the_first_encounter_and_waits_less() -> None:
    found = played(alone(0), flags=Circumstance.DANGER.value)

    assert short(found) == [("danger", 0.17), ("unanswered", 3.17)]


def test_at_night_an_answer_is_waited_for_less() -> None:
    found = played(alone(0, 5), flags=Circumstance.HARSH.value)

    assert short(found) == [("alone", 5.17), ("unanswered", 8.17)]


def test_a_companion_who_comes_by_clears_the_question() -> None:
    found = played([*alone(0, 5), (7, ANNE, "companion@R-1")])

    assert short(found) == [("alone", 5.17), ("cleared", 7.0)]
    assert found[0]["id"] == found[1]["id"]
    assert found[0]["zone"] == found[1]["zone"] == "R-1"


@pytest.mark.parametrize("answer", [Answer.WITH_ME, Answer.KNOWN])
def test_a_good_answer_clears_the_question(answer: Answer) -> None:
    rows = [*alone(0, 5), (6, ANNE, answer.value)]

    assert short(played(rows)) == [("alone", 5.17), ("cleared", 6.0)]


@pytest.mark.parametrize(
    ("answer", "minute", "count"),
    [("with_me", 119, 2), ("with_me", 121, 4), ("known", 29, 2), ("known", 31, 4)],
)
def test_an_answer_keeps_quiet_for_a_while(answer: str, minute: float, count: int) -> None:
    rows = [*alone(0, 5), (6, ANNE, answer), *alone(6 + minute - 1, 6 + minute)]

    assert len(played(rows, until=6 + minute + 10)) == count


def test_missing_calls_the_officer_at_once_and_the_wait_is_over() -> None:
    rows = [*alone(0, 5), (6, ANNE, "missing")]

    assert short(played(rows)) == [("alone", 5.17), ("missing", 6.0)]


def test_missing_needs_no_encounter() -> None:
    [found] = played([(3, ANNE, "missing")], east=0.02)

    assert (found["kind"], found["zone"], found["lon"]) == ("missing", "", LON + 0.02)
    assert (found["fixes"], found["first_offset"], found["last_offset"]) == (0, 1, 1)


def test_who_has_read_the_question_stops_the_wait() -> None:
    rows = [*alone(0, 5), (6, ANNE, "seen_to")]

    assert short(played(rows)) == [("alone", 5.17)]


def test_a_closed_case_clears_what_was_raised_and_begins_anew() -> None:
    rows = [*alone(0, 5, 8), (20, ANNE, "closed"), *alone(51, 55)]

    assert short(played(rows, until=56)) == [
        ("alone", 5.17), ("again", 8.17), ("cleared", 20.0), ("cleared", 20.0), ("alone", 55.17),
    ]  # fmt: skip


def test_a_case_that_stays_open_for_weeks_is_cleared_when_it_is_over() -> None:
    over = 21 * 1440

    found = played([*alone(0, 5), (over, ANNE, "closed")], every=1440, until=over + 1)

    assert short(found) == [
        ("alone", 5.17), ("unanswered", 10.17), ("cleared", over), ("cleared", over),
    ]  # fmt: skip


def test_who_pauses_is_forgotten_and_nobody_is_called() -> None:
    rows = [*alone(0, 5), (6, ANNE, "stopped")]

    assert short(played(rows)) == [("alone", 5.17), ("cleared", 6.0)]
    assert left_after(rows, 6.1) == 0


def test_a_week_of_questions_opens_a_review() -> None:
    rule = replace(RULE, weekly_questions=1)
    rows = [*alone(0, 5), (6, ANNE, "known"), *alone(60, 61, 62)]

    assert ("review", 61.17) in short(played(rows, rule=rule))
    assert short(played(rows))[2:] == [("alone", 61.17), ("again", 62.17)]


def test_a_finding_says_what_it_rests_on() -> None:
    found = played([*alone(0, 5, 8), (2, BO, "ward@R-7")])

    assert [(one["detector"], one["fixes"]) for one in found] == [(CODE, 2), (CODE, 3)]
    assert {one["entity"] for one in found} == {ANNE}
    assert [(one["first_offset"], one["last_offset"]) for one in found] == [(1, 3), (1, 4)]
    assert [one["zone"] for one in found] == ["R-1", "R-2"]
    assert len({one["id"] for one in found}) == 2


def hours(seed: int) -> list[Told]:
    """Some made-up hours of three wards, their companions and answers."""
    chance = np.random.default_rng(seed)
    kinds = [f"ward@R-{n}" for n in range(4)] * 3 + [
        "companion@R-1", "companion@R-2", "with_me", "known", "missing", "seen_to", "closed",
        "stopped",
    ]  # fmt: skip
    minutes = np.cumsum(chance.exponential(5, 80))
    return [
        (round(float(minute), 3), int(chance.integers(1, 4)), str(chance.choice(kinds)))
        for minute in minutes
    ]


@pytest.mark.parametrize("seed", range(2))
def test_steps_partitions_and_restarts_change_nothing(seed: int) -> None:
    rows, until = hours(seed), 480.0
    plain = played(rows, until=until)

    assert plain
    assert played(rows, until=until, every=0.5) == plain
    assert played(rows, until=until, every=40, restart=True) == plain
    together = played(rows, until=until, partitions=256)
    assert sorted(map(str, together)) == sorted(map(str, plain))


def test_what_cannot_count_any_more_is_forgotten() -> None:
    rows = alone(0)

    assert [left_after(rows, minute) for minute in (0, 1, 20, 20.3, 2000)] == [1, 1, 1, 0, 0]


def test_no_place_is_kept_once_it_cannot_count() -> None:
    state = state_after(alone(0, 5), 7 * 1440)

    [record] = state.records
    read = json.loads(record)
    assert (read["vigil"]["stage"], len(read["raised"])) == (2, 2)  # the case is still open
    later = state_after([*alone(0, 5), (6, ANNE, "known")], 60)
    [record] = later.records
    read = json.loads(record)
    assert (read["vigil"]["encounters"], read["vigil"]["company"], read["seen"]) == ([], [], [])


def state_after(rows: Sequence[Told], minute: float) -> Watches:
    stepper = Stepper(RULE, RULE.compile({}))
    for offset, row in enumerate(rows, 1):
        stepper.push(batch([row], offset=offset))
        stepper.advance(START + int(row[0] * MINUTE))
    stepper.advance(START + int(minute * MINUTE) + 5_000_000)
    state: Watches = stepper._states[0]  # what the checkpoint would hold
    return state


def left_after(rows: Sequence[Told], minute: float) -> int:
    return len(state_after(rows, minute).records)


def test_a_state_survives_other_numbers_and_no_other_version() -> None:
    from zhizhi.kernel.detection import StateMismatch  # noqa: PLC0415 - of this test alone

    state = state_after([*alone(0), (0.5, BO, "ward@R-2")], 1)
    raw, other = RULE.dump(state), replace(RULE, to_relatives=3)

    assert RULE.load(raw, 1).records == other.adopt(raw).records == state.records
    with pytest.raises(StateMismatch):
        other.load(raw, 1)
    with pytest.raises(StateMismatch):
        replace(RULE, version=2).adopt(raw)


def test_only_the_shards_that_changed_are_named() -> None:
    stepper = Stepper(RULE, RULE.compile({}))
    stepper.push(batch([(0, ANNE, "ward@R-1")], offset=1))

    first = stepper.advance(START + 5_000_000)
    second = stepper.advance(START + 6_000_000)

    assert first.changed_shards == shard_of(np.array([ANNE])).tolist()
    assert second.changed_shards == []


def test_the_detector_loads_without_django() -> None:
    script = "import sys, zhizhi.systems.guardian.detectors; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
