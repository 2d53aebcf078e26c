"""Where units are: a report moves a unit forward in time only."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from zhizhi.directory.models import Unit, UnitPosition

AHEAD = timedelta(minutes=2)  # a device clock may be fast by this much
FRESH = timedelta(minutes=10)
APART = timedelta(minutes=1)  # reports that come sooner are not kept for later
STANDING = timedelta(minutes=10)  # nor are those of units that have not moved
MOST_FORGOTTEN = 10_000  # a round: nobody waits long for a write


class PositionRefused(ValueError):
    """The reported position cannot be; ``code`` is a stable word for interfaces."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def report_position(unit: Unit, *, lon: float, lat: float, at: datetime, now: datetime) -> bool:
    """Set where ``unit`` was at ``at``; says whether that was news.

    One conditional UPDATE: of reports that arrive together or out of order the newest one stays.
    Raises PositionRefused for a place off the globe or a time more than two minutes ahead.
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise PositionRefused("out-of-range", _("The position is not on the globe."))
    if at > now + AHEAD:
        raise PositionRefused(
            "future", _("The position lies in the future: set the device's clock.")
        )
    _keep_first([unit.pk])
    changed = Unit.objects.filter(pk=unit.pk, position_at__lt=at).update(
        lon=lon, lat=lat, position_at=at
    )
    if changed:
        _keep([unit.pk], now=now, apart=APART)
    unit.refresh_from_db(fields=["lon", "lat", "position_at"])
    return bool(changed)


def report_standing(*, now: datetime) -> None:
    """Let every unit whose position is older report again from where it stands."""
    older = Unit.objects.filter(position_at__lt=now)
    ids = list(older.values_list("pk", flat=True))
    _keep_first(ids)
    older.update(position_at=now)
    _keep(ids, now=now, apart=STANDING)


def _keep_first(units: list[int]) -> None:
    """Write down where units stand that nobody has written down yet, before they move."""
    rows = Unit.objects.filter(pk__in=units, positions__isnull=True)
    UnitPosition.objects.bulk_create(
        (
            UnitPosition(unit_id=pk, at=at, recorded_at=at, lon=lon, lat=lat)
            for pk, at, lon, lat in rows.values_list("pk", "position_at", "lon", "lat")
        ),
        batch_size=500,
    )


def _keep(units: list[int], *, now: datetime, apart: timedelta) -> None:
    """Write down where ``units`` are, except those written down less than ``apart`` ago."""
    fresh = UnitPosition.objects.filter(unit__in=units, recorded_at__gt=now - apart)
    known = set(fresh.values_list("unit", flat=True))
    rows = Unit.objects.filter(pk__in=[pk for pk in units if pk not in known])
    UnitPosition.objects.bulk_create(
        (
            UnitPosition(unit_id=pk, at=at, recorded_at=now, lon=lon, lat=lat)
            for pk, at, lon, lat in rows.values_list("pk", "position_at", "lon", "lat")
        ),
        batch_size=500,
    )


def forget(before: datetime) -> int:
    """Delete positions that were recorded earlier than ``before``, a bounded number at once."""
    old = UnitPosition.objects.filter(recorded_at__lt=before)
    ids = list(old.values_list("pk", flat=True)[:MOST_FORGOTTEN])
    return UnitPosition.objects.filter(pk__in=ids).delete()[0]


def age(unit: Unit, *, now: datetime) -> timedelta:
    """Return how old the known position is; a fast device clock counts as no age."""
    return max(now - unit.position_at, timedelta(0))


def is_fresh(unit: Unit, *, now: datetime, limit: timedelta = FRESH) -> bool:
    """Say whether the known position is at most ``limit`` old."""
    return age(unit, now=now) <= limit
