"""The dwell detector: somebody has stayed in a watched zone for longer than allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhizhi.kernel import checkpoints
from zhizhi.kernel.detection import (
    FINDING_SCHEMA,
    Batch,
    Candidates,
    Compiled,
    finding_id,
    params_hash,
)
from zhizhi.kernel.episodes import EPISODE, Fixes, Hits, desk_for, memory_of
from zhizhi.kernel.judging import judge
from zhizhi.kernel.thresholds import check_defaults, demoted, rules_for
from zhizhi.kernel.zones import CompiledZones, compile_zones, screen_named, screen_points

KINDS = ("dwell", "cleared")
NOTHING_FOUND = FINDING_SCHEMA.empty_table()

_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stays:
    """Open stays and live cooldowns, sorted by (entity, zone), 76 bytes each.

    ``zone`` is the index of each one's zone in the set named by ``ref_version``. Episodes
    themselves carry ``zone_number``, so they outlive an edit of the zones.
    """

    episodes: NDArray[Any]
    zone: NDArray[np.int32]
    ref_version: str = ""
    changed: NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, np.uint16))

    def __len__(self) -> int:
        return len(self.episodes)

    @property
    def entity(self) -> NDArray[np.int64]:
        column: NDArray[np.int64] = self.episodes["entity"]
        return column

    def take(self, index: NDArray[Any], /) -> Stays:
        return Stays(self.episodes[index], self.zone[index], self.ref_version)


@dataclass(frozen=True, slots=True)
class WatchedZones:
    """The zones, and the thresholds of each: the detector's own unless the zone overrides them."""

    zones: Compiled
    rules: NDArray[Any]

    @property
    def ref_version(self) -> str:
        return self.zones.ref_version

    @property
    def zone_keys(self) -> tuple[str, ...]:
        return self.zones.zone_keys

    def index_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the index of each zone number; -1 where the zone is gone."""
        if not len(self.rules["number"]):
            return np.full(len(numbers), -1, np.int32)
        order = np.argsort(self.rules["number"])
        place = np.searchsorted(self.rules["number"], numbers, sorter=order)
        index = order[np.minimum(place, len(order) - 1)]
        return np.where(self.rules["number"][index] == numbers, index, -1).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Dwell:
    """Finds stays in a zone that last longer than ``limit``: 30:00 is not found, 30:01 is.

    A fix is *inside* when it lies in the polygon shrunk by max(accuracy, ``enter_margin_m``),
    *outside* when it lies beyond the polygon grown by max(2 accuracy, ``exit_margin_m``), and in
    the *ring* between. The ring keeps a stay and starts none. So does a fix less accurate than
    ``maximum_accuracy_m``, which is never counted.

    A stay starts with a fix inside. It ends when somebody has been outside for ``grace`` (180 s
    is enough, 179 s is not), or silent for longer than ``gap`` (601 s ends it, 600 s does not):
    nobody is accused of minutes that nobody saw. Either way it ended at the last fix inside.

    "dwell" is found by a fix inside, never by a timer: later than ``limit`` after the first,
    at the earliest with the fix number ``minimum_fixes``, once a stay, and not within
    ``cooldown`` of an earlier finding about the same entity in the same zone. When a stay that
    was found ends, "cleared" is found under the same id; its ``found_at`` is the moment at which
    the end became certain, ``inside_at`` the last fix inside.

    A row that names its zone (``zone_occupancy.v1``) is inside that zone. A zone may override
    ``limit_minutes``, ``grace_seconds``, ``gap_seconds``, ``minimum_fixes``,
    ``maximum_accuracy_m`` and ``cooldown_hours``.
    """

    code: str = "dwell"
    version: int = 1
    reads: tuple[str, ...] = ("vessel_positions.v1", "shore_positions.v1", "zone_occupancy.v1")
    lateness: timedelta = timedelta(seconds=120)
    limit: timedelta = timedelta(minutes=30)
    grace: timedelta = timedelta(seconds=180)
    gap: timedelta = timedelta(seconds=600)
    minimum_fixes: int = 3
    enter_margin_m: float = 15.0
    exit_margin_m: float = 50.0
    maximum_accuracy_m: float = 200.0
    cooldown: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        check_defaults(self.code, self.thresholds())

    def thresholds(self) -> dict[str, float]:
        """Return the thresholds that a zone may override, under the names of the overrides."""
        return {
            "limit_minutes": self.limit / timedelta(minutes=1),
            "grace_seconds": self.grace / timedelta(seconds=1),
            "gap_seconds": self.gap / timedelta(seconds=1),
            "cooldown_hours": self.cooldown / timedelta(hours=1),
            "minimum_fixes": self.minimum_fixes,
            "maximum_accuracy_m": self.maximum_accuracy_m,
        }

    def compile(self, reference: Mapping[str, pa.Table], /) -> WatchedZones:
        """Compile ``reference["zones"]``; raises BadReference and ThresholdError."""
        zones = compile_zones(
            reference["zones"],
            enter_margin_m=self.enter_margin_m,
            exit_margin_m=self.exit_margin_m,
        )
        return WatchedZones(zones, rules_for(self.thresholds(), zones.zone_keys, zones.parameters))

    def screen(self, compiled: WatchedZones, batch: Batch, /) -> Candidates:
        """Return the zones that each row touches, by its place or by the zone that it names."""
        zones = compiled.zones
        if not isinstance(zones, CompiledZones):
            raise TypeError("These zones were not compiled by this detector.")
        named = np.flatnonzero(batch.zone >= 0)
        placed = screen_points(zones, batch.lon, batch.lat, batch.accuracy_m, batch.time_us)
        if not len(named):
            return placed
        by_name = screen_named(zones, batch.zone[named], batch.zone_keys, batch.time_us[named])
        return _with_named(placed, named, by_name)

    def judge(
        self,
        compiled: WatchedZones,
        state: Stays,
        batch: Batch,
        candidates: Candidates,
        watermark_us: int,
        /,
    ) -> tuple[Stays, pa.Table]:
        """Return the stays after ``batch`` and what was found, sorted by time of finding."""
        fixes = Fixes(
            batch.entity,
            batch.time_us,
            batch.lon,
            batch.lat,
            batch.accuracy_m,
            batch.flags,
            batch.offset,
        )
        rules, found = compiled.rules, Hits(candidates.start, candidates.zone, candidates.cls)
        hits = demoted(found, batch.accuracy_m, rules)
        is_current = state.ref_version == compiled.ref_version
        zone = state.zone if is_current else compiled.index_of(state.episodes["zone"])
        old = memory_of(state.episodes, zone)
        desk = desk_for(hits, old)
        count = judge(desk, fixes, hits, rules, old, watermark_us=watermark_us)
        episodes, zone = desk.episodes[:count], desk.zone[:count]
        if 2 * count < len(desk.episodes):  # a view would hold on to the room that was not used
            episodes, zone = episodes.copy(), zone.copy()
        changed = np.flatnonzero(desk.changed).astype(np.uint16)
        after = Stays(episodes, zone, compiled.ref_version, changed)
        return after, self._table(compiled, desk.found[: desk.told[0]])

    def empty(self) -> Stays:
        return Stays(np.empty(0, EPISODE), np.empty(0, np.int32))

    def merge(self, states: Sequence[Stays], /) -> Stays:
        """Return the stays of different entities as one state."""
        if not states:
            return self.empty()
        episodes = np.concatenate([state.episodes for state in states])
        zone = np.concatenate([state.zone for state in states])
        versions = {state.ref_version for state in states}
        order = np.lexsort((episodes["zone"], episodes["entity"]))
        version = versions.pop() if len(versions) == 1 else ""
        return Stays(episodes[order], zone[order], version)

    def dump(self, state: Stays, /) -> bytes:
        """Return ``state`` as bytes: a JSON header and the episodes as they lie in memory."""
        header = checkpoints.Header(
            self.code, self.version, params_hash(self), state.ref_version, len(state)
        )
        return checkpoints.pack(header, np.ascontiguousarray(state.episodes).tobytes())

    def load(self, raw: bytes, from_version: int, /) -> Stays:
        """Return the state that ``dump`` wrote; raises StateMismatch and StateCorrupt."""
        header, body = checkpoints.unpack(raw)
        wanted = checkpoints.Header(
            self.code, self.version, params_hash(self), header.ref_version, header.rows
        )
        checkpoints.demand(header, wanted, from_version)
        episodes = np.frombuffer(body, EPISODE, header.rows).copy()
        return Stays(episodes, np.full(len(episodes), -1, np.int32))

    def adopt(self, raw: bytes, /) -> Stays:
        """Return a state written under other parameters: stays are facts, whatever the limit is.

        Raises StateMismatch when another detector or version wrote it, and StateCorrupt.
        """
        header, body = checkpoints.unpack(raw)
        own = replace(header, params=params_hash(self))
        return self.load(checkpoints.pack(own, body), header.version)

    def _table(self, compiled: WatchedZones, found: NDArray[Any]) -> pa.Table:
        if not len(found):
            return NOTHING_FOUND
        found = np.sort(found, order=["found_us", "entity", "zone", "kind"])
        keys, count = compiled.zone_keys, len(found)
        zones = [keys[z] for z in found["zone"].tolist()]
        identity = zip(found["entity"].tolist(), zones, found["started_us"].tolist(), strict=True)
        columns: dict[str, Any] = {
            "id": [finding_id(self.code, self.version, *parts) for parts in identity],
            "detector": [self.code] * count,
            "version": np.full(count, self.version, np.int32),
            "kind": [KINDS[kind] for kind in found["kind"].tolist()],
            "entity": found["entity"],
            "zone": zones,
            "started_at": found["started_us"],
            "found_at": found["found_us"],
            "inside_at": found["inside_us"],
            "fixes": found["fixes"],
            "lon": found["lon"],
            "lat": found["lat"],
            "quality": (found["quality"] / 100).astype(np.float32),
            "first_offset": found["first_offset"],
            "last_offset": found["last_offset"],
        }
        arrays = [pa.array(columns[f.name], f.type) for f in FINDING_SCHEMA]
        return pa.Table.from_arrays(arrays, schema=FINDING_SCHEMA)


def _with_named(placed: Candidates, named: NDArray[np.intp], by_name: Candidates) -> Candidates:
    """Return ``placed`` with the rows ``named`` replaced by what their zone says."""
    counts = np.diff(placed.start)
    is_kept = np.ones(len(counts), np.bool_)
    is_kept[named] = False
    hit = np.repeat(is_kept, counts)
    counts[named] = np.diff(by_name.start)
    row = np.concatenate(
        [np.repeat(np.flatnonzero(is_kept), counts[is_kept]), np.repeat(named, counts[named])]
    )
    order = np.argsort(row, kind="stable")
    start = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=start[1:])
    zone = np.concatenate([placed.zone[hit], by_name.zone])[order]
    cls = np.concatenate([placed.cls[hit], by_name.cls])[order]
    return Candidates(start, zone, cls)
