"""Patrol: a unit says that it was at a place and looked; kept as long as positions of units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from zhizhi.directory import positions
from zhizhi.directory.models import Area, Unit
from zhizhi.engine import routing, timeline
from zhizhi.engine.models import CheckIn
from zhizhi.trust import grounds, pictures, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.vault import Place

LONGEST_SIDE = 1600  # pixels of a photo that is kept
MOST_FORGOTTEN = 1000  # a round: nobody waits long for a write
By = CheckIn.PlaceBy


class PlaceMissing(ValueError):
    """Neither a position, nor an area, nor words say where it was."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where somebody is, as told: by the phone, from the list of areas, or in words alone."""

    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    position_age: timedelta | None = None
    area: Area | None = None
    place: str = ""

    @property
    def by(self) -> str:
        """The surest way in which the place was told; raises PlaceMissing."""
        if self.lon is not None and self.lat is not None:
            return By.DEVICE
        if self.area is not None:
            return By.LIST
        if self.place:
            return By.WORDS
        raise PlaceMissing


def check_in(  # noqa: PLR0913 - all named at the call
    unit: Unit,
    seen: Sighting,
    *,
    key: str,
    by: str,
    now: datetime,
    at: datetime | None = None,
    note: str = "",
    photo: bytes | None = None,
) -> CheckIn:
    """Write down that ``unit`` was there and looked; the same ``key`` again changes nothing.

    ``at`` is when it was said, where that came late. A position of the phone becomes the unit's,
    unless a newer one is known. Raises PlaceMissing, PictureRefused and PositionRefused.
    """
    told_by, shown = seen.by, _redrawn(photo)
    with timeline.writing():
        Unit.objects.select_for_update().get(pk=unit.pk)  # two arrivals of one draft take turns
        before = CheckIn.everything.filter(unit=unit, by=by, key=key).first()
        if before is not None:
            return before
        row = CheckIn.everything.create(
            unit=unit, by=by, key=key, at=at or now, received_at=now, place_by=told_by,
            lon=seen.lon, lat=seen.lat, accuracy_m=seen.accuracy_m,
            position_age=seen.position_age, area=_area(seen, told_by), place=seen.place, note=note,
            area_path=unit.area.path,
        )  # fmt: skip
        if shown is not None:
            _seal(row, shown, now)
        if row.is_sure:
            _move(unit, row, now)
        leaf = {"check_in": row.pk, "place_by": str(told_by)}
        timeline.leave(Leaf(by, "unit.check_in", f"unit:{unit.pk}", now, row.area_path, leaf))
    return row


def _redrawn(photo: bytes | None) -> bytes | None:
    """Return the photo without what the camera wrote into it; raises PictureRefused."""
    if photo is None:
        return None
    pictures.media_type_of(photo)
    return pictures.redraw(photo, longest=LONGEST_SIDE)


def _area(seen: Sighting, by: str) -> Area | None:
    if by == By.DEVICE and seen.lon is not None and seen.lat is not None:
        return routing.responsible_area(seen.lon, seen.lat)
    return seen.area


def _move(unit: Unit, row: CheckIn, now: datetime) -> None:
    at = row.at - (row.position_age or timedelta(0))
    if row.lon is not None and row.lat is not None:
        positions.report_position(unit, lon=row.lon, lat=row.lat, at=at, now=now)


def _place(row: CheckIn) -> Place:
    return Place("engine_checkin", "photo", row.pk)


def _seal(row: CheckIn, photo: bytes, now: datetime) -> None:
    [(key, opened)] = vault.make_keys(1, now=now)
    row.photo = vault.seal_bytes(photo, key=opened, key_id=key.key_id, place=_place(row))
    row.photo_key = key
    row.save(update_fields=["photo", "photo_key"])


def photo_of(row: CheckIn, *, by: str, now: datetime) -> bytes:
    """Return the photo of a check-in; each look is in the audit chain. Raises Erased."""
    if row.photo is None or row.photo_key is None:
        message = f"check-in {row.pk} has no photo"
        raise vault.Erased(message)
    opened = vault.unwrap(row.photo_key)
    with grounds.reading(grounds.by_law("check-patrol")):
        content = vault.unseal_bytes(bytes(row.photo), key=opened, place=_place(row))
    leaf = Leaf(by, "unit.photo", f"unit:{row.unit_id}", now, row.area_path, {"check_in": row.pk})
    timeline.leave(leaf)
    return content


def forget(before: datetime, *, now: datetime) -> int:
    """Delete check-ins that were received earlier than ``before``, a bounded number at once."""
    old = CheckIn.everything.filter(received_at__lt=before).order_by("received_at")
    rows = list(old.values_list("pk", "photo_key")[:MOST_FORGOTTEN])
    CheckIn.everything.filter(pk__in=[pk for pk, _key in rows]).delete()
    for key in SubjectKey.objects.filter(pk__in=[key for _pk, key in rows if key is not None]):
        vault.destroy(key, now=now)
    return len(rows)
