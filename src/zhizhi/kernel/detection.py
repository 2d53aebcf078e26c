"""The contract between a detector and whatever runs it.

A detector is pure: no clock, log, randomness, database or network. The runner decodes,
quarantines, corrects device clocks, de-duplicates, reorders and sets the watermark, so that
embedded, replayed and distributed runs are bit-identical (DESIGN.md, research/geo.md section 4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

INSIDE = np.uint8(2)
RING = np.uint8(1)
VIRTUAL_SHARDS = 256
CORRECTED = np.uint8(128)  # bit of ``Batch.flags``: the device's clock was wrong and was corrected

_FIELDS: list[pa.Field[Any]] = [
    pa.field("id", pa.binary(16), nullable=False),
    pa.field("detector", pa.string(), nullable=False),
    pa.field("version", pa.int32(), nullable=False),
    pa.field("kind", pa.string(), nullable=False),  # "dwell" or "cleared"
    pa.field("entity", pa.int64(), nullable=False),
    pa.field("zone", pa.string(), nullable=False),  # zone key
    pa.field("started_at", pa.timestamp("us", tz="UTC"), nullable=False),
    pa.field("found_at", pa.timestamp("us", tz="UTC"), nullable=False),
    pa.field("inside_at", pa.timestamp("us", tz="UTC"), nullable=False),  # last seen inside
    pa.field("fixes", pa.int32(), nullable=False),
    pa.field("lon", pa.float64(), nullable=False),
    pa.field("lat", pa.float64(), nullable=False),
    pa.field("quality", pa.float32(), nullable=False),  # 1 is best
    pa.field("first_offset", pa.int64(), nullable=False),
    pa.field("last_offset", pa.int64(), nullable=False),
]
FINDING_SCHEMA = pa.schema(_FIELDS)


@dataclass(frozen=True, slots=True)
class Batch:
    """Observations of one stream as contiguous columns of equal length.

    ``entity`` is a pseudonymous token; times are UTC microseconds; lon/lat are WGS84 degrees;
    ``accuracy_m`` is NaN where unknown; ``offset`` is the journal position of the envelope and
    ``row`` the row inside it. ``zone`` is empty unless the stream already names the zone
    (``zone_occupancy.v1``), then it holds an index into ``zone_keys``.
    """

    entity: NDArray[np.int64]
    time_us: NDArray[np.int64]
    arrival_us: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy_m: NDArray[np.float32]
    flags: NDArray[np.uint8]
    offset: NDArray[np.int64]
    row: NDArray[np.int32]
    zone: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    zone_keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.entity)

    def take(self, index: NDArray[Any]) -> Batch:
        """Return the rows that ``index`` (positions or mask) selects."""
        return Batch(
            self.entity[index],
            self.time_us[index],
            self.arrival_us[index],
            self.lon[index],
            self.lat[index],
            self.accuracy_m[index],
            self.flags[index],
            self.offset[index],
            self.row[index],
            self.zone[index] if len(self.zone) else self.zone,
            self.zone_keys,
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """For each row the zones it touches: rows ``start[i]:start[i + 1]`` of ``zone`` and ``cls``.

    ``zone`` indexes ``Compiled.zone_keys``; ``cls`` is ``INSIDE`` or ``RING``.
    """

    start: NDArray[np.int32]
    zone: NDArray[np.int32]
    cls: NDArray[np.uint8]


class Compiled(Protocol):
    """Reference data turned into index arrays; ``ref_version`` is its content hash."""

    @property
    def ref_version(self) -> str: ...
    @property
    def zone_keys(self) -> tuple[str, ...]: ...


class StateMismatch(RuntimeError):
    """A checkpoint was written by another detector, version or set of parameters.

    The runner decides: migrate it, or start again from the journal with ``empty()``.
    """


class StateCorrupt(RuntimeError):
    """The bytes of a checkpoint are damaged: nothing may go on from them."""


class KeyedState(Protocol):
    """What a detector remembers: records sorted by entity, never Python objects.

    ``changed`` names the virtual shards whose records the last ``judge`` changed.
    """

    @property
    def entity(self) -> NDArray[np.int64]: ...
    @property
    def changed(self) -> NDArray[np.uint16]: ...
    def take(self, index: NDArray[Any], /) -> Self: ...


class Detector(Protocol):
    """A frozen dataclass whose fields are its parameters; see the module docstring."""

    @property
    def code(self) -> str: ...  # "fishery.dwell"
    @property
    def version(self) -> int: ...
    @property
    def reads(self) -> tuple[str, ...]: ...  # stream names, such as "vessel_positions.v1"
    @property
    def lateness(self) -> timedelta: ...

    def compile(self, reference: Mapping[str, pa.Table], /) -> Compiled: ...
    def screen(self, compiled: Any, batch: Batch, /) -> Candidates: ...
    def judge(
        self, compiled: Any, state: Any, batch: Batch, candidates: Candidates, watermark_us: int, /
    ) -> tuple[Any, pa.Table]: ...
    def empty(self) -> Any: ...
    def merge(self, states: Sequence[Any], /) -> Any: ...
    def dump(self, state: Any, /) -> bytes: ...
    def load(self, raw: bytes, from_version: int, /) -> Any: ...
    def adopt(self, raw: bytes, /) -> Any: ...  # written under other parameters


def params_hash(detector: Detector) -> str:
    """Return 16 hex digits that change with any parameter of ``detector``."""
    return hashlib.blake2b(repr(detector).encode(), digest_size=8).hexdigest()


def finding_id(detector: str, version: int, entity: int, zone: str, started_us: int) -> bytes:
    """Return the 16-byte identity of a finding: the primary key of alert and message."""
    text = f"{detector}|{version}|{entity}|{zone}|{started_us}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def shard_of(entity: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Return the virtual shard (0..255) of each token, by splitmix64, fixed for ever."""
    x = entity.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return (x % np.uint64(VIRTUAL_SHARDS)).astype(np.uint16)
