"""Where tags are read: readers are data of the installation, each at the place of its area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

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
def place(
    code: str, spot: Spot, *, by: str, now: datetime, within: Sequence[str] = ("",)
) -> TagReader:
    """Add a reader, or move a known one; it reads again. Raises ReaderInvalid.

    ``within`` are the paths of the areas in which ``by`` may place and move readers.
    """
    if not 0 < len(code) <= 32 or "@" in code or code != code.strip():
        said = _("“{code}” is no code of a reader: 1 to 32 characters without @ and blanks.")
        raise ReaderInvalid(said.format(code=code))
    [found] = routing.route([(spot.lon, spot.lat)])
    if found.area is None or not found.is_inside:
        said = _("{code} lies outside the district: check longitude and latitude.")
        raise ReaderInvalid(said.format(code=code))
    known = TagReader.objects.filter(code=code).values_list("area_path", flat=True)
    if not all(_lies(path, within) for path in (found.area.path, *known)):
        said = _("{code} belongs to another area: only the desk of that area places it.")
        raise ReaderInvalid(said.format(code=code))
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


def _lies(path: str, within: Sequence[str]) -> bool:
    return any(path.startswith(one) for one in within)


def _leave(row: TagReader, verb: str, by: str, now: datetime) -> None:
    told = {"lon": row.lon, "lat": row.lat, "dangerous": row.is_dangerous}
    append_now(Leaf(by, verb, f"reader:{row.code}", now, row.area_path, told))
