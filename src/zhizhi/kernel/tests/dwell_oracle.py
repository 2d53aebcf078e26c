"""The dwell rules once more in plain Python, one event at a time, to check the judge against.

Written from the rules and not from the judge: it shares no code with it. An event says which
zones somebody is in ("in") or at the edge of ("ring") at one moment; accuracy NaN is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

S = 1_000_000

Told = tuple[str, int, str, int, int, int, int, int]
# kind, who, zone, started, found, last inside, fixes inside, quality in percent


@dataclass(frozen=True, slots=True)
class Event:
    who: int
    at: int
    touches: Mapping[str, str]  # zone -> "in" or "ring"
    accuracy: float = math.nan
    is_corrected: bool = False


@dataclass
class Limits:
    limit: int = 1800 * S
    grace: int = 180 * S
    gap: int = 600 * S
    cooldown: int = 24 * 3600 * S
    fixes: int = 3
    accuracy: float = 200.0


@dataclass
class Stay:
    since: int
    last_in: int
    heard: int
    left: int | None = None
    inside: int = 0
    quality: int = 100
    is_told: bool = False


@dataclass
class Oracle:
    limits: Mapping[str, Limits] = field(default_factory=dict)
    stays: dict[int, dict[str, Stay]] = field(default_factory=dict)
    told_at: dict[tuple[int, str], int] = field(default_factory=dict)
    found: list[Told] = field(default_factory=list)
    default: Limits = field(default_factory=Limits)

    def of(self, zone: str) -> Limits:
        return self.limits.get(zone, self.default)

    def see(self, event: Event) -> None:
        mine = self.stays.setdefault(event.who, {})
        for zone in list(mine):
            self.end_if_over(event.who, zone, event.at)
        for zone in mine.keys() - event.touches.keys():
            stay = mine[zone]
            stay.heard = event.at
            if stay.left is None:
                stay.left = event.at
        for zone, where in event.touches.items():
            if where == "in" and not event.accuracy > self.of(zone).accuracy:
                self.inside(event, zone, mine)
            elif zone in mine:
                mine[zone].heard = event.at
                mine[zone].left = None

    def inside(self, event: Event, zone: str, mine: dict[str, Stay]) -> None:
        stay = mine.get(zone)
        if stay is None:
            stay = mine[zone] = Stay(event.at, event.at, event.at)
        stay.last_in = stay.heard = event.at
        stay.left = None
        stay.inside += 1
        stay.quality = min(stay.quality, worth(event))
        rules = self.of(zone)
        earlier = self.told_at.get((event.who, zone))
        if (
            not stay.is_told
            and event.at - stay.since > rules.limit
            and stay.inside >= rules.fixes
            and (earlier is None or event.at >= earlier + rules.cooldown)
        ):
            stay.is_told = True
            self.told_at[event.who, zone] = event.at
            self.tell("dwell", event.who, zone, stay, event.at)

    def end_if_over(self, who: int, zone: str, now: int) -> None:
        stay, rules = self.stays[who][zone], self.of(zone)
        ends = [stay.heard + rules.gap + 1]
        if stay.left is not None:
            ends.append(stay.left + rules.grace)
        if min(ends) <= now:
            del self.stays[who][zone]
            if stay.is_told:
                self.tell("cleared", who, zone, stay, min(ends))

    def tell(self, kind: str, who: int, zone: str, stay: Stay, at: int) -> None:
        self.found.append(
            (kind, who, zone, stay.since, at, stay.last_in, stay.inside, stay.quality)
        )

    def finish(self, watermark: int) -> list[Told]:
        for who, mine in self.stays.items():
            for zone in list(mine):
                self.end_if_over(who, zone, watermark)
        return sorted(self.found)


def worth(event: Event) -> int:
    worth = 100 - (30 if event.is_corrected else 0)
    if math.isnan(event.accuracy):
        return worth - 10
    return worth - 20 if event.accuracy > 50 else worth


def findings(
    events: Iterable[Event], watermark: int, limits: Mapping[str, Limits] | None = None
) -> list[Told]:
    """Return what the rules find in events that are sorted by time for each entity."""
    oracle = Oracle(limits or {})
    for event in events:
        oracle.see(event)
    return oracle.finish(watermark)
