"""The dwell rules as compiled loops over columns; their meaning is told in ``dwell.Dwell``.

``judge_rows`` merges rows sorted by (entity, time) with episodes sorted by (entity, zone). The
episodes of the entity at hand are worked on in place at the end of the outgoing array.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.detection import CORRECTED, INSIDE, VIRTUAL_SHARDS
from zhizhi.kernel.native import native

OPEN, ALERTED = 1, 2  # flags of an episode: the stay goes on; this stay has been told
NEVER = -(2**62)  # ``alerted_us`` of somebody who was never told
OUTSIDE = 0  # class of a zone that an instant does not touch
DWELL, CLEARED = 0, 1  # kinds of a finding
DEGREE = 10_000_000  # places are kept in units of 1e-7 degree, about a centimetre
NOWHERE = -(2**31)  # a camera names the zone, not the place
ALL_COUNTED = 65_535
GOOD_ACCURACY_M = 50.0
COST_CORRECTED, COST_INACCURATE, COST_UNKNOWN = 30, 20, 10  # percent of quality

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


class Rules(NamedTuple):
    """The thresholds of each zone and its number."""

    number: NDArray[np.int64]
    limit_us: NDArray[np.int64]
    grace_us: NDArray[np.int64]
    gap_us: NDArray[np.int64]
    cooldown_us: NDArray[np.int64]
    minimum_fixes: NDArray[np.int64]
    maximum_accuracy_m: NDArray[np.float64]


class Memory(NamedTuple):
    """Episodes sorted by (entity, zone), and the index of each one's zone; -1: zone is gone."""

    episodes: NDArray[Any]
    zone: NDArray[np.int32]


class Desk(NamedTuple):
    """What is being written: episodes, findings and their number, and which shards changed."""

    episodes: NDArray[Any]
    zone: NDArray[np.int32]
    found: NDArray[Any]
    told: NDArray[np.int64]  # how many findings
    changed: NDArray[np.bool_]


@native
def virtual_shard(entity: int) -> int:
    """Return ``detection.shard_of`` of one token."""
    x = np.uint64(entity) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return int(x & np.uint64(VIRTUAL_SHARDS - 1))


@native
def judge_rows(
    fixes: Fixes, hits: Hits, rules: Rules, old: Memory, watermark_us: int
) -> tuple[Desk, int]:
    """Apply the rules; return the desk and how many episodes it holds."""
    desk = _desk(hits, old)
    entity, rows, olds = fixes.entity, len(fixes.entity), len(old.episodes)
    top, s, i = 0, 0, 0
    while i < rows:
        who, j = entity[i], i + 1
        while j < rows and entity[j] == who:
            j += 1
        while s < olds and old.episodes[s].entity < who:
            top = _keep(desk, top, old, s, rules, watermark_us)
            s += 1
        if hits.start[j] > hits.start[i] or (s < olds and old.episodes[s].entity == who):
            base = top
            while s < olds and old.episodes[s].entity == who:
                desk.episodes[top] = old.episodes[s]
                desk.zone[top] = old.zone[s]
                top += 1
                s += 1
            held, is_at_work = top - base, _open_or_gone(desk, base, top)
            top = _walk(desk, (base, top), fixes, (i, j), hits, rules)
            is_at_work = is_at_work or _open_or_gone(desk, base, top)
            top = _settle(desk, base, top, rules, watermark_us)
            if is_at_work or top - base != held:
                desk.changed[virtual_shard(who)] = True
        i = j
    while s < olds:
        top = _keep(desk, top, old, s, rules, watermark_us)
        s += 1
    return desk, top


@native
def _desk(hits: Hits, old: Memory) -> Desk:
    """Return room for the most that can come out; pages that stay unused cost nothing."""
    inside = 0
    for cls in hits.cls:
        inside += cls == INSIDE
    room = len(old.episodes) + inside
    return Desk(
        np.empty(room, EPISODE),
        np.empty(room, np.int32),
        np.empty(len(old.episodes) + 2 * inside, FOUND),
        np.zeros(1, np.int64),
        np.zeros(VIRTUAL_SHARDS, np.bool_),
    )


@native
def _keep(desk: Desk, top: int, old: Memory, s: int, rules: Rules, watermark_us: int) -> int:
    """Take over an episode of somebody who sent nothing; return the new top."""
    desk.episodes[top] = old.episodes[s]
    desk.zone[top] = old.zone[s]
    z = desk.zone[top]
    if z < 0:
        desk.changed[virtual_shard(desk.episodes[top].entity)] = True
        return top
    was_open = desk.episodes[top].flags & OPEN
    if was_open and _ends_at(desk, top, rules) <= watermark_us:
        _close(desk, top, _ends_at(desk, top, rules))
    is_open = desk.episodes[top].flags & OPEN
    is_live = is_open or desk.episodes[top].alerted_us + rules.cooldown_us[z] > watermark_us
    if was_open != is_open or not is_live:
        desk.changed[virtual_shard(desk.episodes[top].entity)] = True
    return top + 1 if is_live else top


@native
def _open_or_gone(desk: Desk, base: int, top: int) -> bool:
    """Tell whether work on these episodes changes what is remembered."""
    at_work = 0
    for k in range(base, top):
        at_work += desk.zone[k] < 0 or desk.episodes[k].flags & OPEN != 0
    return at_work > 0


@native
def _walk(
    desk: Desk,
    slots: tuple[int, int],
    fixes: Fixes,
    span: tuple[int, int],
    hits: Hits,
    rules: Rules,
) -> int:
    """Apply the rows ``span`` of one entity, instant by instant; return the new top."""
    base, top = slots
    a, end = span
    while a < end:
        b = a + 1
        while b < end and fixes.time_us[b] == fixes.time_us[a]:
            b += 1
        for k in range(base, top):
            if desk.zone[k] >= 0:
                cls, row = _class_of(desk.zone[k], fixes, (a, b), hits, rules)
                _step(desk, k, fixes, (row, cls), rules)
        for row in range(a, b):
            for h in range(hits.start[row], hits.start[row + 1]):
                top = _meet(desk, (base, top), fixes, (row, h), hits, rules)
        a = b
    return top


@native
def _meet(
    desk: Desk,
    slots: tuple[int, int],
    fixes: Fixes,
    place: tuple[int, int],
    hits: Hits,
    rules: Rules,
) -> int:
    """Start a stay in the zone of hit ``place[1]`` unless it is known; return the new top."""
    (base, top), (row, h) = slots, place
    z = hits.zone[h]
    if hits.cls[h] != INSIDE or fixes.accuracy_m[row] > rules.maximum_accuracy_m[z]:
        return top
    if _slot(desk, base, top, z) >= 0:
        return top
    k = _free(desk, base, top)
    desk.zone[k] = z
    desk.episodes[k].zone = rules.number[z]
    desk.episodes[k].alerted_us = NEVER
    _start(desk, k, fixes, row)
    return max(top, k + 1)


@native
def _class_of(
    zone: int, fixes: Fixes, span: tuple[int, int], hits: Hits, rules: Rules
) -> tuple[int, int]:
    """Return how an instant touches ``zone``, and the row that says so.

    A fix too inaccurate to prove anything counts as the ring: it keeps a stay, it starts none.
    """
    best, at = OUTSIDE, span[0]
    for row in range(span[0], span[1]):
        for h in range(hits.start[row], hits.start[row + 1]):
            if hits.zone[h] == zone:
                cls = int(hits.cls[h])
                if cls == INSIDE and fixes.accuracy_m[row] > rules.maximum_accuracy_m[zone]:
                    cls = 1
                if cls > best:
                    best, at = cls, row
    return best, at


@native
def _slot(desk: Desk, base: int, top: int, zone: int) -> int:
    for k in range(base, top):
        if desk.zone[k] == zone and (desk.episodes[k].flags or _was_told(desk, k)):
            return k
    return -1


@native
def _was_told(desk: Desk, k: int) -> bool:
    return bool(desk.episodes[k].alerted_us != NEVER)


@native
def _free(desk: Desk, base: int, top: int) -> int:
    """Return a slot that remembers nothing, or the next one."""
    for k in range(base, top):
        if desk.zone[k] < 0 or (desk.episodes[k].flags == 0 and not _was_told(desk, k)):
            return k
    return top


@native
def _ends_at(desk: Desk, k: int, rules: Rules) -> int:
    """Return when the stay ends if nothing more is seen inside or in the ring."""
    slot, z = desk.episodes[k], desk.zone[k]
    end = slot.seen_us + rules.gap_us[z] + 1
    if slot.outside_us:
        end = min(end, slot.seen_us - (np.int64(slot.outside_us) - 1) + rules.grace_us[z])
    return int(end)


@native
def _close(desk: Desk, k: int, at_us: int) -> None:
    """End the stay; "cleared" is told when "dwell" was."""
    slot = desk.episodes[k]
    if slot.flags & ALERTED:
        f = _tell(desk, k, CLEARED, at_us)
        desk.found[f].lon = _degrees(slot.lon_e7)
        desk.found[f].lat = _degrees(slot.lat_e7)
        desk.found[f].last_offset = slot.first_offset
    slot.flags = 0


@native
def _tell(desk: Desk, k: int, kind: int, at_us: int) -> int:
    f, slot = desk.told[0], desk.episodes[k]
    desk.told[0] += 1
    told = desk.found[f]
    told.kind = kind
    told.found_us = at_us
    told.entity = slot.entity
    told.zone = desk.zone[k]
    told.started_us = slot.started_us
    told.inside_us = slot.inside_us
    told.fixes = slot.fixes
    told.quality = slot.quality
    told.first_offset = slot.first_offset
    return int(f)


@native
def _start(desk: Desk, k: int, fixes: Fixes, row: int) -> None:
    slot = desk.episodes[k]
    slot.entity = fixes.entity[row]
    slot.started_us = fixes.time_us[row]
    slot.seen_us = fixes.time_us[row]
    slot.first_offset = fixes.offset[row]
    slot.outside_us = 0
    slot.fixes = 0
    slot.flags = OPEN
    slot.quality = 100
    _count(desk, k, fixes, row)


@native
def _count(desk: Desk, k: int, fixes: Fixes, row: int) -> None:
    """Note one more fix inside."""
    slot = desk.episodes[k]
    slot.inside_us = fixes.time_us[row]
    slot.lon_e7 = _fixed_point(fixes.lon[row])
    slot.lat_e7 = _fixed_point(fixes.lat[row])
    slot.fixes = min(slot.fixes + 1, ALL_COUNTED)
    slot.quality = min(int(slot.quality), _quality(fixes.flags[row], fixes.accuracy_m[row]))


@native
def _fixed_point(degrees: float) -> int:
    return NOWHERE if np.isnan(degrees) else round(degrees * DEGREE)


@native
def _degrees(fixed_point: int) -> float:
    return np.nan if fixed_point == NOWHERE else fixed_point / DEGREE


@native
def _quality(flags: int, accuracy_m: float) -> int:
    quality = 100
    if flags & CORRECTED:
        quality -= COST_CORRECTED
    if np.isnan(accuracy_m):
        quality -= COST_UNKNOWN
    elif accuracy_m > GOOD_ACCURACY_M:
        quality -= COST_INACCURATE
    return quality


@native
def _step(desk: Desk, k: int, fixes: Fixes, seen: tuple[int, int], rules: Rules) -> None:
    """Carry one episode over one instant, in which ``seen`` (row, class) was seen of its zone."""
    row, cls = seen
    slot, now = desk.episodes[k], fixes.time_us[row]
    if slot.flags & OPEN and now >= _ends_at(desk, k, rules):
        _close(desk, k, _ends_at(desk, k, rules))
    if not slot.flags & OPEN:
        if cls == INSIDE:
            _start(desk, k, fixes, row)
        return
    if cls != OUTSIDE:
        slot.outside_us = 0
    elif slot.outside_us:
        slot.outside_us += np.uint32(now - slot.seen_us)
    else:
        slot.outside_us = 1
    slot.seen_us = now
    if cls == INSIDE:
        _count(desk, k, fixes, row)
        if _is_due(desk, k, now, rules):
            slot.alerted_us = now
            slot.flags |= ALERTED
            f = _tell(desk, k, DWELL, now)
            desk.found[f].lon = fixes.lon[row]
            desk.found[f].lat = fixes.lat[row]
            desk.found[f].last_offset = fixes.offset[row]


@native
def _is_due(desk: Desk, k: int, now: int, rules: Rules) -> bool:
    slot, z = desk.episodes[k], desk.zone[k]
    if slot.flags & ALERTED or now - slot.started_us <= rules.limit_us[z]:
        return False
    is_proved = slot.fixes >= rules.minimum_fixes[z]
    return bool(is_proved and now - slot.alerted_us >= rules.cooldown_us[z])


@native
def _settle(desk: Desk, base: int, top: int, rules: Rules, watermark_us: int) -> int:
    """Drop what need not be remembered and sort the rest by zone; return the new top."""
    kept = base
    for k in range(base, top):
        z = desk.zone[k]
        if z < 0:
            continue
        if desk.episodes[k].flags & OPEN and _ends_at(desk, k, rules) <= watermark_us:
            _close(desk, k, _ends_at(desk, k, rules))
        told_until = desk.episodes[k].alerted_us + rules.cooldown_us[z]
        if desk.episodes[k].flags & OPEN or told_until > watermark_us:
            _move(desk, k, kept)
            _sink(desk, base, kept)
            kept += 1
    return kept


@native
def _move(desk: Desk, source: int, target: int) -> None:
    desk.episodes[target] = desk.episodes[source]
    desk.zone[target] = desk.zone[source]


@native
def _sink(desk: Desk, base: int, k: int) -> None:
    """Move episode ``k`` down to its place by zone number."""
    episode, zone = desk.episodes[k : k + 1].copy(), desk.zone[k]
    while k > base and desk.episodes[k - 1].zone > episode[0].zone:
        _move(desk, k - 1, k)
        k -= 1
    desk.episodes[k] = episode[0]
    desk.zone[k] = zone
