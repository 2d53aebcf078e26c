"""Saving zones as versions, and giving detectors the versions in force."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db.models import Max, Q, QuerySet

from zhizhi.engine import timing
from zhizhi.engine.models import Zone
from zhizhi.engine.states import StateConflict
from zhizhi.engine.timeline import leave, writing
from zhizhi.trust import canonical, ciphers
from zhizhi.trust.audit import Leaf

BEGINS = "engine.zone_begins"

_COLUMNS: list[pa.Field[Any]] = [
    pa.field("key", pa.string()),
    pa.field("boundary", pa.binary()),
    pa.field("seasons", pa.string()),
    pa.field("parameters", pa.string()),
]
REFERENCE = pa.schema(_COLUMNS)


@dataclass(frozen=True, slots=True)
class ZoneDraft:
    """What a new version of a zone will be; ``boundary`` is WKB in WGS84.

    ``based_on`` is the newest version in force or planned that the editor saw, 0 for a new zone;
    another one means that somebody else was faster. ``valid_from`` in the future plans the version.
    """

    key: str
    kind: str
    name: str
    boundary: bytes
    seasons: Sequence[Sequence[str]] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    area_path: str = ""
    based_on: int = 0
    valid_from: datetime | None = None
    reason: str = ""

    def digest(self) -> str:
        """Return what names exactly this draft; the reason does not belong to it."""
        told = {
            "key": self.key,
            "kind": self.kind,
            "name": self.name,
            "boundary": self.boundary.hex(),
            "seasons": [list(season) for season in self.seasons],
            "parameters": dict(self.parameters),
            "based_on": self.based_on,
            "valid_from": self.valid_from.isoformat() if self.valid_from else "",
        }
        return ciphers.suite().digest(canonical.encode(told))


def current() -> QuerySet[Zone]:
    """Return the versions in force, by key."""
    return Zone.objects.filter(is_current=True).order_by("key")


def reference(zones: Iterable[Zone | ZoneDraft]) -> pa.Table:
    """Return ``zones`` as the reference table that detectors compile."""
    rows = [
        {
            "key": zone.key,
            "boundary": bytes(zone.boundary),
            "seasons": json.dumps(list(map(list, zone.seasons))),
            "parameters": json.dumps(dict(zone.parameters), sort_keys=True),
        }
        for zone in zones
    ]
    return pa.Table.from_pylist(rows, schema=REFERENCE)


def with_drafts(drafts: Iterable[ZoneDraft]) -> pa.Table:
    """Return the reference as it would be once ``drafts`` are saved: for a dry run."""
    changed: dict[str, Zone | ZoneDraft] = {zone.key: zone for zone in current()}
    changed.update({draft.key: draft for draft in drafts})
    return reference(changed[key] for key in sorted(changed))


def standing(key: str) -> Zone | None:
    """Return the version that comes last: the planned one, else the one in force."""
    rows = Zone.objects.filter(key=key).filter(Q(is_current=True) | Q(is_planned=True))
    return rows.order_by("-version").first()


def save(drafts: Sequence[ZoneDraft], *, by: str, now: datetime) -> list[Zone]:
    """Make each draft the version in force, or plan it; all of them or none.

    Raises StateConflict when a zone has changed since the editor read it.
    """
    with writing():
        return [_save(draft, by=by, now=now) for draft in drafts]


def retire(zone: Zone, *, by: str, now: datetime) -> None:
    """Take ``zone`` out of force, with what was planned for it; or drop a plan alone.

    Its versions stay for explanations of earlier alerts.
    """
    with writing():
        mine = Zone.objects.filter(pk=zone.pk).filter(Q(is_current=True) | Q(is_planned=True))
        if not mine.update(is_current=False, is_planned=False):
            message = f"zone {zone.key} version {zone.version} is not in force any more"
            raise StateConflict(message, record=Zone.objects.get(pk=zone.pk))
        timing.cancel(_timer(zone.pk), now=now)
        if not zone.is_planned:
            _unplan(zone.key, now=now)
        verb, detail = (
            "zone.unplan" if zone.is_planned else "zone.retire",
            {"version": zone.version},
        )
        leave(Leaf(by, verb, f"zone:{zone.key}", now, zone.area_path, detail))


def begin(arguments: Mapping[str, Any], now: datetime) -> None:
    """Put a planned version in force: what its timer does. A version that was dropped stays out."""
    zone = Zone.objects.filter(pk=arguments["zone"]).get()
    if not Zone.objects.filter(pk=zone.pk, is_planned=True).update(is_planned=False):
        return
    Zone.objects.filter(key=zone.key, is_current=True).update(is_current=False)
    Zone.objects.filter(pk=zone.pk).update(is_current=True)
    detail = {"version": zone.version}
    leave(Leaf("worker", "zone.begin", f"zone:{zone.key}", now, zone.area_path, detail))


def _save(draft: ZoneDraft, *, by: str, now: datetime) -> Zone:
    versions = Zone.objects.filter(key=draft.key)
    versions.select_for_update().order_by("-version").first()  # the next number is one person's
    last = standing(draft.key)
    if (last.version if last else 0) != draft.based_on:
        message = f"zone {draft.key} was changed by somebody else; load it again"
        raise StateConflict(message, record=last or versions.order_by("-version").first())
    is_planned = draft.valid_from is not None and draft.valid_from > now
    _unplan(draft.key, now=now)
    if not is_planned:
        versions.filter(is_current=True).update(is_current=False)
    zone = Zone.objects.create(
        key=draft.key,
        kind=draft.kind,
        name=draft.name,
        boundary=draft.boundary,
        seasons=list(map(list, draft.seasons)),
        parameters=dict(draft.parameters),
        area_path=draft.area_path,
        version=(versions.aggregate(newest=Max("version"))["newest"] or 0) + 1,
        is_current=not is_planned,
        is_planned=is_planned,
        valid_from=draft.valid_from,
        reason=draft.reason,
        created_at=now,
        created_by=by,
    )
    if is_planned and draft.valid_from is not None:
        timing.schedule(
            _timer(zone.pk), action=BEGINS, arguments={"zone": zone.pk}, due_at=draft.valid_from
        )
    detail = {"version": zone.version, "replaces": draft.based_on, "digest": draft.digest()}
    leave(Leaf(by, "zone.save", f"zone:{zone.key}", now, zone.area_path, detail))
    return zone


def _unplan(key: str, *, now: datetime) -> None:
    """Drop what was planned for a zone: a later decision stands in its place."""
    for pk in Zone.objects.filter(key=key, is_planned=True).values_list("pk", flat=True):
        Zone.objects.filter(pk=pk).update(is_planned=False)
        timing.cancel(_timer(pk), now=now)


def _timer(pk: int) -> str:
    return f"zone:{pk}:begins"
