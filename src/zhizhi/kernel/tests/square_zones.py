"""Square zones with a margin in degrees, so that the judge is tested without the real screen."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from zhizhi.kernel.detection import INSIDE, RING, Batch, Candidates
from zhizhi.kernel.dwell import Dwell, WatchedZones
from zhizhi.kernel.thresholds import rules_for

S = 1_000_000
EIGHT = 1_677_196_800 * S  # 2023-02-24 00:00 UTC
MARGIN = 0.1  # the ring: half on either side of the edge

SQUARES = {"A": (0.0, 0.0), "B": (0.5, 0.0), "C": (5.0, 5.0)}  # lower left corners, side 1 degree


@dataclass(frozen=True)
class Squares:
    corners: tuple[tuple[str, tuple[float, float]], ...]

    @property
    def zone_keys(self) -> tuple[str, ...]:
        return tuple(key for key, _ in self.corners)

    @property
    def ref_version(self) -> str:
        return hashlib.sha256(repr(self.corners).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SquareDwell(Dwell):
    def compile(self, reference: Mapping[str, pa.Table], /) -> WatchedZones:
        raise NotImplementedError

    def screen(self, compiled: WatchedZones, batch: Batch, /) -> Candidates:
        assert isinstance(compiled.zones, Squares)
        start = np.zeros(len(batch) + 1, np.int32)
        pairs: list[tuple[int, int]] = []
        for i in range(len(batch)):
            named = batch.zone_keys[batch.zone[i]] if len(batch.zone) and batch.zone[i] >= 0 else ""
            for z, (key, _) in enumerate(compiled.zones.corners):
                where = touches(batch.lon[i], batch.lat[i], SQUARES[key]) if not named else ""
                if key == named or where == "in":
                    pairs.append((z, int(INSIDE)))
                elif where == "ring":
                    pairs.append((z, int(RING)))
            start[i + 1] = len(pairs)
        table = np.array(pairs, np.int64).reshape(-1, 2)
        return Candidates(start, table[:, 0].astype(np.int32), table[:, 1].astype(np.uint8))


def touches(lon: float, lat: float, corner: tuple[float, float]) -> str:
    """Return "in", "ring" or "" for a place and a square."""
    x, y = lon - corner[0], lat - corner[1]
    depth = min(x, 1 - x, y, 1 - y)
    if math.isnan(depth):
        return ""
    return "in" if depth >= MARGIN / 2 else "ring" if depth > -MARGIN / 2 else ""


def watched(
    keys: Sequence[str] = tuple(SQUARES),
    *,
    detector: Dwell | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> WatchedZones:
    """Return the squares ``keys`` with the thresholds of ``detector``."""
    own = [(parameters or {}).get(key, {}) for key in keys]
    rules = rules_for((detector or SquareDwell()).thresholds(), keys, own)
    return WatchedZones(Squares(tuple((key, SQUARES[key]) for key in keys)), rules)


def batch_of(
    rows: Sequence[tuple[int, float, float, float]],
    *,
    arrival_s: Sequence[float] | None = None,
    accuracy_m: Sequence[float] | float = 10.0,
    first_offset: int = 0,
) -> Batch:
    """Return (entity, seconds after EIGHT, lon, lat) as a batch; each arrives 1 s later."""
    count = len(rows)
    time = np.array([EIGHT + round(row[1] * S) for row in rows], np.int64)
    arrival = time + S if arrival_s is None else EIGHT + np.array(arrival_s, np.int64) * S
    return Batch(
        entity=np.array([row[0] for row in rows], np.int64),
        time_us=time,
        arrival_us=arrival,
        lon=np.array([row[2] for row in rows], np.float64),
        lat=np.array([row[3] for row in rows], np.float64),
        accuracy_m=np.broadcast_to(np.asarray(accuracy_m, np.float32), count).copy(),
        flags=np.zeros(count, np.uint8),
        offset=np.arange(first_offset, first_offset + count, dtype=np.int64),
        row=np.zeros(count, np.int32),
    )
