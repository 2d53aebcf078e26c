"""Where tags are read: readers are data of the installation, each at the place of its area."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from zhizhi.engine import routing
from zhizhi.systems.guardian.models import TagReader
from zhizhi.trust.audit import Leaf
from zhizhi.trust.evidence import append_now


class ReaderInvalid(ValueError):
    """The reader cannot be placed like this; says what to do."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a reader hangs, and whether it is dangerous there."""

    name: str
    lon: float
    lat: float
    is_dangerous: bool = False  # near water or traffic


@transaction.atomic
def place(code: str, spot: Spot, *, by: str, now: datetime) -> TagReader:
    """Add a reader, or move a known one; it reads again. Raises ReaderInvalid."""
    if not 0 < len(code) <= 32 or "@" in code or code != code.strip():
        message = f"{code!r} is no code of a reader: 1 to 32 characters without @ and blanks."
        raise ReaderInvalid(message)
    [found] = routing.route([(spot.lon, spot.lat)])
    if found.area is None or not found.is_inside:
        message = f"{code} lies outside the district: check lon and lat."
        raise ReaderInvalid(message)
    given = {
        "name": spot.name, "lon": spot.lon, "lat": spot.lat, "is_dangerous": spot.is_dangerous,
        "area_path": found.area.path, "is_active": True, "changed_at": now, "changed_by": by,
    }  # fmt: skip
    row, _is_new = TagReader.objects.update_or_create(code=code, defaults=given)
    _leave(row, "guardian.reader", by, now)
    return row


@transaction.atomic
def take_down(row: TagReader, *, by: str, now: datetime) -> None:
    """Take nothing more from a reader."""
    TagReader.objects.filter(pk=row.pk).update(is_active=False, changed_at=now, changed_by=by)
    row.refresh_from_db()
    _leave(row, "guardian.reader_down", by, now)


def _leave(row: TagReader, verb: str, by: str, now: datetime) -> None:
    told = {"lon": row.lon, "lat": row.lat, "dangerous": row.is_dangerous}
    append_now(Leaf(by, verb, f"reader:{row.code}", now, row.area_path, told))
