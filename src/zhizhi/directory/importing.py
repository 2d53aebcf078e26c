"""Writing areas: new ones, redrawn ones as the next version, all of a file or nothing of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TypeVar

import shapely
from django.db import transaction
from django.utils.translation import gettext as _

from zhizhi.directory.drafting import AreaDraft, Handed, RowError
from zhizhi.directory.models import Area
from zhizhi.trust import audit

LEVELS = (
    Area.Kind.DISTRICT, Area.Kind.TOWN, Area.Kind.COMMUNITY, Area.Kind.GRID_CELL,
    Area.Kind.ROAD_SECTION, Area.Kind.EXCLUSIVE_AREA, Area.Kind.BUILDING,
)  # fmt: skip
_BATCH = 500
_OFFSET_M = (300.0, 900.0)  # how far GCJ-02 and BD-09 stand off in mainland China
_METRES_PER_DEGREE = 111_195.0
Item = TypeVar("Item")
_COMPARED = ("name", "population")


class ImportRefused(ValueError):
    """Some rows have errors, so nothing was written."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(str(error) for error in self.errors[:5]))


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do: nothing has been written yet."""

    new: tuple[AreaDraft, ...]
    changed: tuple[AreaDraft, ...]
    unchanged: int
    errors: tuple[RowError, ...]
    warnings: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.errors


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did."""

    created: int
    redrawn: int
    unchanged: int


def preview(handed: Handed) -> Preview:
    """Compare ``handed`` with the areas in force."""
    known = _in_force(draft.code for draft in handed.drafts)
    errors = [*handed.errors, *_twice(handed.drafts), *_orphans(handed.drafts)]
    new, changed, unchanged = [], [], 0
    for draft in handed.drafts:
        area = known.get((draft.kind, draft.code))
        if area is None:
            new.append(draft)
        elif _differs(area, draft):
            changed.append(draft)
        else:
            unchanged += 1
    shifts = [_metres(known[d.kind, d.code], d) for d in changed]
    return Preview(
        tuple(new), tuple(changed), unchanged, tuple(sorted(errors, key=lambda e: e.row)),
        tuple(_warnings(shifts)),
    )  # fmt: skip


@transaction.atomic
def import_areas(handed: Handed, *, by: str, now: datetime) -> Outcome:
    """Write everything in ``handed``; raises ImportRefused, and then nothing is written.

    An area that is drawn or named anew becomes the next version, the old one ends ``now``, and the
    areas below it hang on the new one.
    """
    seen = preview(handed)
    if not seen.is_clean:
        raise ImportRefused(seen.errors)
    known = _in_force(draft.code for draft in seen.changed)
    old = [known[draft.kind, draft.code] for draft in seen.changed]
    for chunk in _chunks(old):
        Area.objects.filter(pk__in=[area.pk for area in chunk]).update(valid_to=now)
    versions = {(area.kind, area.code): area.version + 1 for area in old}
    drafts = [*seen.new, *seen.changed]
    for kind in LEVELS:
        own = [draft for draft in drafts if draft.kind == kind]
        parents = _in_force(draft.parent for draft in own if draft.parent)
        by_code = {code: area for (_kind, code), area in parents.items()}
        rows = [_row(d, by_code.get(d.parent), versions, now) for d in own]
        Area.objects.bulk_create(rows, batch_size=_BATCH)
        _rehang(rows, known)
    audit.append([_leaf(drafts, seen, by=by, now=now)])
    return Outcome(len(seen.new), len(seen.changed), seen.unchanged)


def _row(
    draft: AreaDraft,
    parent: Area | None,
    versions: dict[tuple[str, str], int],
    now: datetime,
) -> Area:
    west, south, east, north = draft.box
    return Area(
        kind=draft.kind,
        code=draft.code,
        name=draft.name,
        parent=parent,
        path=f"{parent.path if parent else '/'}{draft.code}/",
        boundary=draft.boundary or None,
        min_lon=west,
        min_lat=south,
        max_lon=east,
        max_lat=north,
        lon=draft.lon,
        lat=draft.lat,
        population=draft.population,
        version=versions.get((draft.kind, draft.code), 1),
        valid_from=now,
    )


def _rehang(rows: Sequence[Area], known: dict[tuple[str, str], Area]) -> None:
    """Let the areas in force below an old version hang on the new one."""
    for row in rows:
        old = known.get((row.kind, row.code))
        if old is not None:
            Area.objects.filter(parent=old, valid_to__isnull=True).update(parent=row)


def _leaf(drafts: Sequence[AreaDraft], seen: Preview, *, by: str, now: datetime) -> audit.Leaf:
    digest = hashlib.sha256()
    for draft in drafts:
        digest.update(f"{draft.kind}|{draft.code}|{draft.name}|".encode() + draft.boundary)
    detail = {
        "created": len(seen.new),
        "redrawn": len(seen.changed),
        "unchanged": seen.unchanged,
        "digest": digest.hexdigest(),
    }
    return audit.Leaf(by, "area.import", "areas", now, detail=detail)


def _in_force(codes: Iterable[str]) -> dict[tuple[str, str], Area]:
    """Return the areas in force with these codes, by kind and code."""
    found: dict[tuple[str, str], Area] = {}
    for chunk in _chunks(sorted(set(codes))):
        for area in Area.objects.filter(code__in=chunk, valid_to__isnull=True):
            found[area.kind, area.code] = area
    return found


def _twice(drafts: Sequence[AreaDraft]) -> list[RowError]:
    first: dict[tuple[str, str], int] = {}
    errors = []
    for draft in drafts:
        row = first.setdefault((draft.kind, draft.code), draft.row)
        if row != draft.row:
            text = _("This code stands in row %(row)d already.") % {"row": row}
            errors.append(RowError(draft.row, "code", text))
    return errors


def _orphans(drafts: Sequence[AreaDraft]) -> list[RowError]:
    """Name rows whose parent is nowhere, or does not hold them."""
    handed = {draft.code: draft for draft in drafts if draft.kind in LEVELS[:4]}
    stored = _in_force(draft.parent for draft in drafts if draft.parent not in handed)
    outlines: dict[str, bytes] = {code: draft.boundary for code, draft in handed.items()}
    for (kind, code), area in stored.items():
        if kind in LEVELS[:4]:
            outlines.setdefault(code, bytes(area.boundary or b""))
    prepared = {code: _prepared(outline) for code, outline in outlines.items() if outline}
    errors = []
    for draft in drafts:
        if draft.parent and draft.parent not in outlines:
            text = _("There is no area %(code)s above it; import that first.") % {
                "code": draft.parent
            }
            errors.append(RowError(draft.row, "code", text))
        elif draft.parent in prepared and not shapely.intersects_xy(
            prepared[draft.parent], draft.lon, draft.lat
        ):
            text = _("It lies outside of area %(code)s, to which its code belongs.") % {
                "code": draft.parent
            }
            errors.append(RowError(draft.row, "geometry", text))
    return errors


def _prepared(outline: bytes) -> shapely.Geometry:
    shape = shapely.from_wkb(outline)
    shapely.prepare(shape)
    return shape


def _differs(area: Area, draft: AreaDraft) -> bool:
    if bytes(area.boundary or b"") != draft.boundary:
        return True
    compared = _COMPARED if draft.boundary else (*_COMPARED, "lon", "lat")
    return any(getattr(area, name) != getattr(draft, name) for name in compared)


def _metres(area: Area, draft: AreaDraft) -> float:
    east = (draft.lon - area.lon) * math.cos(math.radians(area.lat))
    return math.hypot(east, draft.lat - area.lat) * _METRES_PER_DEGREE


def _warnings(shifts: Sequence[float]) -> Iterable[str]:
    """Warn when known areas moved as far as the offset coordinate systems stand off."""
    if len(shifts) >= 3 and _OFFSET_M[0] <= median(shifts) <= _OFFSET_M[1]:
        yield _(
            "Known areas would move by %(metres)d m. That is the offset of GCJ-02: check the "
            "coordinate system that you declared."
        ) % {"metres": round(median(shifts))}


def _chunks(items: Sequence[Item]) -> Iterable[Sequence[Item]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
