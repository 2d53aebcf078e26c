"""The dwell rules as compiled loops over columns; their meaning is told in ``dwell.Dwell``.

``judge_rows`` merges rows sorted by (entity, time) with episodes sorted by (entity, zone). The
episodes of the entity at hand are worked on in place at the end of the outgoing array.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.detection import CORRECTED, INSIDE, VIRTUAL_SHARDS
from zhizhi.kernel.episodes import WORDS, Desk, Fixes, Hits, Memory, Work
from zhizhi.kernel.native import lean, woven

OPEN, ALERTED = 1, 2  # flags of an episode: the stay goes on; this stay has been told
NEVER = -(2**62)  # ``alerted_us`` of somebody who was never told
OUTSIDE = 0  # class of a zone that an instant does not touch
DWELL, CLEARED = 0, 1  # kinds of a finding
DEGREE = 10_000_000  # places are kept in units of 1e-7 degree, about a centimetre
NOWHERE = -(2**31)  # a camera names the zone, not the place
ALL_COUNTED = 65_535
GOOD_ACCURACY_M = 50.0
COST_CORRECTED, COST_INACCURATE, COST_UNKNOWN = 30, 20, 10  # percent of quality


@woven
def virtual_shard(entity: int) -> int:
    """Return ``detection.shard_of`` of one token."""
    x = np.uint64(entity) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return int(x & np.uint64(VIRTUAL_SHARDS - 1))


@woven
def _ends_at(slot: Any, rule: Any) -> int:
    """Return when the stay ends if nothing more is seen inside or in the ring."""
    end = slot.seen_us + rule.gap_us + 1
    if slot.outside_us:
        end = min(end, slot.seen_us - (np.int64(slot.outside_us) - 1) + rule.grace_us)
    return int(end)


@woven
def _is_due(slot: Any, now: int, rule: Any) -> bool:
    if slot.flags & ALERTED or now - slot.started_us <= rule.limit_us:
        return False
    is_proved = slot.fixes >= rule.minimum_fixes
    return bool(is_proved and now - slot.alerted_us >= rule.cooldown_us)


@woven
def _start(slot: Any, fix: Any) -> None:
    slot.entity = fix.entity
    slot.started_us = fix.time_us
    slot.first_offset = fix.offset
    slot.seen_us = fix.time_us
    slot.outside_us = 0
    slot.fixes = 0
    slot.flags = OPEN
    slot.quality = 100


@woven
def _count(slot: Any, fix: Any) -> None:
    """Note one more fix inside."""
    slot.inside_us = fix.time_us
    slot.lon_e7 = _fixed_point(fix.lon)
    slot.lat_e7 = _fixed_point(fix.lat)
    slot.fixes = min(slot.fixes + 1, ALL_COUNTED)
    slot.quality = min(np.int64(slot.quality), fix.quality)


@woven
def _fixed_point(degrees: float) -> int:
    return NOWHERE if np.isnan(degrees) else round(degrees * DEGREE)


@woven
def _degrees(fixed_point: int) -> float:
    return np.nan if fixed_point == NOWHERE else fixed_point / DEGREE


@woven
def _quality(flags: int, accuracy_m: float) -> int:
    quality = 100
    if flags & CORRECTED:
        quality -= COST_CORRECTED
    if np.isnan(accuracy_m):
        quality -= COST_UNKNOWN
    elif accuracy_m > GOOD_ACCURACY_M:
        quality -= COST_INACCURATE
    return quality


@woven
def _go_on(slot: Any, cls: int, now: int) -> None:
    """Note where an instant saw somebody whose stay goes on."""
    if cls != OUTSIDE:
        slot.outside_us = 0
    elif slot.outside_us:
        slot.outside_us += np.uint32(now - slot.seen_us)
    else:
        slot.outside_us = 1
    slot.seen_us = now


@lean
def _tell(desk: Desk, k: int, kind: int, at_us: int) -> None:
    """Write a finding about the stay in slot ``k``."""
    told, slot = desk.found[desk.told[0]], desk.episodes[k]
    desk.told[0] += 1
    told.kind = kind
    told.found_us = at_us
    told.entity = slot.entity
    told.zone = desk.zone[k]
    told.started_us = slot.started_us
    told.inside_us = slot.inside_us
    told.fixes = slot.fixes
    told.quality = slot.quality
    told.first_offset = slot.first_offset
    told.last_offset = slot.first_offset
    told.lon = _degrees(slot.lon_e7)
    told.lat = _degrees(slot.lat_e7)
    if kind == DWELL:
        told.last_offset = desk.fix[0].offset
        told.lon = desk.fix[0].lon
        told.lat = desk.fix[0].lat


@woven
def _close_if_over(desk: Desk, k: int, rule: Any, now: int) -> None:
    """End the stay when its time has come; "cleared" is told when "dwell" was."""
    slot = desk.episodes[k]
    if slot.flags & OPEN:
        end = _ends_at(slot, rule)
        if end <= now:
            if slot.flags & ALERTED:
                _tell(desk, k, CLEARED, end)
            slot.flags = 0


@woven
def _step(desk: Desk, k: int, cls: int, now: int, rule: Any) -> None:
    """Carry slot ``k`` over one instant, which saw ``cls`` of its zone."""
    _close_if_over(desk, k, rule, now)
    slot = desk.episodes[k]
    if slot.flags & OPEN:
        _go_on(slot, cls, now)
    elif cls == INSIDE:
        _start(slot, desk.fix[0])
    if cls == INSIDE:
        _count(slot, desk.fix[0])
        if _is_due(slot, now, rule):
            slot.alerted_us = now
            slot.flags |= ALERTED
            _tell(desk, k, DWELL, now)


@woven
def _strongest(hits: Hits, a: int, b: int, zone: int) -> int:
    """Return the position of the strongest hit of ``zone`` in the rows ``a:b``; -1: none."""
    best = -1
    for h in range(hits.start[a], hits.start[b]):
        if hits.zone[h] == zone and (best < 0 or hits.cls[h] > hits.cls[best]):
            best = h
    return best


@woven
def _read(fix: Any, fixes: Fixes, row: int) -> None:
    fix.entity = fixes.entity[row]
    fix.time_us = fixes.time_us[row]
    fix.offset = fixes.offset[row]
    fix.lon = fixes.lon[row]
    fix.lat = fixes.lat[row]
    fix.quality = _quality(fixes.flags[row], fixes.accuracy_m[row])


@woven
def _row_of(hits: Hits, row: int, h: int) -> int:
    """Return the row of hit ``h``, which is ``row`` or a later one."""
    while hits.start[row + 1] <= h:
        row += 1
    return row


@woven
def _slot(desk: Desk, base: int, top: int, zone: int) -> int:
    """Return the slot that remembers ``zone``, else a slot that may be used for it."""
    free = top
    for k in range(top - 1, base - 1, -1):
        if desk.episodes[k].flags or desk.episodes[k].alerted_us != NEVER:
            if desk.zone[k] == zone:
                return k
        else:
            free = k
    return free


@woven
def _see(fix: Any, fixes: Fixes, span: tuple[int, int], hits: Hits, zone: int) -> int:
    """Return the class of ``zone`` in one instant; the row that shows it inside is read."""
    h = _strongest(hits, span[0], span[1], zone)
    cls = OUTSIDE if h < 0 else int(hits.cls[h])
    if cls == INSIDE:
        _read(fix, fixes, _row_of(hits, span[0], h))
    return cls


@woven
def _walk(
    desk: Desk, slots: tuple[int, int], fixes: Fixes, span: tuple[int, int], hits: Hits, rules: Any
) -> int:
    """Apply the rows ``span`` of one entity, instant by instant; return the new top."""
    base, top = slots
    a, end = span
    while a < end:
        b, now = a + 1, fixes.time_us[a]
        while b < end and fixes.time_us[b] == now:
            b += 1
        for k in range(base, top):
            if desk.zone[k] >= 0:
                cls = _see(desk.fix[0], fixes, (a, b), hits, desk.zone[k])
                _step(desk, k, cls, now, rules[desk.zone[k]])
        for h in range(hits.start[a], hits.start[b]):
            if hits.cls[h] == INSIDE:
                k = _slot(desk, base, top, hits.zone[h])
                if not _is_open(desk, k, top, hits.zone[h]):
                    _read(desk.fix[0], fixes, _row_of(hits, a, h))
                    _open(desk, k, hits.zone[h], rules[hits.zone[h]])
                    top = max(top, k + 1)
        a = b
    return top


@woven
def _is_open(desk: Desk, k: int, top: int, zone: int) -> bool:
    return bool(k < top and desk.zone[k] == zone and desk.episodes[k].flags)


@woven
def _open(desk: Desk, k: int, zone: int, rule: Any) -> None:
    """Start a stay in a slot that remembers nothing."""
    desk.zone[k] = zone
    slot = desk.episodes[k]
    slot.zone = rule.number
    slot.alerted_us = NEVER
    _start(slot, desk.fix[0])
    _count(slot, desk.fix[0])


@woven
def _is_worked_on(desk: Desk, base: int, top: int) -> bool:
    """Tell whether rows of their entity change what these slots remember."""
    count = 0
    for k in range(base, top):
        count += desk.zone[k] < 0 or desk.episodes[k].flags & OPEN != 0
    return count > 0


@woven
def _move(desk: Desk, source: int, target: int) -> None:
    for w in range(WORDS):
        desk.words[target, w] = desk.words[source, w]
    desk.zone[target] = desk.zone[source]


@woven
def _settle(desk: Desk, base: int, top: int, rules: Any, watermark_us: int) -> int:
    """Drop what need not be remembered and sort the rest by zone; return the new top."""
    kept = base
    for k in range(base, top):
        if desk.zone[k] < 0:
            continue
        rule, slot = rules[desk.zone[k]], desk.episodes[k]
        _close_if_over(desk, k, rule, watermark_us)
        if slot.flags & OPEN or slot.alerted_us + rule.cooldown_us > watermark_us:
            if k != kept:
                _move(desk, k, kept)
            kept += 1
    for k in range(base + 1, kept):
        if desk.episodes[k - 1].zone > desk.episodes[k].zone:
            _sink(desk, base, k)
    return kept


@lean
def _sink(desk: Desk, base: int, k: int) -> None:
    """Exchange slot ``k`` with those below it that have a larger zone number."""
    while k > base and desk.episodes[k - 1].zone > desk.episodes[k].zone:
        for w in range(WORDS):
            word = desk.words[k, w]
            desk.words[k, w] = desk.words[k - 1, w]
            desk.words[k - 1, w] = word
        zone = desk.zone[k]
        desk.zone[k] = desk.zone[k - 1]
        desk.zone[k - 1] = zone
        k -= 1


@woven
def _judge_one(
    desk: Desk, slots: tuple[int, int], span: tuple[int, int], work: Work, rules: Any
) -> int:
    """Apply the rows ``span`` of one entity to its slots; return the new top."""
    base, top = slots
    held, is_worked_on = top - base, _is_worked_on(desk, base, top)
    top = _walk(desk, slots, work.fixes, span, work.hits, rules)
    is_worked_on = is_worked_on or _is_worked_on(desk, base, top)
    top = _settle(desk, base, top, rules, work.watermark_us)
    if is_worked_on or top - base != held:
        desk.changed[virtual_shard(work.fixes.entity[span[0]])] = True
    return top


@woven
def _bring(desk: Desk, top: int, old: Memory, s: int) -> None:
    """Copy episode ``s`` of the old state to slot ``top``."""
    for w in range(WORDS):
        desk.words[top, w] = old.words[s, w]
    desk.zone[top] = old.zone[s]


@woven
def _keep(desk: Desk, top: int, old: Memory, s: int, rules: Any, watermark_us: int) -> int:
    """Take over an episode of somebody who sent nothing; return the new top."""
    _bring(desk, top, old, s)
    flags = desk.episodes[top].flags
    kept = _settle(desk, top, top + 1, rules, watermark_us)
    if kept == top or desk.episodes[top].flags != flags:
        desk.changed[virtual_shard(desk.episodes[top].entity)] = True
    return kept


def judge(
    desk: Desk, fixes: Fixes, hits: Hits, rules: NDArray[Any], old: Memory, *, watermark_us: int
) -> int:
    """Apply the rules; return how many episodes the desk holds."""
    work = Work(
        fixes,
        hits,
        old.words,
        old.zone,
        desk.words,
        desk.zone,
        desk.told,
        desk.changed,
        watermark_us,
    )
    return judge_rows(work, old.episodes, desk.episodes, desk.found, desk.fix, rules)


@lean
def judge_rows(work: Work, before: Any, episodes: Any, found: Any, fix: Any, rules: Any) -> int:
    """Merge the rows with the episodes, entity by entity."""
    old = Memory(before, work.old_words, work.old_zone)
    desk = Desk(episodes, work.words, work.zone, found, work.told, work.changed, fix)
    entity, start = work.fixes.entity, work.hits.start
    rows, olds = len(entity), len(before)
    top, s, i = 0, 0, 0
    while i < rows:
        who, j = entity[i], i + 1
        while j < rows and entity[j] == who:
            j += 1
        while s < olds and before[s].entity < who:
            top = _keep(desk, top, old, s, rules, work.watermark_us)
            s += 1
        base = top
        while s < olds and before[s].entity == who:
            _bring(desk, top, old, s)
            top += 1
            s += 1
        if top > base or start[j] > start[i]:
            top = _judge_one(desk, (base, top), (i, j), work, rules)
        i = j
    while s < olds:
        top = _keep(desk, top, old, s, rules, work.watermark_us)
        s += 1
    return top
