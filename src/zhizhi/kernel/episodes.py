"""What the dwell judge reads, remembers and writes: columns and records of fixed width."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.detection import INSIDE, VIRTUAL_SHARDS

_EPISODE_FIELDS = [
    ("entity", "<i8"),
    ("zone", "<i8"),  # ``dwell.zone_number`` of its key: the same in every set of zones
    ("started_us", "<i8"),
    ("inside_us", "<i8"),  # last fix inside
    ("seen_us", "<i8"),  # last fix anywhere
    ("alerted_us", "<i8"),
    ("first_offset", "<i8"),
    ("lon_e7", "<i4"),
    ("lat_e7", "<i4"),
    ("outside_us", "<u4"),  # ``seen_us`` minus the first fix outside, plus 1; 0 is not outside
    ("fixes", "<u2"),
    ("flags", "u1"),
    ("quality", "u1"),  # percent, of the worst fix
]
EPISODE = np.dtype(_EPISODE_FIELDS)
WORDS = EPISODE.itemsize // 8  # compiled code copies an episode by its words

_FOUND_FIELDS = [
    ("found_us", "<i8"),
    ("entity", "<i8"),
    ("zone", "<i4"),  # index in ``Compiled.zone_keys``
    ("kind", "<i4"),
    ("started_us", "<i8"),
    ("inside_us", "<i8"),
    ("lon", "<f8"),
    ("lat", "<f8"),
    ("fixes", "<i4"),
    ("quality", "<i4"),
    ("first_offset", "<i8"),
    ("last_offset", "<i8"),
]
FOUND = np.dtype(_FOUND_FIELDS)

_FIX_FIELDS = [
    ("time_us", "<i8"),
    ("offset", "<i8"),
    ("entity", "<i8"),
    ("lon", "<f8"),
    ("lat", "<f8"),
    ("quality", "<i8"),
]
FIX = np.dtype(_FIX_FIELDS)

_RULE_FIELDS = [
    ("number", "<i8"),  # of the zone: ``thresholds.zone_number`` of its key
    ("limit_us", "<i8"),
    ("grace_us", "<i8"),
    ("gap_us", "<i8"),
    ("cooldown_us", "<i8"),
    ("minimum_fixes", "<i8"),
    ("maximum_accuracy_m", "<f8"),
]
RULE = np.dtype(_RULE_FIELDS)


class Fixes(NamedTuple):
    """The columns of a batch that the rules look at."""

    entity: NDArray[np.int64]
    time_us: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy_m: NDArray[np.float32]
    flags: NDArray[np.uint8]
    offset: NDArray[np.int64]


class Hits(NamedTuple):
    """Which zones each row touches: the columns of ``Candidates``."""

    start: NDArray[np.int32]
    zone: NDArray[np.int32]
    cls: NDArray[np.uint8]


class Memory(NamedTuple):
    """Episodes sorted by (entity, zone), and the index of each one's zone; -1: zone is gone."""

    episodes: NDArray[Any]
    words: NDArray[np.int64]  # the same bytes, WORDS to an episode
    zone: NDArray[np.int32]


class Desk(NamedTuple):
    """What is being written: episodes, findings and their number, and which shards changed."""

    episodes: NDArray[Any]
    words: NDArray[np.int64]
    zone: NDArray[np.int32]
    found: NDArray[Any]
    told: NDArray[np.int64]  # how many findings
    changed: NDArray[np.bool_]
    fix: NDArray[Any]  # the row at hand


class Work(NamedTuple):
    """The plain columns that a call of the judge needs; arrays of records go beside them.

    Numba takes a third of a millisecond to recognise a tuple that holds arrays of records.
    """

    fixes: Fixes
    hits: Hits
    old_words: NDArray[np.int64]
    old_zone: NDArray[np.int32]
    words: NDArray[np.int64]
    zone: NDArray[np.int32]
    told: NDArray[np.int64]
    changed: NDArray[np.bool_]
    watermark_us: int


def memory_of(episodes: NDArray[Any], zone: NDArray[np.int32]) -> Memory:
    return Memory(episodes, episodes.view(np.int64).reshape(len(episodes), WORDS), zone)


def desk_for(hits: Hits, old: Memory) -> Desk:
    """Return room for the most that can come out; pages that stay unused cost nothing."""
    inside = np.count_nonzero(hits.cls == INSIDE)
    room = memory_of(
        np.empty(len(old.episodes) + inside, EPISODE),
        np.empty(len(old.episodes) + inside, np.int32),
    )
    found = np.empty(len(old.episodes) + 2 * inside, FOUND)
    changed = np.zeros(VIRTUAL_SHARDS, np.bool_)
    return Desk(*room, found, np.zeros(1, np.int64), changed, np.zeros(1, FIX))
