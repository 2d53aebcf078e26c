from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from zhizhi.kernel.rules.backtesting import backtested, by_table, tried
from zhizhi.kernel.rules.frames import by_frame
from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.histories import EventHistory, HistoryUnusable, history_of
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.tables import table_of
from zhizhi.kernel.rules.tests import random_rules
from zhizhi.kernel.rules.tests.random_rules import SMALL
from zhizhi.kernel.rules.tests.rule_texts import the_rule

HOUR, DAY = 3_600_000_000, 86_400_000_000
MIDNIGHT = 57_600_000_000 + 20_000 * DAY  # 2024-10-05T00:00 in China
BUSY = replace(the_rule(when="out_n_1h >= 3", unless=None, let=None, because="x"), id="busy")
QUIET = replace(the_rule(when="out_n_1h >= 5", unless=None, let=None, because="x"), id="quiet")


def row(at: int, count: int | None, **more: object) -> dict[str, object]:
    event = {
        "event_id": f"e{at}",
        "kind": "account_event",
        "entity": "p1",
        "time_us": MIDNIGHT + at,
    }
    return {**event, "out_n_1h": count, **more}


def history(*rows: dict[str, object], since: int = 0, until: int = 2**62) -> EventHistory:
    names = dict.fromkeys(name for one in rows for name in one)
    table = pa.table({name: [one.get(name) for one in rows] for name in names})
    return history_of(table, FRAUD_EVENTS, since, until)


def figures(given: EventHistory, *rules: WarningRule) -> dict[str, Any]:
    chosen = tried(rules)
    return backtested(chosen, given, by_table(table_of(chosen, FRAUD_EVENTS)))


def at(hour: int, minute: int = 0) -> str:
    return f"2024-10-05T{hour:02}:{minute:02}:00+08:00"


def test_a_rule_is_told_with_precision_recall_lead_and_cost() -> None:
    given = history(
        row(HOUR, 3, outcome="dissuaded", case_id="a", transferred_at=at(3)),
        row(2 * HOUR, 4, outcome="dissuaded", case_id="a", transferred_at=at(3)),
        row(3 * HOUR, 5, outcome="filed", case_id="b", transferred_at=at(2), entity="p2"),
        row(4 * HOUR, 1, outcome="filed", case_id="c", transferred_at=at(9), entity="p3"),
        row(5 * HOUR, 3, outcome="false_alarm", entity="p4"),
        row(6 * HOUR, 3, outcome="not_reached", entity="p5"),
    )

    total = figures(given, BUSY)["total"]

    assert total == {
        "warnings": 4, "a_day": 4.0, "most_on_a_day": 4, "judged": 3, "confirmed": 2,
        "precision": 2 / 3, "officer_minutes": 180, "cases": 3, "cases_warned": 2,
        "recall": 2 / 3, "warned_before_transfer": 1, "lead_minutes_median": 120.0,
    }  # fmt: skip


def test_a_rule_that_rests_fires_but_does_not_warn() -> None:
    given = history(row(0, 3), row(6 * HOUR - 1, 3), row(6 * HOUR, 3), row(1, 3, entity="p2"))

    (found,) = figures(given, BUSY)["rules"]

    assert (found["fires"], found["warnings"]) == (4, 3)


@pytest.mark.parametrize(("second", "most"), [(DAY - 1, 2), (DAY, 1)])
def test_days_begin_at_midnight_in_china(second: int, most: int) -> None:
    given = history(row(0, 3), row(second, 3, entity="p2"))

    assert figures(given, BUSY)["total"]["most_on_a_day"] == most


def test_rules_that_fire_together_are_told_with_their_share() -> None:
    found = figures(history(row(0, 3), row(1, 5), row(2, 9), row(3, 1)), BUSY, QUIET)

    assert found["overlap"] == [{"rules": ["busy@3", "quiet@3"], "events": 2, "share": 2 / 3}]


def test_retired_rules_are_not_tried_and_the_others_as_if_they_were_live() -> None:
    rules = [replace(BUSY, mode=mode, id=mode) for mode in ("draft", "shadow", "live", "retired")]

    assert [rule.mode for rule in tried(rules)] == ["live"] * 3


@pytest.mark.parametrize(("since", "until", "count"), [(1, 3, 2), (0, 3, 3), (1, 4, 3), (4, 9, 0)])
def test_only_events_of_the_span_are_tried(since: int, until: int, count: int) -> None:
    rows = [row(n, 3) for n in range(4)]

    given = history(*rows, since=MIDNIGHT + since, until=MIDNIGHT + until)

    assert len(given) == count
    assert figures(given, BUSY)["total"]["warnings"] == min(count, 1)


def test_events_are_ordered_by_time_and_then_by_id_and_each_counts_once() -> None:
    rows = [row(5, 1), row(1, 2), row(1, 3, event_id="a"), row(1, 4, event_id="b"), row(5, 9)]

    given = history(*rows)

    assert given.columns["out_n_1h"].to_pylist() == [3.0, 4.0, 2.0, 1.0]
    assert given.duplicates == 1


def test_columns_that_no_rule_may_ask_for_are_named() -> None:
    assert history(row(0, 3, shoe_size=43)).left_out == ("shoe_size",)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"kind": "payment"}, "'payment' is no kind of event"),
        ({"out_n_1h": 1.5}, "out_n_1h of event 1 is not a whole number"),
        ({"out_n_1h": "many"}, "out_n_1h of event 1 is not a whole number"),
        ({"out_amt_24h": 1e16}, "out_amt_24h of event 1 is not 0 or between 1e-15 and 1e+15"),
        ({"out_amt_24h": float("inf")}, "out_amt_24h of event 1"),
        ({"call_origin": "mars"}, "call_origin of event 1 is not domestic, foreign"),
        ({"is_minor": "perhaps"}, "is_minor of event 1 is not true or false"),
        ({"outcome": "great"}, "outcome 'great' is none of"),
        ({"transferred_at": "yesterday"}, "transferred_at of event 1 is not a time"),
        ({"entity": None}, "entity of event 1"),
        ({"time_us": None}, "time_us of event 1"),
    ],
)
def test_what_cannot_be_tried_is_told_with_column_and_event(
    more: dict[str, object], words: str
) -> None:
    with pytest.raises(HistoryUnusable, match=r"of event|no kind|none of") as caught:
        history({**row(0, 3), **more})

    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["event_id", "kind", "entity", "time_us"])
def test_a_needed_column_that_is_missing_is_named(name: str) -> None:
    given = row(0, 3)
    del given[name]

    with pytest.raises(HistoryUnusable, match=name.replace("time_us", "observed_at")):
        history(given)


@pytest.mark.parametrize("seed", range(3))
def test_polars_and_the_table_come_to_the_same_figures(seed: int) -> None:
    draw = Random(seed)  # noqa: S311 - not for secrets
    rules = tried([random_rules.rule(draw, n) for n in range(50)])
    columns: dict[str, list[object]] = {name: [] for name in SMALL.columns if name != "n2"}
    for _ in range(200):
        event = random_rules.event(draw)
        for name, values in columns.items():
            values.append(event.get(name))
    about = {
        "event_id": [f"e{n}" for n in range(200)],
        "kind": draw.choices(SMALL.kinds, k=200),
        "entity": draw.choices("abcdefgh", k=200),
        "time_us": [draw.randrange(10**13) for _ in range(200)],
        "outcome": draw.choices(["filed", "false_alarm", ""], k=200),
    }
    given = history_of(pa.table({**about, **columns}), SMALL, 0, 2**62)

    plainly = backtested(rules, given, by_table(table_of(rules, SMALL)))

    assert backtested(rules, given, by_frame(rules)) == plainly
    assert plainly["total"]["warnings"] > 0


def test_a_history_without_events_has_figures_too() -> None:
    rules = tried([BUSY])
    found = figures(history(row(0, 3), since=2**61), BUSY)

    assert (found["days"], found["total"]["a_day"], found["total"]["precision"]) == (0, 0.0, None)
    assert rules[0].cooldown == timedelta(hours=6)
    assert np.isfinite(found["total"]["officer_minutes"])
