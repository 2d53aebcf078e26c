"""Small worlds of events for windows, and what their features are by the definition alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from random import Random

import pyarrow as pa

from zhizhi.kernel.rules.checking import Checker
from zhizhi.kernel.rules.histories import EventHistory, history_of
from zhizhi.kernel.rules.parsing import parsed
from zhizhi.kernel.rules.schema import BOOLEAN, NUMBER, Column, Schema
from zhizhi.kernel.rules.syntax import Node
from zhizhi.kernel.rules.windows import AGGREGATES, WindowedFeature, WindowEvent

WORLD = Schema(
    "world.v1",
    ("pay", "call"),
    {"amount": Column("amount", NUMBER, ""), "is_new": Column("is_new", BOOLEAN, "")},
    {"payee": "Who is paid."},
)
AMOUNTS = (None, 0.0, -0.0, 0.1, 0.2, 0.30000000000000004, -7.25, 1e9, 3e12, 1e-15, 0.0000005)


def condition(text: str) -> Node:
    return Checker(WORLD, {}).condition(parsed(text)).node


def feature(aggregate: str, span_us: int = 10, **more: object) -> WindowedFeature:
    value = {"count": None, "since": None, "distinct": "payee"}.get(aggregate, "amount")
    given: dict[str, object] = {"by": "entity", "on": frozenset({"pay"}), "value": value, **more}
    name = str(given.pop("name", aggregate))
    return WindowedFeature(
        name, aggregate=aggregate, span=timedelta(microseconds=span_us), **given  # type: ignore[arg-type]
    )  # fmt: skip


def happened(which: str, at: int, amount: float | None = 1.0, **more: object) -> WindowEvent:
    keys = {"entity": more.get("entity", "p"), "payee": more.get("payee")}
    values = {"amount": amount, "is_new": more.get("is_new")}
    return WindowEvent(which, str(more.get("kind", "pay")), at, keys, values)  # type: ignore[arg-type]


FEATURES = (
    *(feature(one, 7 + n, name=f"all_{one}") for n, one in enumerate(AGGREGATES)),
    *(
        feature(one, 5, name=f"new_{one}", where=condition("is_new OR amount > 0.2"),
                on=frozenset({"pay", "call"}), is_earlier=True)
        for one in AGGREGATES
    ),
    feature("distinct", 20, name="payers", by="payee", value="entity"),
    feature("sum", 3, name="received", by="payee"),
)  # fmt: skip


def drawn(draw: Random, count: int) -> list[WindowEvent]:
    """Return events in the order in which they arrive: late ones, ties, duplicates, unknowns."""
    events: list[WindowEvent] = []
    names = draw.sample(range(10_000), count)
    for n, name in enumerate(names):
        if events and draw.random() < 0.2:
            events.append(draw.choice(events[-5:]))
            continue
        at = 100 + n // 2 + draw.choice((0, 0, 0, 0, -1, -4, -9))
        events.append(
            happened(
                f"e{name}", at, draw.choice(AMOUNTS), kind=draw.choice(WORLD.kinds),
                is_new=draw.choice((None, True, False)), entity=draw.choice(("p", "q")),
                payee=draw.choice((None, "", "a", "b", "c")),
            )
        )  # fmt: skip
    return events


def history(events: Sequence[WindowEvent]) -> EventHistory:
    table = pa.table({
        "event_id": pa.array([one.id for one in events], pa.string()),
        "kind": pa.array([one.kind for one in events], pa.string()),
        "time_us": pa.array([one.time_us for one in events], pa.int64()),
        "entity": pa.array([one.keys["entity"] for one in events], pa.string()),
        "payee": pa.array([one.keys["payee"] for one in events], pa.string()),
        "amount": pa.array([one.values["amount"] for one in events], pa.float64()),
        "is_new": pa.array([one.values["is_new"] for one in events], pa.bool_()),
    })  # fmt: skip
    return history_of(table, WORLD, 0, 2**62)


def by_definition(
    one: WindowedFeature, events: Sequence[WindowEvent], which: str, most: int
) -> float | None:
    """Return one feature of one event of ``events``, each of which is there once."""
    mine = next(event for event in events if event.id == which)
    key = mine.keys[one.by]
    if not key:
        return None
    order = sorted((e for e in events if e.keys[one.by] == key), key=lambda e: (e.time_us, e.id))
    before = order[: order.index(mine) + 1][-most:]
    window = [e for e in before if mine.time_us - e.time_us < one.span_us]
    window = [e for e in window if one.asking.is_asked(e.kind, e.time_us)]
    window = [e for e in window if one.asking.holds(e.values)]
    if one.leaves_itself_out:
        window = [e for e in window if e is not mine]
    return _together(one, window, mine.time_us)


def _together(one: WindowedFeature, window: list[WindowEvent], now_us: int) -> float | None:
    if one.aggregate == "count":
        return float(len(window))
    if one.aggregate == "since":
        return min(((now_us - e.time_us) / 1e6 for e in window), default=None)
    if one.aggregate == "distinct":
        keys = {e.keys[str(one.value)] for e in window} - {None, ""}
        return float(len(keys)) if keys or not window else None
    known = [v for e in window if (v := e.values["amount"]) is not None]
    if not known:
        return 0.0 if one.aggregate == "sum" and not window else None
    amounts = [float(v) for v in known]
    if one.aggregate in {"max", "min"}:
        return (max(amounts) if one.aggregate == "max" else min(amounts)) + 0.0
    exact = sum(Fraction(round(max(min(v, 1e9), -1e9) * 1e6)) for v in amounts)
    scale = 10**6 * (len(amounts) if one.aggregate == "mean" else 1)
    return float(exact) / float(scale)
