"""Where units are: a report moves a unit forward in time only."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from zhizhi.directory.models import Unit

AHEAD = timedelta(minutes=2)  # a device clock may be fast by this much
FRESH = timedelta(minutes=10)


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
    changed = Unit.objects.filter(pk=unit.pk, position_at__lt=at).update(
        lon=lon, lat=lat, position_at=at
    )
    unit.refresh_from_db(fields=["lon", "lat", "position_at"])
    return bool(changed)


def age(unit: Unit, *, now: datetime) -> timedelta:
    """Return how old the known position is; a fast device clock counts as no age."""
    return max(now - unit.position_at, timedelta(0))


def is_fresh(unit: Unit, *, now: datetime, limit: timedelta = FRESH) -> bool:
    """Say whether the known position is at most ``limit`` old."""
    return age(unit, now=now) <= limit
