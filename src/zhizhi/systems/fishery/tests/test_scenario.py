"""The dwell rule against the truth of the scenario: precision, recall and delay, measured."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from tests.districts import district_of

from zhizhi.kernel.district import District
from zhizhi.kernel.dwell import Dwell
from zhizhi.kernel.observations import read_table, to_batch
from zhizhi.kernel.stepping import Stepper
from zhizhi.systems.fishery import scenario
from zhizhi.systems.fishery.scenario import MINUTE, Scenario, Truth

KEY = b"k" * 32
APRIL = int(datetime(2026, 4, 10, tzinfo=UTC).timestamp() * 1e6)
DECEMBER = int(datetime(2026, 12, 10, tzinfo=UTC).timestamp() * 1e6)
DAY = 24 * 60 * MINUTE


@pytest.fixture(scope="module")
def district() -> District:
    return district_of(7)


@dataclass(frozen=True)
class Heard:
    """The findings, with the arrival clock at which each was made."""

    found: list[dict[str, Any]]
    clock_us: list[int]

    def keys(self) -> set[tuple[int, str]]:
        return {(row["entity"], row["zone"]) for row in self.found}


def listen(district: District, play: Scenario, start_us: int) -> Heard:
    """Run the rule over what was sent, in envelopes of half a minute."""
    reaches = district.reaches
    zones = pa.table(
        {
            "key": [reach.key for reach in reaches],
            "boundary": [shapely.to_wkb(reach.geometry) for reach in reaches],
            "seasons": [json.dumps(reach.seasons) for reach in reaches],
            "parameters": ["{}"] * len(reaches),
        }
    )
    rule = Dwell()
    stepper = Stepper(rule, rule.compile({"zones": zones}))
    heard = Heard([], [])
    for step in range(1, 26 * 120):
        now_us = start_us + step * MINUTE // 2
        for stream, sent in scenario.arrived(play, now_us - MINUTE // 2, now_us).items():
            rows = sent.drop_columns(["arrival_us"])
            reading = read_table(stream, rows, token_key=KEY, arrival_us=now_us)
            assert not reading.defects
            stepper.push(to_batch(stream, reading.table, offset=step, arrival_us=now_us))
        result = stepper.advance(now_us)
        assert len(result.late) == 0
        for row in result.findings.to_pylist():
            if row["kind"] == "dwell":
                heard.found.append(row)
                heard.clock_us.append(now_us)
    return heard


@pytest.fixture(scope="module")
def play(district: District) -> Scenario:
    begins = list(range(APRIL, APRIL + DAY - 60 * MINUTE, 30 * MINUTE))
    return scenario.play(
        district, start_us=APRIL, end_us=APRIL + DAY, visits_per_hour=12, stays_at=begins
    )


@pytest.fixture(scope="module")
def heard(district: District, play: Scenario) -> Heard:
    return listen(district, play, APRIL)


def truths(play: Scenario) -> dict[tuple[int, str], Truth]:
    return {(truth.entity(KEY), truth.zone): truth for truth in play.truths}


def due(play: Scenario) -> set[tuple[int, str]]:
    return {key for key, truth in truths(play).items() if truth.should_alert}


def test_every_kind_of_visit_is_played(play: Scenario) -> None:
    kinds = {truth.kind for truth in play.truths}
    assert kinds == {
        "angler", "boat", "camera", "passing", "walker", "coming-and-going",
        "short-silence", "long-silence", "rotated-token",
    }  # fmt: skip
    assert len(due(play)) > 90
    assert len(play.truths) > 300


def test_the_rule_finds_every_stay_that_is_due(play: Scenario, heard: Heard) -> None:
    recall = len(heard.keys() & due(play)) / len(due(play))
    assert recall == 1.0


def test_the_rule_finds_nothing_else(play: Scenario, heard: Heard) -> None:
    wrong = [truths(play)[key].kind for key in heard.keys() - due(play)]
    assert wrong == []


def test_nobody_is_found_twice(heard: Heard) -> None:
    assert len(heard.found) == len(heard.keys())


def test_a_stay_is_found_with_the_first_position_after_the_limit(
    play: Scenario, heard: Heard
) -> None:
    truth = truths(play)
    late_s = [
        row["found_at"].timestamp() - truth[row["entity"], row["zone"]].due_us / 1e6
        for row in heard.found
    ]
    assert min(late_s) > 0
    assert max(late_s) < 90  # positions come once a minute


def test_the_desk_knows_within_lateness_sampling_and_transport(
    play: Scenario, heard: Heard
) -> None:
    truth = truths(play)
    waited_s = [
        (clock - truth[row["entity"], row["zone"]].due_us) / 1e6
        for row, clock in zip(heard.found, heard.clock_us, strict=True)
    ]
    assert np.percentile(waited_s, 95) < 120 + 90 + 30
    assert max(waited_s) < 300


def test_out_of_season_the_spawning_ground_is_open(district: District) -> None:
    begins = [DECEMBER + n * 10 * MINUTE for n in range(12)]
    december = scenario.play(district, start_us=DECEMBER, end_us=DECEMBER + DAY, stays_at=begins)
    spawning = [truth for truth in december.truths if truth.zone == "nf-spawn"]
    assert spawning
    assert not any(truth.should_alert for truth in spawning)

    found = listen(district, december, DECEMBER)

    assert found.keys() == due(december)


@pytest.mark.parametrize(("minutes", "is_due"), [(29, False), (30, False), (31, True)])
def test_the_truth_itself_draws_the_line_at_thirty_minutes(
    district: District, minutes: int, is_due: bool
) -> None:
    stage = scenario._Stage(np.random.default_rng(1))
    scenario.stay(stage, scenario.places(district)[0], APRIL, minutes)
    assert stage.truths[0].should_alert is is_due


def test_the_same_arguments_give_the_same_scenario(district: District) -> None:
    one, two = (
        scenario.play(district, start_us=APRIL, end_us=APRIL + DAY // 8, seed=3) for _ in range(2)
    )
    assert one.truths == two.truths
    assert all(one.sent[stream].equals(two.sent[stream]) for stream in one.sent)


def test_another_seed_gives_another_scenario(district: District) -> None:
    one, two = (
        scenario.play(district, start_us=APRIL, end_us=APRIL + DAY // 8, seed=seed)
        for seed in (3, 4)
    )
    assert one.truths != two.truths


def test_rows_come_in_the_order_of_arrival_and_never_before_they_were_measured(
    play: Scenario,
) -> None:
    for table in play.sent.values():
        arrival, measured = (table[name].to_numpy() for name in ("arrival_us", "time_us"))
        assert (np.diff(arrival) >= 0).all()
        assert (arrival > measured).all()
        assert (arrival - measured <= 50_000_000).all()


def test_every_row_is_dealt_out_once(play: Scenario) -> None:
    cuts = [APRIL, APRIL + DAY // 3, APRIL + DAY // 2, APRIL + 2 * DAY]
    counted = 0
    for after, until in itertools.pairwise(cuts):
        counted += sum(t.num_rows for t in scenario.arrived(play, after, until).values())
    assert counted == sum(table.num_rows for table in play.sent.values())
