"""Saving zones as versions, and giving detectors the versions in force."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db.models import Max, QuerySet

from zhizhi.engine.models import Zone
from zhizhi.engine.states import StateConflict
from zhizhi.engine.timeline import leave, writing
from zhizhi.trust.audit import Leaf

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

    ``based_on`` is the version that the editor saw, 0 for a new zone; another current version
    means that somebody else was faster.
    """

    key: str
    kind: str
    name: str
    boundary: bytes
    seasons: Sequence[Sequence[str]] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    area_path: str = ""
    based_on: int = 0


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


def save(drafts: Sequence[ZoneDraft], *, by: str, now: datetime) -> list[Zone]:
    """Make each draft the version in force, all of them or none.

    Raises StateConflict when a zone has changed since the editor read it.
    """
    with writing():
        return [_save(draft, by=by, now=now) for draft in drafts]


def retire(zone: Zone, *, by: str, now: datetime) -> None:
    """Take ``zone`` out of force; its versions stay for explanations of earlier alerts."""
    with writing():
        if not Zone.objects.filter(pk=zone.pk, is_current=True).update(is_current=False):
            message = f"zone {zone.key} version {zone.version} is not in force any more"
            raise StateConflict(message, record=Zone.objects.get(pk=zone.pk))
        leave(Leaf(by, "zone.retire", f"zone:{zone.key}", now, zone.area_path))


def _save(draft: ZoneDraft, *, by: str, now: datetime) -> Zone:
    versions = Zone.objects.filter(key=draft.key)
    replaced = versions.filter(is_current=True, version=draft.based_on).update(is_current=False)
    if bool(draft.based_on) != bool(replaced) or versions.filter(is_current=True).exists():
        message = f"zone {draft.key} was changed by somebody else; load it again"
        raise StateConflict(message, record=versions.filter(is_current=True).first())
    newest = versions.aggregate(newest=Max("version"))["newest"] or 0
    zone = Zone.objects.create(
        key=draft.key,
        kind=draft.kind,
        name=draft.name,
        boundary=draft.boundary,
        seasons=list(map(list, draft.seasons)),
        parameters=dict(draft.parameters),
        area_path=draft.area_path,
        version=newest + 1,
        created_at=now,
        created_by=by,
    )
    detail = {"version": zone.version, "replaces": draft.based_on}
    leave(Leaf(by, "zone.save", f"zone:{zone.key}", now, zone.area_path, detail))
    return zone
