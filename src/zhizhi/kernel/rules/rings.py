"""Windowed features of events as they come: a ring of the last events for each key.

The state is bounded: what no window can reach any more is forgotten, and no key keeps more than
``most`` events. A late event is put in its place, and the answers that it changes are given again;
one that is later than ``lateness`` after the recorded clock of arrival is dropped and counted, so
that no event of the year 2099 moves anything. What is answered last for each event that was
accepted is, to the bit, what ``spans.py`` computes over all of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final

import orjson

from zhizhi.kernel.checkpoints import Header, demand, pack, unpack
from zhizhi.kernel.detection import StateCorrupt
from zhizhi.kernel.rules.rule import WarningRule
from zhizhi.kernel.rules.schema import Scalar
from zhizhi.kernel.rules.syntax import written
from zhizhi.kernel.rules.windows import (
    COUNT,
    DISTINCT,
    LARGEST_ADDED,
    LEAST_OF,
    MEAN,
    MILLION,
    MOST,
    MOST_OF,
    SINCE,
    SUM,
    WindowedFeature,
    WindowEvent,
)

Entry = tuple[int, str, list[Scalar]]  # time, id, and for each feature what the event adds to it
Values = dict[str, float | None]
ABSENT: Final = False  # the event is not in the window of this feature
VERSION: Final = 1
NEVER: Final = -(2**63)


@dataclass(slots=True)
class _Ring:
    """The last events of one key by time and id, and the time of the newest that had to go."""

    entries: list[Entry] = field(default_factory=list)
    floor_us: int = NEVER

    def place(self, time_us: int, which: str) -> int:
        return bisect_left(self.entries, (time_us, which), key=_order)

    def trim(self, most: int) -> None:
        if len(self.entries) > most:
            self.floor_us = max(self.floor_us, self.entries.pop(0)[0])


def _order(entry: Entry) -> tuple[int, str]:
    return entry[:2]


@dataclass(frozen=True, slots=True)
class _Group:
    """The features of one kind of key, and the rings of all its keys."""

    by: str
    features: tuple[WindowedFeature, ...]
    asking: tuple[WarningRule, ...]
    rings: dict[str, _Ring] = field(default_factory=dict)

    @property
    def horizon_us(self) -> int:
        return max(feature.span_us for feature in self.features)

    def holds(self, event: WindowEvent) -> list[Scalar]:
        """Return what an event adds to each feature."""
        return [
            _added(feature, event)
            if rule.is_asked(event.kind, event.time_us) and rule.holds(event.values)
            else ABSENT
            for feature, rule in zip(self.features, self.asking, strict=True)
        ]

    def reaches(self, event: WindowEvent, most: int) -> bool:
        """Return whether all that the windows of an event look at is still there."""
        ring = self.rings.get(event.keys.get(self.by) or "")
        if ring is None or ring.floor_us <= event.time_us - self.horizon_us:
            return True
        return ring.place(event.time_us, event.id) >= most - 1

    def take(self, event: WindowEvent, most: int) -> dict[str, Values]:
        """Put an event into the ring of its key, and return what it comes to and changes."""
        key = event.keys.get(self.by)
        if not key:
            return {}
        ring = self.rings.setdefault(key, _Ring())
        place = ring.place(event.time_us, event.id)
        ring.entries.insert(place, (event.time_us, event.id, self.holds(event)))
        found = self.answers(ring, place, most)
        ring.trim(most)
        return found

    def answers(self, ring: _Ring, place: int, most: int) -> dict[str, Values]:
        """Return the features of the event at ``place``, and of those after it in its reach."""
        found: dict[str, Values] = {}
        end_us = ring.entries[place][0] + self.horizon_us
        for at in range(place, len(ring.entries)):
            if at > place and ring.entries[at][0] >= end_us:
                break
            found[ring.entries[at][1]] = {
                feature.name: _looked_back(feature, n, ring.entries, at, most)
                for n, feature in enumerate(self.features)
            }
        return found

    def prune(self, floor_us: int) -> None:
        """Forget what no window of an event that may still come reaches."""
        least = floor_us - self.horizon_us
        for key, ring in list(self.rings.items()):
            ring.entries = [entry for entry in ring.entries if entry[0] > least]
            if not ring.entries:
                del self.rings[key]


def _added(feature: WindowedFeature, event: WindowEvent) -> Scalar:
    if feature.value is None:
        return 1.0
    if feature.aggregate == DISTINCT:
        return event.keys.get(feature.value) or None
    value = event.values.get(feature.value)
    return None if value is None else float(value) + 0.0  # no minus zero


def _looked_back(
    feature: WindowedFeature, n: int, entries: list[Entry], at: int, most: int
) -> float | None:
    """Return the feature of the event at ``at``; ``most`` events are looked at, with its own."""
    now_us = entries[at][0]
    found: list[Scalar] = []
    for place in range(at, max(at - most, -1), -1):
        time_us, _id, held = entries[place]
        if time_us <= now_us - feature.span_us:
            break
        if held[n] is ABSENT or (place == at and feature.leaves_itself_out):
            continue
        if feature.aggregate == SINCE:
            return (now_us - time_us) / MILLION
        found.append(held[n])
    known: Any = [value for value in found if value is not None]
    if not known:
        return 0.0 if feature.aggregate in _NOTHING and not found else None
    return _TAKEN_TOGETHER[feature.aggregate](known)


def _millionths(known: Sequence[float]) -> int:
    return sum(round(min(max(v, -LARGEST_ADDED), LARGEST_ADDED) * MILLION) for v in known)


_NOTHING: Final = frozenset({COUNT, SUM, DISTINCT})  # are 0 where nothing happened
_TAKEN_TOGETHER: Final[Mapping[str, Callable[[Any], float]]] = {
    COUNT: lambda known: float(len(known)),
    SUM: lambda known: _millionths(known) / MILLION,
    MEAN: lambda known: float(_millionths(known)) / float(len(known) * MILLION),
    MOST_OF: max,
    LEAST_OF: min,
    DISTINCT: lambda known: float(len(set(known))),
}


class WindowRings:
    """The windowed features of a stream: events go in, their features come out, bytes keep it."""

    def __init__(
        self, features: Sequence[WindowedFeature], lateness: timedelta, most: int = MOST
    ) -> None:
        self._features = tuple(features)
        self._lateness_us, self._most = lateness // timedelta(microseconds=1), most
        self._groups: list[_Group] = []
        for by in dict.fromkeys(feature.by for feature in features):
            mine = tuple(feature for feature in features if feature.by == by)
            self._groups.append(_Group(by, mine, tuple(one.asking for one in mine)))
        self._seen: dict[str, int] = {}
        self._until_sweep = self._most
        self.watermark_us = NEVER
        self.late = self.overfull = self.duplicates = 0

    @property
    def horizon_us(self) -> int:
        return max((group.horizon_us for group in self._groups), default=0)

    def take(self, event: WindowEvent, arrived_us: int) -> dict[str, Values]:
        """Return the features of ``event``, and anew those of events that it changes, by id.

        Nothing is returned for an event that was dropped: too late, seen before, or so late in a
        key full of events that what it looks back at is gone.
        """
        self.watermark_us = max(self.watermark_us, arrived_us - self._lateness_us)
        if not self._accepts(event):
            return {}
        self._seen[event.id] = event.time_us
        found: dict[str, Values] = {event.id: {one.name: None for one in self._features}}
        for group in self._groups:
            for which, values in group.take(event, self._most).items():
                found.setdefault(which, {}).update(values)
        if len(self._seen) >= self._until_sweep:
            self.sweep()
            self._until_sweep = max(self._most, 2 * len(self._seen))
        return found

    def _accepts(self, event: WindowEvent) -> bool:
        if event.time_us < self.watermark_us:
            self.late += 1
        elif self._seen.get(event.id, NEVER) > self.watermark_us - self.horizon_us:
            self.duplicates += 1
        elif not all(group.reaches(event, self._most) for group in self._groups):
            self.overfull += 1
        else:
            return True
        return False

    def sweep(self) -> None:
        """Forget what nothing that may still come can ask for; no answer depends on when."""
        for group in self._groups:
            group.prune(self.watermark_us)
        least = self.watermark_us - self.horizon_us
        self._seen = {name: at for name, at in self._seen.items() if at > least}

    def dump(self) -> bytes:
        """Return the state: the same bytes for the same state, however it came about."""
        self.sweep()
        rings = {
            group.by: {
                key: [ring.floor_us if ring.floor_us > self._least(group) else NEVER, ring.entries]
                for key, ring in group.rings.items()
            }
            for group in self._groups
        }
        told = [self.watermark_us, self.late, self.overfull, self.duplicates]
        kept = {"told": told, "seen": self._seen, "rings": rings}
        return pack(self._header(), orjson.dumps(kept, option=orjson.OPT_SORT_KEYS))

    def _least(self, group: _Group) -> int:
        return self.watermark_us - group.horizon_us

    def load(self, raw: bytes) -> None:
        """Take over what ``dump`` returned. Raises StateCorrupt and StateMismatch."""
        header, body = unpack(raw)
        demand(header, self._header(), header.version)
        try:
            kept = orjson.loads(body)
            self.watermark_us, self.late, self.overfull, self.duplicates = kept["told"]
            self._seen = dict(kept["seen"])
            for group in self._groups:
                group.rings.clear()
                for key, (floor_us, entries) in kept["rings"][group.by].items():
                    group.rings[key] = _Ring([(t, i, held) for t, i, held in entries], floor_us)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateCorrupt("The body of a checkpoint of windows is damaged.") from error

    def _header(self) -> Header:
        declared = [
            [one.name, one.by, sorted(one.on), one.aggregate, one.span_us, one.value,
             None if one.where is None else written(one.where), one.is_earlier]
            for one in self._features
        ]  # fmt: skip
        named = orjson.dumps([declared, self._lateness_us, self._most])
        digest = blake2b(named, digest_size=16).hexdigest()
        return Header("windows", VERSION, digest, "", 0)
