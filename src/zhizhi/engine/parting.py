"""Forgetting staff who have left, and what was said when their looks were approved or reviewed.

Logs name staff by the number of the account, for good. Who that was is known as long as the account
has its name: when the name goes, the numbers name nobody any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from zhizhi.directory import accounts, binding, granting, leaving, look_reviews
from zhizhi.directory.models import Account, LookReview, Unit
from zhizhi.engine import claiming, settings_in_force
from zhizhi.engine.models import Case, Claim, TimelineEntry

AT_ONCE = 50  # accounts of one round


def forget_closed(now: datetime) -> int:
    """Take the name from a bounded number of accounts that were closed long ago."""
    before = settings_in_force.days_ago("engine.account_days", now)
    return sum(leaving.forget(one, now=now) for one in islice(_closed_free(before), AT_ONCE))


def forget_reviewed(now: datetime) -> int:
    """Delete old guardianships, reviews of looks, and leave to look that no objection needs."""
    before = settings_in_force.days_ago("engine.review_days", now)
    claims = Claim.everything.filter(state=Claim.State.OPEN, record__grant__isnull=False)
    spared = [one for one in claims.values_list("record__grant", flat=True) if one is not None]
    done = look_reviews.forget_old(before, now=now)
    done += claiming.forget_of_guardians(before, now=now)
    objecting = Claim.everything.filter(guardianship__isnull=False).values("guardianship")
    done += binding.forget_old(before, now=now, spared=objecting)
    return done + granting.forget_old(before, spared=spared, now=now)


def forget_notes(now: datetime) -> int:
    """Blank why units were out of service, once they are back for as long as tracks are kept."""
    before = settings_in_force.days_ago("engine.unit_track_days", now)
    old = Unit.objects.filter(is_in_service=True, changed_at__lt=before)
    return old.exclude(service_note="").update(service_note="")


def _closed_free(before: datetime) -> Iterator[Account]:
    for account in leaving.closed_before(before):
        if not _is_needed(account):
            yield account


def _is_needed(account: Account) -> bool:
    """Say whether somebody may still have to know who it was: reviews, objections, open cases."""
    name = accounts.actor(account)
    open_reviews = LookReview.everything.filter(account=account, state=LookReview.State.OPEN)
    claims = Claim.everything.filter(record__actor=name, state=Claim.State.OPEN)
    acts = TimelineEntry.objects.filter(actor=name).exclude(case__state__in=Case.RESTING)
    return open_reviews.exists() or claims.exists() or acts.exists()
