"""The rule of the guardian, live: the kernel's companion rule over what readers and people tell.

Everything the rule goes by stands in the rows of one stream, so a replay finds the same: who was
read where and in which circumstances, what relatives answered, and when a case was over. An entity
is a ward; a companion's row carries the ward's token, so that one shard knows all it needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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
    finding_id,
    params_hash,
    shard_of,
)
from zhizhi.kernel.solitude import (
    LONG_AGO,
    Answer,
    Circumstance,
    Company,
    Encounter,
    Push,
    Reason,
    Solitude,
    Stage,
    Vigil,
)
from zhizhi.systems.guardian.naming import CODE, STREAM

VERSION = 1
WARD, COMPANION = "ward", "companion"  # whose tag was read, with the reader behind: "ward@R-12"
SEEN_TO, CLOSED, STOPPED = "seen_to", "closed", "stopped"  # beside the answers of relatives
CLEARED = "cleared"
NEVER = 2**62  # a time that does not come
_ABOUT = sum(one.value for one in Circumstance)
_TOLD_NONE = FINDING_SCHEMA.empty_table()
_NO_SHARDS = np.empty(0, np.uint16)


def at_reader(role: str, reader: str) -> str:
    """Return how a row names whose tag was read, and by which reader."""
    return f"{role}@{reader}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One row about a ward that may still have to be explained."""

    at_us: int
    offset: int
    reader: str
    lon: float
    lat: float


@dataclass(slots=True)
class Watch:
    """What is remembered of one ward: the rule's minutes, where they were told, what was raised."""

    vigil: Vigil = field(default_factory=Vigil)
    seen: list[Seen] = field(default_factory=list)
    raised: list[dict[str, Any]] = field(default_factory=list)

    def dump(self) -> bytes:
        """Return it as bytes, the same for the same content."""
        return json.dumps(asdict(self), default=_number, separators=(",", ":")).encode()

    @classmethod
    def load(cls, raw: bytes) -> Watch:
        """Return what ``dump`` wrote."""
        read = json.loads(raw)
        vigil = read["vigil"]
        vigil["encounters"] = [
            Encounter(**{**one, "about": Circumstance(one["about"])}) for one in vigil["encounters"]
        ]
        vigil["company"] = [Company(**one) for one in vigil["company"]]
        vigil["stage"] = Stage(vigil["stage"])
        return cls(Vigil(**vigil), [Seen(**one) for one in read["seen"]], read["raised"])


@dataclass(frozen=True, slots=True)
class Watches:
    """The watches, sorted by ward, each with the moment at which time alone brings something."""

    entity: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    next_us: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    records: tuple[bytes, ...] = ()
    changed: NDArray[np.uint16] = field(default_factory=lambda: _NO_SHARDS)

    def take(self, index: NDArray[Any], /) -> Watches:
        """Return the watches that ``index`` (positions or mask) selects."""
        places = np.arange(len(self.entity))[index]
        records = tuple(self.records[place] for place in places)
        return Watches(self.entity[places], self.next_us[places], records)

    def changed_to(self, new: Mapping[int, tuple[int, bytes] | None]) -> Watches:
        """Return the watches with those of ``new`` replaced; None: nothing is left of it."""
        waits = zip(self.next_us.tolist(), self.records, strict=True)
        all_of = dict(zip(self.entity.tolist(), waits, strict=True))
        all_of |= {who: one for who, one in new.items() if one is not None}
        left = sorted(who for who in all_of if new.get(who, True) is not None)
        touched = np.array(sorted(new), np.int64)
        return Watches(
            np.array(left, np.int64),
            np.array([all_of[who][0] for who in left], np.int64),
            tuple(all_of[who][1] for who in left),
            np.unique(shard_of(touched)),
        )


@dataclass(frozen=True, slots=True)
class NoReference:
    """The rule needs no zones: the rows name their places."""

    ref_version: str = ""
    zone_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alone(Solitude):
    """The rule of ``Solitude`` as a detector; one finding for each question and each alarm.

    The kind of a finding is the reason: "alone" and "danger" ask the relatives; "again",
    "unanswered" and "missing" call an officer; "review" asks for a look at the settings. When the
    question is settled or the case over, "cleared" is found for each.
    """

    code: str = CODE
    version: int = VERSION
    reads: tuple[str, ...] = (STREAM,)
    lateness: timedelta = timedelta(seconds=5)

    def compile(self, _reference: Mapping[str, pa.Table], /) -> NoReference:
        return NoReference()

    def screen(self, _compiled: NoReference, batch: Batch, /) -> Candidates:
        """Return no zones; every row counts."""
        none = np.empty(0, np.int32)
        return Candidates(np.zeros(len(batch) + 1, np.int32), none, np.empty(0, np.uint8))

    def judge(
        self, _compiled: NoReference, state: Watches, batch: Batch, _candidates: Candidates,
        watermark_us: int, /,
    ) -> tuple[Watches, pa.Table]:  # fmt: skip
        """Let time pass for everybody and note each row; returns what is to be told, in order."""
        ripe = state.entity[state.next_us <= watermark_us].tolist()
        awake = sorted({*ripe, *batch.entity.tolist()})
        if not awake:
            return (replace(state, changed=_NO_SHARDS) if len(state.changed) else state), _TOLD_NONE
        kept = dict(zip(state.entity.tolist(), state.records, strict=True))
        new: dict[int, tuple[int, bytes] | None] = {}
        found: list[dict[str, Any]] = []
        for who in awake:
            desk = _Desk(self, who, Watch.load(kept[who]) if who in kept else Watch())
            for place in np.flatnonzero(batch.entity == who).tolist():
                desk.note(batch, place)
            desk.let_pass(watermark_us)
            found += desk.found
            wakes_us = desk.wakes_us(watermark_us)
            new[who] = None if wakes_us is None else (wakes_us, desk.watch.dump())
        return state.changed_to(new), _table(found)

    def counted(self, vigil: Vigil, since_us: int, at_us: int) -> int:
        """Return how many encounters alone counted by a moment."""
        return len(self._alone(vigil, since_us, at_us))

    def empty(self) -> Watches:
        return Watches()

    def merge(self, states: Sequence[Watches], /) -> Watches:
        """Return the watches of different wards as one state."""
        entity = np.concatenate([np.empty(0, np.int64), *(one.entity for one in states)])
        next_us = np.concatenate([np.empty(0, np.int64), *(one.next_us for one in states)])
        records = tuple(record for one in states for record in one.records)
        return Watches(entity, next_us, records).take(np.argsort(entity, kind="stable"))

    def dump(self, state: Watches, /) -> bytes:
        """Return ``state`` as bytes: a JSON header, then each watch as JSON."""
        header = checkpoints.Header(
            self.code, self.version, params_hash(self), "", len(state.records)
        )
        rows = zip(state.entity.tolist(), state.next_us.tolist(), state.records, strict=True)
        return checkpoints.pack(
            header, json.dumps([[who, at, raw.decode()] for who, at, raw in rows]).encode()
        )

    def load(self, raw: bytes, from_version: int, /) -> Watches:
        """Return the state that ``dump`` wrote; raises StateMismatch and StateCorrupt."""
        header, body = checkpoints.unpack(raw)
        wanted = checkpoints.Header(
            self.code, self.version, params_hash(self), header.ref_version, header.rows
        )
        checkpoints.demand(header, wanted, from_version)
        rows = json.loads(body)
        return Watches(
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], np.int64),
            tuple(row[2].encode() for row in rows),
        )

    def adopt(self, raw: bytes, /) -> Watches:
        """Return a state written under other parameters: where people were seen does not change."""
        header, body = checkpoints.unpack(raw)
        own = replace(header, params=params_hash(self))
        return self.load(checkpoints.pack(own, body), header.version)


class _Desk:
    """One ward's rows of one step, in order, and what is found in them."""

    def __init__(self, rule: Alone, who: int, watch: Watch) -> None:
        self.rule, self.who, self.watch = rule, who, watch
        self.found: list[dict[str, Any]] = []

    def note(self, batch: Batch, place: int) -> None:
        """Take one row in."""
        told, _at, reader = batch.zone_keys[batch.zone[place]].partition("@")
        at_us, where = int(batch.time_us[place]), (float(batch.lon[place]), float(batch.lat[place]))
        self.let_pass(at_us)
        vigil, rule = self.watch.vigil, self.rule
        self.watch.seen.append(Seen(at_us, int(batch.offset[place]), reader, *where))
        if told == WARD:
            about = Circumstance(int(batch.flags[place]) & _ABOUT)
            self._tell(rule.seen(vigil, at_us, _number_of(reader), where, about))
        elif told == COMPANION:
            self._tell(rule.accompanied(vigil, at_us, where))
        elif told == SEEN_TO:
            self._tell(rule.acknowledged(vigil, at_us))
        elif told == CLOSED:
            rule.closed(vigil, at_us)
        elif told == STOPPED:
            self.watch.vigil = Vigil()
        else:
            self._tell(rule.answered(vigil, at_us, Answer(told)))
        self._clear(at_us)

    def let_pass(self, now_us: int) -> None:
        """Tell what is due by now, and forget what no rule can ask for any more."""
        self._tell(self.rule.due(self.watch.vigil, now_us))
        self.rule.forget(self.watch.vigil, now_us)
        first = self.watch.vigil.encounters[0].began_us if self.watch.vigil.encounters else now_us
        self.watch.seen = [one for one in self.watch.seen if one.at_us >= first]

    def wakes_us(self, now_us: int) -> int | None:
        """Return when to look again without a row; None when nothing is left to remember."""
        vigil, rule = self.watch.vigil, self.rule
        times = [*rule.forgets_us(vigil), vigil.next_us or now_us]
        later = [at_us for at_us in times if at_us > now_us]
        if later:
            return min(later)
        return NEVER if vigil.stage is not Stage.NOBODY else None

    def _tell(self, pushes: Iterable[Push]) -> None:
        for push in pushes:
            if push.stage is not Stage.NOBODY or push.reason is Reason.REVIEW:
                self.found.append(self._finding(push))
            if push.stage is not Stage.NOBODY:
                self.watch.raised.append(self.found[-1])

    def _clear(self, at_us: int) -> None:
        """Find the end of what was raised, once nobody waits any more."""
        if self.watch.vigil.stage is not Stage.NOBODY:
            return
        for raised in self.watch.raised:
            self.found.append({**raised, "kind": CLEARED, "found_at": at_us})
        self.watch.raised = []

    def _finding(self, push: Push) -> dict[str, Any]:
        """Return what is told; from the same rows alike, in however many steps they came."""
        rule, vigil, since_us = self.rule, self.watch.vigil, self.watch.vigil.since_us
        if since_us == LONG_AGO:
            since_us = vigil.encounters[0].began_us if vigil.encounters else push.at_us
        told = [one for one in self.watch.seen if since_us <= one.at_us <= push.at_us]
        last = next((one for one in reversed(told) if one.reader), told[-1])
        name = f"{last.reader}/{push.reason}"
        return {
            "id": finding_id(rule.code, rule.version, self.who, name, push.at_us).hex(),
            "detector": rule.code, "version": rule.version, "kind": push.reason.value,
            "entity": self.who, "zone": last.reader, "started_at": since_us,
            "found_at": push.at_us, "inside_at": last.at_us,
            "fixes": rule.counted(vigil, since_us, push.at_us),
            "lon": last.lon, "lat": last.lat, "quality": 1.0,
            "first_offset": min(one.offset for one in told), "last_offset": told[-1].offset,
        }  # fmt: skip


def alone_rule(numbers: Mapping[str, Any]) -> Alone:
    """Return the rule with these settings ("guardian.window_minutes"); defaults: the manifest."""

    def minutes(name: str) -> timedelta:
        return timedelta(minutes=numbers[f"guardian.{name}_minutes"])

    return Alone(
        encounter=timedelta(seconds=numbers["guardian.encounter_seconds"]),
        hesitation=timedelta(seconds=numbers["guardian.hesitation_seconds"]),
        lateness=timedelta(seconds=numbers["guardian.lateness_seconds"]),
        window=minutes("window"),
        within=minutes("within"),
        patience=minutes("patience"),
        short_patience=minutes("short_patience"),
        with_me=minutes("with_me"),
        cooldown=minutes("cooldown"),
        radius_m=numbers["guardian.radius_m"],
        to_relatives=numbers["guardian.to_relatives"],
        to_officer=numbers["guardian.to_officer"],
        weekly_questions=numbers["guardian.weekly_questions"],
    )


def _table(found: list[dict[str, Any]]) -> pa.Table:
    if not found:
        return _TOLD_NONE
    found.sort(key=lambda one: (one["found_at"], one["entity"], one["id"], one["kind"]))
    rows = {name: [one[name] for one in found] for name in FINDING_SCHEMA.names}
    rows["id"] = [bytes.fromhex(one) for one in rows["id"]]
    arrays = [pa.array(rows[one.name], one.type) for one in FINDING_SCHEMA]
    return pa.Table.from_arrays(arrays, schema=FINDING_SCHEMA)


def _number_of(reader: str) -> int:
    """Return the number by which the rule tells readers apart."""
    digest = hashlib.blake2b(reader.encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")


def _number(value: Any) -> Any:
    if isinstance(value, Circumstance):
        return value.value
    raise TypeError(type(value).__name__)
