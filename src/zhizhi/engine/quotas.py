"""How often one sender may do something in an hour, counted without keeping who it was."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F

from zhizhi.engine.models import Quota
from zhizhi.trust import vault

HOUR = timedelta(hours=1)


def take(what: str, who: str, *, most: int, now: datetime) -> bool:
    """Count one more ``what`` by ``who`` and say whether it is among the ``most`` of this hour.

    ``who`` (an address, a session, a number) is kept as a keyed hash that changes every hour.
    """
    hour, bucket = _hour(now), _bucket(what, who, now)
    Quota.objects.get_or_create(bucket=bucket, hour=hour)
    free = Quota.objects.filter(bucket=bucket, hour=hour, used__lt=most)
    return bool(free.update(used=F("used") + 1))


def has_room(what: str, who: str, *, most: int, now: datetime) -> bool:
    """Say whether ``take`` would let one more in, without counting it."""
    full = Quota.objects.filter(bucket=_bucket(what, who, now), hour=_hour(now), used__gte=most)
    return not full.exists()


def again_at(now: datetime) -> datetime:
    """Return when the next hour begins and everybody may knock again."""
    return _hour(now) + HOUR


def forget_old(*, now: datetime) -> int:
    """Drop the counts of past hours; returns how many."""
    return Quota.objects.filter(hour__lt=_hour(now)).delete()[0]


def _bucket(what: str, who: str, now: datetime) -> str:
    text = f"{what}|{_hour(now):%Y%m%d%H}|{who}"
    return vault.blind_index(text, column="engine_quota.bucket")


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
