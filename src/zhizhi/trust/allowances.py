"""How often somebody may do something: a bucket of tokens that fills again evenly.

One moment a bucket is all that is kept (the generic cell rate algorithm, ITU-T I.371): the moment
at which it is full again. A token is taken by one conditional UPDATE, so that many processes at
once take no more than there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from zhizhi.trust import vault
from zhizhi.trust.models import Allowance


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``most`` at once, and so many again in the course of ``within``."""

    most: int
    within: timedelta

    @property
    def each(self) -> timedelta:
        """How long one token takes to come back."""
        return self.within / self.most


def take(what: str, who: str, *, rate: Rate, now: datetime) -> bool:
    """Take one token of ``who`` for ``what``; says whether there was one."""
    bucket = _bucket(what, who)
    Allowance.objects.get_or_create(bucket=bucket, defaults={"full_at": now})
    row = Allowance.objects.filter(bucket=bucket)
    if row.filter(full_at__lte=now).update(full_at=now + rate.each):
        return True
    left = row.filter(full_at__gt=now, full_at__lte=now + rate.within - rate.each)
    return bool(left.update(full_at=F("full_at") + rate.each))


def again_at(what: str, who: str, *, rate: Rate, now: datetime) -> datetime:
    """Return when ``who`` has a token for ``what`` again: now, when there is one left."""
    row = Allowance.objects.filter(bucket=_bucket(what, who)).first()
    return max(now, row.full_at - rate.within + rate.each) if row else now


def give_back(what: str, who: str, *, rate: Rate, now: datetime) -> None:
    """Give ``who`` one token for ``what`` back, which was taken for something that counts not."""
    row = Allowance.objects.filter(bucket=_bucket(what, who), full_at__gt=now)
    row.update(full_at=F("full_at") - rate.each)


def fill(what: str, who: str) -> None:
    """Give ``who`` the whole allowance for ``what`` back at once."""
    Allowance.objects.filter(bucket=_bucket(what, who)).delete()


def forget_full(*, now: datetime) -> int:
    """Drop the buckets of which nothing is missing; returns how many."""
    return Allowance.objects.filter(full_at__lte=now).delete()[0]


def _bucket(what: str, who: str) -> str:
    return vault.blind_index(f"{what}|{who}", column="trust_allowance.bucket")
