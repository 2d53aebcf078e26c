"""Windowed features: to the bit the same by definition, in a stream and over a history."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel.detection import StateCorrupt, StateMismatch
from zhizhi.kernel.rules.backtesting import Answer, by_table
from zhizhi.kernel.rules.frames import by_frame
from zhizhi.kernel.rules.rings import Values, WindowRings
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.spans import lacking, windowed
from zhizhi.kernel.rules.tables import table_of
from zhizhi.kernel.rules.tests.window_worlds import (
    FEATURES,
    WORLD,
    by_definition,
    condition,
    drawn,
    feature,
    happened,
    history,
)
from zhizhi.kernel.rules.windows import MOST, WindowedFeature, WindowEvent

LATE = timedelta(microseconds=6)


def by_the_table(rules: Sequence[WarningRule]) -> Answer:
    return by_table(table_of(rules, WORLD))


def bits(values: Values) -> dict[str, bytes | None]:
    return {name: None if v is None else struct.pack("<d", v) for name, v in values.items()}


def streamed(
    features: Sequence[WindowedFeature], events: Sequence[WindowEvent], *,
    most: int = MOST, restart: int = -1, lateness: timedelta = LATE,
) -> tuple[dict[str, Values], WindowRings]:  # fmt: skip
    """Return the last answer for each event that was accepted, restarted from bytes once."""
    rings, answers = WindowRings(features, lateness, most), dict[str, Values]()
    arrived = 0
    for n, event in enumerate(events):
        if n == restart:
            kept = rings.dump()
            rings = WindowRings(features, lateness, most)
            rings.load(kept)
            assert rings.dump() == kept
        arrived = max(arrived, event.time_us)
        for which, values in rings.take(event, arrived).items():
            answers.setdefault(which, {}).update(values)
    return answers, rings


def accepted(events: Sequence[WindowEvent], answers: dict[str, Values]) -> list[WindowEvent]:
    first: dict[str, WindowEvent] = {}
    for event in events:
        if event.id in answers:
            first.setdefault(event.id, event)
    return list(first.values())


def in_history(
    features: Sequence[WindowedFeature], events: Sequence[WindowEvent], most: int = MOST
) -> dict[str, Values]:
    past = history(events)
    order = sorted(events, key=lambda event: (event.time_us, event.id))
    columns = {
        name: found.to_pylist()
        for name, found in windowed(features, past, by_the_table, most).items()
    }
    return {
        event.id: {name: column[n] for name, column in columns.items()}
        for n, event in enumerate(order)
    }


@settings(max_examples=250, deadline=None)
@given(
    st.randoms(use_true_random=False), st.integers(0, 40), st.integers(0, 40),
    st.sampled_from([1, 2, 5, MOST]),
)  # fmt: skip
def test_stream_history_and_definition_are_equal_to_the_bit(
    draw: Random, count: int, restart: int, most: int
) -> None:
    events = drawn(draw, count)

    answers, rings = streamed(FEATURES, events, most=most, restart=restart)
    kept = accepted(events, answers)
    past = in_history(FEATURES, kept, most)

    assert len(events) == len(kept) + rings.late + rings.duplicates + rings.overfull
    for event in kept:
        expected = {one.name: by_definition(one, kept, event.id, most) for one in FEATURES}
        assert bits(answers[event.id]) == bits(expected)
        assert bits(past[event.id]) == bits(expected)


@pytest.mark.parametrize("seed", range(8))
def test_ten_thousand_events_are_equal_to_the_bit_in_stream_and_history(seed: int) -> None:
    events = drawn(Random(seed), 1250)  # noqa: S311 - not for secrets

    answers, rings = streamed(FEATURES, events, restart=600)
    kept = accepted(events, answers)

    assert {which: bits(one) for which, one in answers.items()} == {
        which: bits(one) for which, one in in_history(FEATURES, kept).items()
    }
    assert rings.late > 50
    assert rings.duplicates > 50
    assert len(kept) > 500


def test_polars_and_the_table_say_alike_what_belongs_into_a_window() -> None:
    past = history(accepted_once(drawn(Random(3), 300)))  # noqa: S311 - not for secrets

    assert windowed(FEATURES, past, by_frame) == windowed(FEATURES, past, by_the_table)


def accepted_once(events: Sequence[WindowEvent]) -> list[WindowEvent]:
    return list({event.id: event for event in events}.values())


@pytest.mark.parametrize(("age", "count"), [(9, 2.0), (10, 1.0), (11, 1.0)])
def test_an_event_as_old_as_the_span_is_outside(age: int, count: float) -> None:
    events = [happened("a", 100), happened("b", 100 + age)]

    answers, _rings = streamed([feature("count", 10)], events)

    assert answers["b"] == in_history([feature("count", 10)], events)["b"] == {"count": count}


@pytest.mark.parametrize(("late", "kept"), [(5, True), (6, True), (7, False)])
def test_a_late_event_counts_up_to_its_lateness_and_is_counted_as_dropped_beyond(
    late: int, kept: bool
) -> None:
    events = [happened("b", 100), happened("a", 100 - late)]

    answers, rings = streamed([feature("count", 10)], events)

    assert answers["b"] == {"count": 2.0 if kept else 1.0}
    assert ("a" in answers, rings.late) == (kept, 0 if kept else 1)


def test_an_event_of_the_year_2099_makes_nothing_late() -> None:
    rings = WindowRings([feature("count", 10)], LATE)
    rings.take(happened("z", 4_070_908_800_000_000), 100)

    assert rings.take(happened("a", 100), 101)["a"] == {"count": 1.0}
    assert rings.late == 0


@pytest.mark.parametrize(("second", "count"), [("a", 1.0), ("b", 1.0), ("c", 2.0)])
def test_of_one_instant_those_with_a_smaller_id_come_before(second: str, count: float) -> None:
    events = [happened("b", 100), happened(second, 100)]

    answers, rings = streamed([feature("count", 10)], events)

    assert answers[second] == {"count": count}
    assert rings.duplicates == (second == "b")


def test_an_event_that_comes_again_changes_nothing_though_it_says_something_else() -> None:
    events = [happened("a", 100, 1.0), happened("a", 101, 5.0), happened("b", 102, 1.0)]

    answers, rings = streamed([feature("sum", 10)], events)

    assert answers["b"] == {"sum": 2.0}
    assert rings.duplicates == 1


@pytest.mark.parametrize(
    ("amount", "expected"), [(1e9 - 1, 1e9), (1e9, 1e9 + 1), (1e9 + 1, 1e9 + 1), (1e15, 1e9 + 1)]
)
def test_a_value_beyond_a_billion_is_added_as_a_billion(amount: float, expected: float) -> None:
    events = [happened("a", 100, amount), happened("b", 101, 1.0)]

    assert in_history([feature("sum", 10)], events)["b"] == {"sum": expected}


@pytest.mark.parametrize(
    ("aggregate", "nothing", "unknown"),
    [("count", 0.0, 1.0), ("sum", 0.0, None), ("distinct", 0.0, None),
     ("mean", None, None), ("max", None, None), ("min", None, None), ("since", None, 0.000001)],
)  # fmt: skip
def test_nothing_that_happened_is_none_or_zero_and_nothing_that_is_known_is_unknown(
    aggregate: str, nothing: float | None, unknown: float | None
) -> None:
    one = feature(aggregate, 10)
    events = [happened("a", 100, kind="call"), happened("b", 101, None),
              happened("c", 102, kind="call")]  # fmt: skip

    answers, _rings = streamed([one], events)

    assert (answers["a"][aggregate], answers["c"][aggregate]) == (nothing, unknown)
    assert {which: answers[which] for which in "abc"} == in_history([one], events)


def test_sums_of_tenths_are_exact_in_any_order_of_arrival() -> None:
    tenths = [happened(f"e{n}", 100, 0.1) for n in range(10)]

    answers, _rings = streamed([feature("sum", 10)], tenths[::-1])

    assert answers["e9"] == {"sum": 1.0}


@pytest.mark.parametrize(("before", "count"), [(3, 4.0), (4, 5.0), (5, 5.0)])
def test_at_most_the_last_events_of_a_key_are_looked_at_and_kept(before: int, count: float) -> None:
    events = [happened(f"e{n}", 100) for n in range(before + 1)]

    answers, rings = streamed([feature("count", 10)], events, most=5)

    assert answers[f"e{before}"] == {"count": count}
    assert rings.dump().count(b'[100,"e') == min(before + 1, 5)


def test_what_no_window_can_reach_any_more_is_forgotten() -> None:
    events = [happened(f"e{n}", 100 * n, entity=f"p{n}") for n in range(5000)]

    _answers, rings = streamed(FEATURES, events)

    assert len(rings._groups[0].rings) <= 2 * MOST
    assert len(rings.dump()) < 2000


def test_the_bytes_of_other_features_or_damaged_ones_are_refused() -> None:
    _answers, rings = streamed([feature("sum", 10)], [happened("a", 100)])
    kept, other = rings.dump(), WindowRings([feature("sum", 11)], LATE)

    with pytest.raises(StateMismatch):
        other.load(kept)
    with pytest.raises(StateCorrupt):
        WindowRings([feature("sum", 10)], LATE).load(kept[:-1])


def test_a_feature_whose_columns_the_history_lacks_is_told_with_them() -> None:
    one = feature("sum", 10, by="number", value="fee", where=condition("is_new"))

    assert lacking(one, history([happened("a", 100)])) == ["fee", "number"]
