"""Small worlds for tests of the dwell detector: hand-made events, and a crowd on three squares."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from zhizhi.kernel.detection import CORRECTED, FINDING_SCHEMA, INSIDE, RING, Batch, Candidates
from zhizhi.kernel.dwell import Dwell, Stays, WatchedZones
from zhizhi.kernel.stepping import Stepper, StepResult
from zhizhi.kernel.tests.dwell_oracle import Event, Told

S = 1_000_000
EIGHT = 1_677_196_800 * S  # 2023-02-24 00:00 UTC, eight in the morning in Chongqing
LON, LAT = 107.4, 29.7
METRE_LON, METRE_LAT = 1.0 / 96_700.0, 1.0 / 110_850.0
SQUARES = {"A": (0.0, 0.0), "B": (800.0, 0.0), "C": (5_000.0, 0.0)}  # south-west corners, metres
SIDE_M = 1_000.0


@cache
def squares(
    keys: tuple[str, ...] = tuple(SQUARES), parameters: str = "{}", detector: Dwell | None = None
) -> WatchedZones:
    """Return three squares of 1 km, of which A and B overlap; ``parameters`` maps key to JSON."""
    own = json.loads(parameters)
    corners = [at(*SQUARES[key]) + at(*(c + SIDE_M for c in SQUARES[key])) for key in keys]
    table = pa.table(
        {
            "key": list(keys),
            "boundary": [shapely.to_wkb(shapely.box(*corner)) for corner in corners],
            "seasons": ["[]"] * len(keys),
            "parameters": [json.dumps(own.get(key, {})) for key in keys],
        }
    )
    return (detector or Dwell()).compile({"zones": table})


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """Return the place that lies so far from the origin."""
    return LON + east_m * METRE_LON, LAT + north_m * METRE_LAT


def batch_of(
    entity: Any,
    time_us: Any,
    east_m: Any,
    north_m: Any,
    *,
    accuracy_m: Any = 10.0,
    delay_s: Any = 1,
) -> Batch:
    """Return rows in the order of their arrival, ``delay_s`` after their time."""
    time = np.asarray(time_us, np.int64)
    size = len(time)
    columns: list[Any] = [
        np.broadcast_to(np.asarray(entity, np.int64), size).copy(),
        time,
        time + np.asarray(delay_s, np.int64) * S,
        LON + np.broadcast_to(np.asarray(east_m, float), size) * METRE_LON,
        LAT + np.broadcast_to(np.asarray(north_m, float), size) * METRE_LAT,
        np.broadcast_to(np.asarray(accuracy_m, np.float32), size).copy(),
        np.zeros(size, np.uint8),
        np.zeros(size, np.int64),
        np.arange(size, dtype=np.int32),
    ]
    return arrived(Batch(*columns))


def arrived(batch: Batch) -> Batch:
    """Return the rows in the order of their arrival, each in an envelope of its own."""
    batch = batch.take(np.argsort(batch.arrival_us, kind="stable"))
    return replace(batch, offset=np.arange(1, len(batch) + 1, dtype=np.int64))


def crowd(seed: int, *, people: int = 60, minutes: int = 240, delay_s: int = 100) -> Batch:
    """Return a morning of a crowd: some linger, some pass, some fall silent."""
    rng = np.random.default_rng(seed)
    parts = []
    for who in rng.permutation(people):
        steps = rng.integers(20, minutes)
        every = rng.choice([20, 60, 150, 400])
        waits = np.where(rng.random(steps) < 0.03, rng.integers(300, 1500), every)
        time = EIGHT + np.cumsum(waits * S + rng.integers(0, 999_999, steps))
        speed = rng.choice([0.5, 3.0, 40.0])
        east = rng.uniform(-400, 6_400) + np.cumsum(rng.normal(0, speed * 15, steps))
        north = rng.uniform(-200, 1_200) + np.cumsum(rng.normal(0, speed * 6, steps))
        accuracy = rng.choice([np.nan, 8, 30, 120, 260], steps, p=[0.1, 0.5, 0.25, 0.1, 0.05])
        delay = rng.integers(0, delay_s, steps)
        token = int(rng.integers(-(2**62), 2**62)) if who % 2 else int(who)
        parts.append((np.full(steps, token), time, east, north, accuracy, delay))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return batch_of(*columns[:4], accuracy_m=columns[4], delay_s=columns[5])


def run(
    batch: Batch,
    *,
    size: int = 0,
    partitions: int = 1,
    detector: Dwell | None = None,
    compiled: WatchedZones | None = None,
) -> pa.Table:
    """Return all findings of a stepper that is given ``size`` rows at a time (0: all at once)."""
    rule = detector or Dwell()
    stepper = Stepper(rule, compiled or squares(detector=detector), partitions=partitions)
    results = [step for step, _ in steps(stepper, batch, size)]
    results.append(stepper.advance(int(batch.arrival_us.max()) + 7_200 * S))
    return sorted_table([step.findings for step in results])


def steps(stepper: Stepper, batch: Batch, size: int) -> Iterable[tuple[StepResult, int]]:
    """Push and advance ``size`` rows at a time; yield each step and the rows pushed so far."""
    size = size or len(batch)
    for first in range(0, len(batch), size):
        part = batch.take(np.arange(first, min(first + size, len(batch))))
        stepper.push(part)
        yield stepper.advance(int(part.arrival_us.max())), first + len(part)


def sorted_table(tables: Sequence[pa.Table], *, offsets: bool = True) -> pa.Table:
    table = pa.concat_tables([FINDING_SCHEMA.empty_table(), *tables])
    if not offsets:
        table = table.drop_columns(["first_offset", "last_offset"])
    order = ("found_at", "entity", "zone", "kind", "started_at")
    return table.sort_by([(name, "ascending") for name in order]).combine_chunks()


def as_bytes(table: pa.Table, *, offsets: bool = True) -> bytes:
    """Return a table as bytes, to be compared."""
    sink = pa.BufferOutputStream()
    table = sorted_table([table], offsets=offsets)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def told(table: pa.Table) -> list[Told]:
    """Return findings as the oracle tells them."""
    us = {name: table.column(name).cast(pa.int64()).to_pylist() for name in TIMES}
    quality = np.rint(np.asarray(table.column("quality")) * 100).astype(int).tolist()
    names = [table.column(name).to_pylist() for name in ("kind", "entity", "zone", "fixes")]
    kind, who, zone, fixes = names
    return sorted(
        zip(kind, who, zone, us["started_at"], us["found_at"], us["inside_at"], fixes, quality,
            strict=True)
    )  # fmt: skip


TIMES = ("started_at", "found_at", "inside_at")


def judged(
    events: Sequence[Event],
    watermark_us: int,
    *,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    parts: int = 1,
    through_bytes: bool = False,
) -> list[Told]:
    """Return what the judge finds in events sorted by time, given in ``parts`` batches."""
    rule, compiled = Dwell(), squares(parameters=json.dumps(parameters or {}))
    state, found = rule.empty(), []
    cuts = np.linspace(0, len(events), parts + 1).astype(int)
    for first, last in pairwise(cuts):
        part = events[first:last]
        until = watermark_us if last == len(events) else part[-1].at if part else 0
        state, table = rule.judge(compiled, state, *_seen(part, compiled.zone_keys), until)
        found += told(table)
        if through_bytes:
            state = rule.load(rule.dump(state), rule.version)
    return sorted(found)


def _seen(events: Sequence[Event], keys: tuple[str, ...]) -> tuple[Batch, Candidates]:
    order = sorted(range(len(events)), key=lambda i: (events[i].who, events[i].at))
    ranked = [events[i] for i in order]
    size = len(ranked)
    flags = np.array([CORRECTED if e.is_corrected else 0 for e in ranked], np.uint8)
    columns: list[Any] = [
        np.array([e.who for e in ranked], np.int64),
        np.array([e.at for e in ranked], np.int64),
        np.array([e.at for e in ranked], np.int64),
        np.full(size, LON),
        np.full(size, LAT),
        np.array([e.accuracy for e in ranked], np.float32),
        flags,
        np.array(order, np.int64),
        np.zeros(size, np.int32),
    ]
    pairs = [
        (keys.index(zone), INSIDE if where == "in" else RING)
        for e in ranked
        for zone, where in sorted(e.touches.items())
    ]
    start = np.cumsum([0, *(len(e.touches) for e in ranked)]).astype(np.int32)
    table: NDArray[np.int64] = np.array(pairs, np.int64).reshape(-1, 2)
    hits = Candidates(start, table[:, 0].astype(np.int32), table[:, 1].astype(np.uint8))
    return Batch(*columns), hits


def events_of(batch: Batch, compiled: WatchedZones) -> list[Event]:
    """Return rows as the oracle sees them, in the order of their times."""
    hits = Dwell().screen(compiled, batch)
    events = []
    for row in np.argsort(batch.time_us, kind="stable").tolist():
        span = slice(hits.start[row], hits.start[row + 1])
        touches = {
            compiled.zone_keys[zone]: "in" if cls == INSIDE else "ring"
            for zone, cls in zip(hits.zone[span].tolist(), hits.cls[span].tolist(), strict=True)
        }
        who, when = int(batch.entity[row]), int(batch.time_us[row])
        events.append(Event(who, when, touches, float(batch.accuracy_m[row])))
    return events


def stays_of(stepper: Stepper) -> Stays:
    """Return everything that a stepper with one partition remembers."""
    rule = stepper.detector
    loaded = [rule.load(stepper.dump_shard(shard), rule.version) for shard in range(256)]
    merged = rule.merge(loaded)
    assert isinstance(merged, Stays)
    return merged
