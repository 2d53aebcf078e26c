"""The judge finds what the plain-Python oracle finds, whatever it is given."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhizhi.kernel.detection import shard_of
from zhizhi.kernel.episodes import EPISODE, WORDS
from zhizhi.kernel.judging import DEGREE, virtual_shard
from zhizhi.kernel.tests.dwell_oracle import Event, Limits, findings
from zhizhi.kernel.tests.dwell_worlds import EIGHT, S, crowd, events_of, judged, run, squares, told

PARAMETERS: dict[str, dict[str, float]] = {
    "A": {},
    "B": {"limit_minutes": 5, "minimum_fixes": 1, "cooldown_hours": 0.5, "grace_seconds": 60},
    "C": {"limit_minutes": 0, "gap_seconds": 120, "maximum_accuracy_m": 50, "cooldown_hours": 0},
}
LIMITS = {
    "B": Limits(limit=300 * S, fixes=1, cooldown=1800 * S, grace=60 * S),
    "C": Limits(limit=0, gap=120 * S, accuracy=50, cooldown=0),
}

waits = st.one_of(
    st.sampled_from([1, 30, 59, 60, 61, 119, 120, 121, 179, 180, 181, 300, 599, 600, 601, 1800]),
    st.integers(1, 90),
).map(lambda seconds: seconds * S)
touches = st.dictionaries(st.sampled_from("ABC"), st.sampled_from(["in", "in", "ring"]))
accuracies = st.sampled_from([5.0, 5.0, 5.0, 50.0, 51.0, 200.0, 201.0, math.nan])
moments = st.tuples(waits, st.integers(1, 3), touches, accuracies, st.booleans())


def timeline(moves: list[tuple[int, int, dict[str, str], float, bool]]) -> list[Event]:
    now, events = EIGHT, []
    for wait, who, where, accuracy, is_corrected in moves:
        now += wait
        events.append(Event(who, now, where, accuracy, is_corrected))
    return events


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(moments, max_size=120),
    st.sampled_from([0, 100, 1000, 100_000]),
    st.integers(1, 7),
    st.booleans(),
)
def test_the_judge_agrees_with_the_oracle_in_any_number_of_batches(
    moves: list[tuple[int, int, dict[str, str], float, bool]],
    later: int,
    parts: int,
    through_bytes: bool,
) -> None:
    events = timeline(moves)
    watermark = (events[-1].at if events else EIGHT) + later * S

    ours = judged(
        events, watermark, parameters=PARAMETERS, parts=parts, through_bytes=through_bytes
    )

    assert ours == findings(events, watermark, LIMITS)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(waits, touches), min_size=40, max_size=160))
def test_one_person_who_mostly_stays_agrees_with_the_oracle(
    moves: list[tuple[int, dict[str, str]]],
) -> None:
    events = timeline(
        [(min(wait, 90 * S), 1, {"A": "in"} | where, 5.0, False) for wait, where in moves]
    )

    ours = judged(events, events[-1].at, parts=3)

    assert ours == findings(events, events[-1].at)


@pytest.mark.parametrize("seed", range(6))
def test_the_whole_step_agrees_with_the_oracle_on_a_crowd(seed: int) -> None:
    batch = crowd(seed)
    watermark = int(batch.arrival_us.max()) + (7200 - 120) * S

    ours = told(run(batch, size=700))

    assert len(ours) > 20
    assert ours == findings(events_of(batch, squares()), watermark)


def test_the_shard_of_a_token_is_the_same_in_compiled_code() -> None:
    tokens = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 1000)

    assert [virtual_shard(int(token)) for token in tokens] == shard_of(tokens).tolist()


def test_an_episode_is_whole_words_and_fits_its_budget() -> None:
    assert EPISODE.itemsize == WORDS * 8 == 72
    assert 180 * DEGREE < 2**31
