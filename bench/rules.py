"""What it costs to answer 200 warning rules, beside GoRules ZEN in one run with the same hits.

Rules and events are drawn from a seed: four tests in each rule, a tenth of them with arithmetic or
with alternatives. Events know all values, for ZEN refuses to compare what is unknown. Features are
given: the windows before them are not part of the figures.
Run with: python -m bench.rules --json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa
from bench.measuring import Figure, figure, show, timed

from zhizhi.kernel.rules.backtesting import Answer, backtested, by_table, tried
from zhizhi.kernel.rules.deciding import Occurrence
from zhizhi.kernel.rules.explaining import explained
from zhizhi.kernel.rules.frames import by_frame
from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.histories import history_of
from zhizhi.kernel.rules.loading import nothing_beside, read_rules
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.schema import BOOLEAN, TEXT, Event
from zhizhi.kernel.rules.syntax import (
    AllOf,
    AnyOf,
    Arithmetic,
    Comparison,
    Name,
    Node,
    Value,
)
from zhizhi.kernel.rules.tables import table_of

SEED, RULES, EVENTS, PEERS_EVENTS, EXPLAINED = 20261127, 200, 200_000, 1000, 2000
HISTORY, HISTORY_RULES, DAYS = 1_000_000, 100, 90
PEER = "zen-engine 2.1"
KIND = "transfer_alert"
NUMERIC = [name for name, column in FRAUD_EVENTS.columns.items() if column.is_numeric]
FLAGS = [name for name, column in FRAUD_EVENTS.columns.items() if column.kind == BOOLEAN]
TEXTS = [name for name, column in FRAUD_EVENTS.columns.items() if column.kind == TEXT]
MOST = 100  # of every number


def rule_texts(count: int) -> str:
    """Return rules of four tests, each of which 10 to 30 of 100 events pass (flags 50)."""
    draw = np.random.default_rng(SEED)
    return "\n---\n".join(_rule_text(draw, n) for n in range(count))


def _rule_text(draw: np.random.Generator, n: int) -> str:
    a, b, c, d = draw.choice(NUMERIC, 4, replace=False)
    bounds = draw.integers(MOST * 7 // 10, MOST * 9 // 10, 4)
    parts = [f"{a} >= {bounds[0]}", f"{b} < {MOST - bounds[1]}", f"{c} > {bounds[2]}.5"]
    shape = draw.integers(0, 10)
    if shape == 0:
        parts.append(f"({c} + {d}) / 2 >= {bounds[3]}")
    elif shape == 1:
        parts.append(f"({d} >= {bounds[3]} OR {draw.choice(FLAGS)} = 1)")
    elif shape == 2:
        parts.append(f"{draw.choice(TEXTS[:1])} = 'foreign'")
    else:
        parts.append(f"{draw.choice(FLAGS)} = {draw.integers(0, 2)}")
    order = draw.permutation(4)
    when = " AND ".join(parts[k] for k in order)
    return (
        f"id: r{n}\nversion: 1\ntypology: kind_{n % 17}\nmode: live\non: {KIND}\nlevel: high\n"
        f"score: 40\ncooldown: 6h\nwhen: {when}\nbecause: '{{{a}}} and {{{b}:.1f}}'\nowner: bench\n"
    )


def rules_of(count: int) -> tuple[WarningRule, ...]:
    found = read_rules([("bench.yaml", rule_texts(count), nothing_beside)], FRAUD_EVENTS)
    assert not found.errors, found.errors[0]
    return found.rules


def columns_of(count: int) -> dict[str, Any]:
    """Return columns of events without anything unknown."""
    draw = np.random.default_rng(SEED + 1)
    found: dict[str, Any] = {name: draw.integers(0, MOST, count) for name in NUMERIC}
    found |= {name: draw.random(count) < 0.5 for name in FLAGS}
    for name in TEXTS:
        found[name] = draw.choice(FRAUD_EVENTS.columns[name].words, count)
    return found


def events_of(columns: dict[str, Any], count: int) -> list[Event]:
    plain = {name: values[:count].tolist() for name, values in columns.items()}
    return [
        FRAUD_EVENTS.read({name: values[n] for name, values in plain.items()}) for n in range(count)
    ]


def run() -> list[Figure]:
    """Return all figures."""
    rules, columns = rules_of(RULES), columns_of(EVENTS)
    table, words = table_of(rules, FRAUD_EVENTS), FRAUD_EVENTS.words
    rows = np.empty((EVENTS, len(table.columns)))
    for n, name in enumerate(table.columns):
        values = columns[name]
        rows[:, n] = [words[word] for word in values] if name in TEXTS else values
    kinds = np.full(EVENTS, table.kind_bit(KIND), np.uint32)
    times = np.zeros(EVENTS, np.int64)
    table.fires(rows[:10], kinds[:10], times[:10])  # compiles
    hits, spent = min((timed(lambda: table.fires(rows, kinds, times)) for _ in range(3)),
                      key=lambda one: one[1])  # fmt: skip
    events = events_of(columns, EXPLAINED)
    single, alone = timed(lambda: [table.firing(event, KIND, 0) for event in events])
    assert [len(fired) for fired in single] == hits[:EXPLAINED].sum(axis=1).tolist()
    theirs, peer = _peer(rules, events[:PEERS_EVENTS])
    differing = int((np.array(theirs) != hits[:PEERS_EVENTS]).sum())
    micro = 1e6
    ours = spent / EVENTS * micro
    alone_us, peer_us = alone / EXPLAINED * micro, peer / PEERS_EVENTS * micro
    waits = _explaining(table, events)
    return [
        figure("an event, 200 rules, rows in batches", "µs", ours, (PEER, peer_us), least=50),
        figure("events a second, 200 rules, rows in batches", "", EVENTS / spent, least=200_000),
        figure("an event, 200 rules, one mapping at a time", "µs", alone_us, (PEER, peer_us)),
        figure("rules that fire on an event", "", float(hits.sum()) / EVENTS),
        figure("hits that differ from theirs", "", differing, most=0),
        figure("a decision with its record, p99", "ms", float(np.percentile(waits, 99)), most=5),
        figure("a decision with its record, median", "ms", float(np.median(waits))),
        *_past(),
    ]


def _explaining(table: Any, events: Sequence[Event]) -> list[float]:
    """Return the CPU milliseconds that each decision with its record took."""
    waits = []
    for n, event in enumerate(events):
        occurrence = Occurrence(f"e{n}", KIND, n, 0, event)
        begin = process_time()
        explained(table, occurrence, {})
        waits.append(1000 * (process_time() - begin))
    return waits


def _past() -> list[Figure]:
    """Return what a back-test of 90 days with a million events and 100 rules takes."""
    rules, columns = tried(rules_of(HISTORY_RULES)), columns_of(HISTORY)
    draw = np.random.default_rng(SEED + 2)
    began = 1_767_225_600_000_000
    given = pa.table({
        "event_id": [f"e{n:07}" for n in range(HISTORY)],
        "kind": [KIND] * HISTORY,
        "entity": draw.integers(0, 50_000, HISTORY),
        "time_us": began + draw.integers(0, DAYS * 86_400_000_000, HISTORY),
        "outcome": draw.choice(["", "filed", "false_alarm"], HISTORY),
        **columns,
    })  # fmt: skip
    found = {}
    ways: dict[str, Answer] = {
        "Polars": by_frame(rules), "the table": by_table(table_of(rules, FRAUD_EVENTS))
    }  # fmt: skip
    for name, answer in ways.items():
        found[name] = timed(
            lambda answer=answer: backtested(
                rules, history_of(given, FRAUD_EVENTS, 0, 2**62), answer
            )
        )
    assert found["Polars"][0] == found["the table"][0]
    return [
        figure(f"back-test of 90 days, 1 M events, 100 rules, by {name}", "s", spent, most=60)
        for name, (_figures, spent) in found.items()
    ]


def _peer(rules: Sequence[WarningRule], events: Sequence[Event]) -> tuple[list[list[bool]], float]:
    """Return what the peer answers, and its CPU seconds."""
    try:
        import zen  # noqa: PLC0415 - development
    except ImportError:
        sys.exit("The peer is missing; install it with: pip install -r requirements/dev.lock")
    expressions = [{"id": rule.id, "key": rule.id, "value": _in_zen(rule.when)} for rule in rules]
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        {"id": "rules", "type": "expressionNode", "name": "rules", "position": place,
         "content": {"expressions": expressions}},
        {"id": "out", "type": "outputNode", "name": "out", "position": place},
    ]  # fmt: skip
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "rules", "type": "edge"},
        {"id": "2", "sourceId": "rules", "targetId": "out", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    contexts = [dict(event) for event in events]
    decision.evaluate(contexts[0])
    answers, spent = timed(lambda: [decision.evaluate(one)["result"] for one in contexts])
    return [[answer[rule.id] for rule in rules] for answer in answers], spent


def _in_zen(node: Node) -> str:
    """Return a condition in the peer's language."""
    match node:
        case Name():
            return node.name
        case Value():
            return json.dumps(node.value)
        case Comparison():
            sign = {"=": "==", "<>": "!="}.get(node.sign, node.sign)
            return f"{_in_zen(node.left)} {sign} {_in_zen(node.right)}"
        case Arithmetic():
            return f"({_in_zen(node.left)} {node.sign} {_in_zen(node.right)})"
        case AllOf():
            return " and ".join(f"({_in_zen(part)})" for part in node.parts)
        case AnyOf():
            return " or ".join(f"({_in_zen(part)})" for part in node.parts)
        case _:
            raise TypeError(type(node).__name__)


if __name__ == "__main__":
    show(run, __doc__)
