"""Which version of a zone was in force at a past moment: what was planned for later is left out.

A version says when it was saved and from when it was meant to hold; that a zone was retired, or a
plan dropped, stands in the audit chain alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from zhizhi.engine.models import Zone
from zhizhi.trust.models import AuditEntry

_SAVE, _RETIRE, _UNPLAN, _BEGIN = range(4)  # of one moment: what is dropped then begins no more
_ENDS = {"zone.retire": _RETIRE, "zone.unplan": _UNPLAN}
_Event = tuple[datetime, int, int, str, Zone | None]


@dataclass(slots=True)
class _Standing:
    begun: Zone | None = None
    planned: Zone | None = None
    is_in_force: bool = False

    def take(self, kind: int, zone: Zone | None) -> None:
        if kind == _SAVE and zone is not None and _is_for_later(zone):
            self.planned = zone
            return
        if kind == _BEGIN and self.planned != zone:
            return  # another version was saved, or the plan dropped, before its day came
        self.planned = None
        if zone is not None:
            self.begun, self.is_in_force = zone, True
        elif kind == _RETIRE:
            self.is_in_force = False


def in_force_at(at: datetime, *, but: tuple[str, ...] = ()) -> list[Zone]:
    """Return the versions that were in force at ``at``, by key; ``but`` names what is not read."""
    folded = _folded(at, but)
    return [one.begun for _key, one in sorted(folded.items()) if one.begun and one.is_in_force]


def begun_until(at: datetime, *, but: tuple[str, ...] = ()) -> dict[str, Zone]:
    """Return of each zone the version that came into force last, also of those retired since."""
    return {key: one.begun for key, one in _folded(at, but).items() if one.begun}


def _folded(at: datetime, but: tuple[str, ...]) -> Mapping[str, _Standing]:
    found: dict[str, _Standing] = defaultdict(_Standing)
    for _at, kind, _number, key, zone in sorted(_events(at, but), key=itemgetter(0, 1, 2)):
        found[key].take(kind, zone)
    return found


def _events(at: datetime, but: tuple[str, ...]) -> Iterator[_Event]:
    for zone in Zone.objects.filter(created_at__lte=at).defer(*but):
        yield zone.created_at, _SAVE, zone.version, zone.key, zone
        if _is_for_later(zone) and zone.valid_from is not None and zone.valid_from <= at:
            yield zone.valid_from, _BEGIN, zone.version, zone.key, zone
    ends = AuditEntry.objects.filter(verb__in=_ENDS, at__lte=at)
    for seq, moment, verb, subject in ends.values_list("seq", "at", "verb", "subject"):
        yield moment, _ENDS[verb], seq, subject.removeprefix("zone:"), None


def _is_for_later(zone: Zone) -> bool:
    return zone.valid_from is not None and zone.valid_from > zone.created_at
