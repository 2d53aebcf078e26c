"""The dwell judge and the whole embedded step, against plain Python and Bytewax.

CPU time of one thread, medians. A crowd moves over a district-sized box with 1,000 zones of 64
vertices that cover 17 % of it, one fix a minute each, arriving in batches of half a minute. Half
of the crowd stands still. Run with: python -m bench.dwelling --json
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
from bench.measuring import figure, show, timed
from bench.places import HEIGHT, SOUTH, WEST, WIDTH, blots
from bytewax import operators as op
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, run_main
from numpy.typing import NDArray
from shapely import to_wkb

from zhizhi.kernel.detection import INSIDE, Batch
from zhizhi.kernel.dwell import NOTHING_FOUND, Dwell, WatchedZones
from zhizhi.kernel.stepping import Stepper, in_order
from zhizhi.kernel.tests.dwell_oracle import Event, Oracle, Told

S = 1_000_000
START = 1_700_000_000 * S
HALF_MINUTE = 30 * S
NO_ZONES: dict[str, str] = {}
MICROSECOND = timedelta(microseconds=1)


def run() -> list[dict[str, Any]]:
    """Return all figures."""
    step_through(2_000, 8)  # compile
    return [against_python(), *whole_step(), against_bytewax(), growth(), memory()]


class Crowd:
    """Tokens with a place, a slow walk, and a phase within the minute."""

    def __init__(self, people: int, seed: int = 2) -> None:
        self.rng = rng = np.random.default_rng(seed)
        speed = np.where(rng.random(people) < 0.5, 0.0, 1e-4)
        angle = rng.random(people) * 2 * np.pi
        order = np.argsort(phase := rng.integers(0, 60 * S, people))
        self.phase = phase[order]
        self.token = rng.integers(-(2**62), 2**62, people)
        self.lon = WEST + rng.random(people) * WIDTH
        self.lat = SOUTH + rng.random(people) * HEIGHT
        self.east, self.north = speed * np.cos(angle), speed * np.sin(angle)

    def batch(self, k: int) -> Batch:
        """Return the fixes of half-minute ``k`` in the order of their arrival."""
        first = k % 2 * HALF_MINUTE
        who = slice(*np.searchsorted(self.phase, [first, first + HALF_MINUTE]))
        minute, size = k // 2, who.stop - who.start
        moved = self.rng.normal(0, 5e-5, (2, size))
        when = START + minute * 60 * S + self.phase[who]
        arrival = np.maximum.accumulate(when + self.rng.integers(0, 20 * S, size))
        columns: list[Any] = [
            self.token[who],
            when,
            arrival,
            self.lon[who] + self.east[who] * minute + moved[0],
            self.lat[who] + self.north[who] * minute + moved[1],
            np.full(size, 12, np.float32),
            np.zeros(size, np.uint8),
            np.full(size, k, np.int64),
            np.arange(size, dtype=np.int32),
        ]
        return Batch(*columns).take(np.argsort(arrival, kind="stable"))

    def clock_us(self, k: int) -> int:
        return START + (k + 1) * HALF_MINUTE


@cache
def zones(count: int = 1_000) -> WatchedZones:
    """Return zones of 64 vertices that cover 17 % of the box."""
    keys = [f"Z{number:04d}" for number in range(count)]
    return Dwell().compile({"zones": pa.table({"key": keys, "boundary": to_wkb(blots(count))})})


def events_of(batch: Batch, sample: NDArray[np.int64]) -> list[Event]:
    """Return the rows of some entities as plain objects, in the order of their times."""
    batch = in_order(batch.take(np.isin(batch.entity, sample)))
    hits = Dwell().screen(zones(), batch)
    keys, events = zones().zone_keys, []
    start, zone, cls = hits.start.tolist(), hits.zone.tolist(), hits.cls.tolist()
    who, when = batch.entity.tolist(), batch.time_us.tolist()
    for row in np.argsort(batch.time_us, kind="stable").tolist():
        touches = {
            keys[zone[h]]: "in" if cls[h] == INSIDE else "ring"
            for h in range(start[row], start[row + 1])
        }
        events.append(Event(who[row], when[row], touches or NO_ZONES, 12.0))
    return events


@dataclass
class Comparison:
    """One crowd, judged and stepped through; plain events of a sample of it for the peers."""

    events: list[Event] = field(default_factory=list)
    judge_ns: list[float] = field(default_factory=list)
    step_ns: list[float] = field(default_factory=list)
    judged: list[Told] = field(default_factory=list)
    stepped: list[Told] = field(default_factory=list)
    watermark_us: int = 0


@cache
def compared(people: int = 200_000, share: float = 0.04, minutes: int = 45) -> Comparison:
    """Run the judge on sorted, screened rows, and the whole step on rows as they arrive."""
    crowd, rule, result = Crowd(people), Dwell(), Comparison()
    sample = crowd.rng.permutation(crowd.token)[: int(people * share)]
    state, stepper = rule.empty(), Stepper(rule, zones())
    judged, stepped = [NOTHING_FOUND], [NOTHING_FOUND]
    for k in range(2 * minutes):
        batch, clock = crowd.batch(k), crowd.clock_us(k)
        result.events += events_of(batch, sample)
        ordered = in_order(batch)
        hits = rule.screen(zones(), ordered)
        (state, table), spent = timed(partial(rule.judge, zones(), state, ordered, hits, clock - 1))
        judged.append(table)
        result.judge_ns.append(spent / len(batch) * 1e9)
        _, pushed = timed(partial(stepper.push, batch))
        step, advanced = timed(partial(stepper.advance, clock))
        stepped.append(step.findings)
        if step.judged > 0.9 * len(batch):
            result.step_ns.append((pushed + advanced) / len(batch) * 1e9)
    result.watermark_us = crowd.clock_us(2 * minutes - 1) - 1
    stepped.append(stepper.advance(result.watermark_us + rule.lateness // MICROSECOND).findings)
    result.judged, result.stepped = told(judged, sample), told(stepped, sample)
    return result


def against_python() -> dict[str, Any]:
    """Compare the judge with the plain-Python oracle: one dictionary entry after the other."""
    crowd, peers = compared(), list[float]()
    theirs: list[Told] = []
    for _ in range(3):
        oracle = Oracle()
        _, spent = timed(partial(deque, map(oracle.see, crowd.events), 0))
        theirs, end = timed(partial(oracle.finish, crowd.watermark_us))
        peers.append((spent + end) / len(crowd.events) * 1e9)
    demand_equal(crowd.judged, theirs)
    ours, peer = median(crowd.judge_ns), median(peers)
    return figure("dwell judge", "ns/position", ours, ("plain Python", peer), least=20)


def demand_equal(ours: list[Told], theirs: list[Told]) -> None:
    """Refuse to compare speeds when the findings differ."""
    if ours != theirs or len(ours) < 100:
        message = f"The findings differ: {len(ours)} of ours, {len(theirs)} of theirs."
        raise SystemExit(message)


def told(tables: list[pa.Table], sample: NDArray[np.int64]) -> list[Told]:
    """Return the findings about some entities as the oracle tells them."""
    table = pa.concat_tables(tables)
    table = table.filter(pa.array(np.isin(np.asarray(table.column("entity")), sample)))
    names = ("kind", "entity", "zone", "started_at", "found_at", "inside_at", "fixes")
    columns = [
        column.cast(pa.int64()).to_pylist() if name.endswith("_at") else column.to_pylist()
        for name, column in ((name, table.column(name)) for name in names)
    ]
    quality = np.rint(np.asarray(table.column("quality")) * 100).astype(int).tolist()
    rows: Any = sorted(zip(*columns, quality, strict=True))
    return list(rows)


def step_through(people: int, batches: int, *, partitions: int = 1) -> tuple[float, Stepper]:
    """Return the CPU nanoseconds a position of the whole step, and the stepper afterwards."""
    crowd, stepper = Crowd(people), Stepper(Dwell(), zones(), partitions=partitions)
    costs = []
    for k in range(batches):
        batch = crowd.batch(k)
        _, pushed = timed(partial(stepper.push, batch))
        step, advanced = timed(partial(stepper.advance, crowd.clock_us(k)))
        if step.judged > 0.9 * len(batch):
            costs.append((pushed + advanced) / len(batch) * 1e9)
    return median(costs), stepper


def whole_step() -> list[dict[str, Any]]:
    """Measure reorder, watermark, shard, screen and judge together."""
    cost = median(compared().step_ns)
    eighths, _ = step_through(200_000, 24, partitions=8)
    name = "whole step, 200,000 entities, 1,000 zones"
    return [
        figure(name, "M positions/s", 1e3 / cost, least=4),
        figure(f"{name}, in 8 partitions", "M positions/s", 1e3 / eighths),
    ]


def memory() -> dict[str, Any]:
    """Measure the bytes that an open stay takes in the checkpoints of all shards."""
    rule, (_, stepper) = Dwell(), step_through(200_000, 40)
    dumps = [stepper.dump_shard(shard) for shard in range(256)]
    stays = sum(len(rule.load(raw, rule.version)) for raw in dumps)
    used = sum(len(raw) for raw in dumps) / stays
    return figure("checkpoint of an open stay", "bytes", used, most=80)


def against_bytewax() -> dict[str, Any]:
    """Compare the whole step with a keyed map of Bytewax, which is given screened, sorted rows."""
    crowd = compared()
    theirs, spent = timed(partial(through_bytewax, crowd.events))
    demand_equal([row for row in crowd.stepped if row[0] == "dwell"], theirs)
    ours, peer = median(crowd.step_ns), spent / len(crowd.events) * 1e9
    return figure("whole step", "ns/position", ours, ("Bytewax stateful_map", peer), least=20)


def through_bytewax(events: list[Event]) -> list[Told]:
    """Return the stays that the oracle's rules find as a keyed map of Bytewax."""
    out: list[Any] = []

    def judge(oracle: Oracle | None, event: Event) -> tuple[Oracle, list[Told]]:
        oracle = oracle or Oracle()
        oracle.see(event)
        found, oracle.found = oracle.found, []
        return oracle, found

    flow = Dataflow("dwell")
    rows = ((str(event.who), event) for event in events)
    keyed = op.input("in", flow, TestingSource(rows, batch_size=1_000))
    op.output("out", op.stateful_map("judge", keyed, judge), TestingSink(out))
    run_main(flow)
    return sorted(row for _, found in out for row in found if row[0] == "dwell")


def growth() -> dict[str, Any]:
    """Compare the cost of a position among 2 million entities with that among 20 thousand."""
    few, _ = step_through(20_000, 60)
    many, _ = step_through(2_000_000, 14)
    name = "position among 2,000,000 entities over 20,000"
    return figure(name, "times the cost", many / few, most=5)


if __name__ == "__main__":
    show(run, __doc__)
