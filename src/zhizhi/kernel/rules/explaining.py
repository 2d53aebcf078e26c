"""Why rules fired, as a record that is kept with the alert and can be made again from itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from zhizhi.kernel.rules.deciding import LastTold, Occurrence, TypologyVerdict, verdicts
from zhizhi.kernel.rules.rule import LIVE, SHADOW, WarningRule
from zhizhi.kernel.rules.schema import Event, Schema
from zhizhi.kernel.rules.sentences import filled
from zhizhi.kernel.rules.syntax import (
    AllOf,
    AnyOf,
    Between,
    Comparison,
    Member,
    Missing,
    Node,
    Opposite,
    Value,
    names,
    written,
)
from zhizhi.kernel.rules.tables import RuleTable
from zhizhi.kernel.rules.weighing import value_of

Record = dict[str, Any]
_FAR: Final = 1e300  # behind every gap that can be measured


def explained(table: RuleTable, occurrence: Occurrence, last_told: LastTold) -> bytes:
    """Return the record of one decision: canonical JSON, the same bytes for the same inputs."""
    fired = table.firing(occurrence.values, occurrence.kind, occurrence.time_us)
    found = verdicts(fired, occurrence, last_told)
    ids = {rule.id for rule in fired}
    record = {
        "schema": table.schema.name,
        "occurrence": {
            "id": occurrence.id,
            "kind": occurrence.kind,
            "entity": occurrence.entity,
            "time_us": occurrence.time_us,
            "values": dict(occurrence.values),
        },
        "last_told": {name: at for name, at in last_told.items() if name in ids},
        "verdicts": [_verdict(one, occurrence.values, table.schema) for one in found],
        "nearest_miss": nearest_miss(table, occurrence, fired),
        **_not_used(found, occurrence.values),
    }
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def replayed(record: bytes, table: RuleTable) -> bytes:
    """Return the record that the inputs kept in ``record`` give with these rules."""
    kept = orjson.loads(record)
    given = kept["occurrence"]
    values = table.schema.read(given["values"])
    occurrence = Occurrence(given["id"], given["kind"], given["entity"], given["time_us"], values)
    return explained(table, occurrence, kept["last_told"])


def _verdict(verdict: TypologyVerdict, event: Event, schema: Schema) -> Record:
    return {
        "typology": verdict.typology,
        "mode": verdict.mode,
        "score": verdict.score,
        "tier": verdict.tier,
        "told": verdict.is_told,
        "rules": [
            {
                "rule": rule.reference,
                "level": rule.level,
                "score": rule.score,
                "resting": rule.reference in verdict.resting,
                "because": because(rule, event),
                "predicates": [_predicate(node, event, schema) for node in tests(rule.when)],
                "exception": [
                    _predicate(node, event, schema)
                    for node in (tests(rule.unless) if rule.unless else ())
                ],
                "basis": list(rule.basis),
                "advise": list(rule.advise),
                "owner": rule.owner,
            }
            for rule in verdict.fired
        ],
    }


def because(rule: WarningRule, event: Event) -> str:
    """Return the sentence that tells why, with the values of the event."""
    return filled(rule.because, lambda name: rule.value(name, event))


def tests(node: Node) -> Iterator[Node]:
    """Yield the smallest parts of a condition that have an answer."""
    match node:
        case AllOf() | AnyOf():
            for part in node.parts:
                yield from tests(part)
        case Opposite():
            yield from tests(node.item)
        case _:
            yield node


def _predicate(node: Node, event: Event, schema: Schema) -> Record:
    item, threshold = _sides(node, event)
    windows = {name: schema.columns[name].window for name in names(item)}
    return {
        "name": written(item),
        "test": written(node),
        "windows": {name: window for name, window in windows.items() if window},
        "value": value_of(item, event),
        "threshold": threshold,
        "answer": value_of(node, event),
    }


def _sides(node: Node, event: Event) -> tuple[Node, Any]:
    """Return what is looked at, and what it is held against."""
    match node:
        case Comparison():
            is_turned = isinstance(node.left, Value)
            item, other = (node.right, node.left) if is_turned else (node.left, node.right)
            return item, value_of(other, event)
        case Between():
            return node.item, [value_of(node.low, event), value_of(node.high, event)]
        case Member():
            return node.item, [value.value for value in node.values]
        case Missing():
            return node.item, None
        case _:
            return node, True


def nearest_miss(
    table: RuleTable, occurrence: Occurrence, fired: Sequence[WarningRule]
) -> Record | None:
    """Return the rule that a single test kept from firing, the one nearest to its threshold."""
    event, asked = occurrence.values, {rule.reference for rule in fired}
    misses = [
        (_gap(node, event), rule.reference, node)
        for rule, node in table.near_misses(event)
        if rule.mode in {LIVE, SHADOW}
        and rule.reference not in asked
        and rule.is_asked(occurrence.kind, occurrence.time_us)
    ]
    if not misses:
        return None
    gap, reference, node = min(misses, key=lambda miss: miss[:2])
    how_far = {"gap": None if gap == _FAR else gap}
    return {"rule": reference, **how_far, **_predicate(node, event, table.schema)}


def _gap(node: Node, event: Event) -> float:
    """Return how far a value is from its threshold, as a share of the larger of the two."""
    if not isinstance(node, Comparison):
        return _FAR
    left, right = value_of(node.left, event), value_of(node.right, event)
    if isinstance(left, float) and isinstance(right, float):
        size = max(abs(left), abs(right))
        return abs(left - right) / size if size else 0.0
    return _FAR


def _not_used(found: Sequence[TypologyVerdict], event: Mapping[str, Any]) -> Record:
    """Return what no rule that fired looked at, and what it looked for in vain."""
    read = {
        name
        for verdict in found
        for rule in verdict.fired
        for node in (rule.when, rule.unless)
        if node is not None
        for name in names(node)
    }
    return {
        "not_used": sorted(set(event) - read),
        "unknown": sorted(name for name in read if event.get(name) is None),
    }
