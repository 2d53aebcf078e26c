"""What is left of an account that was closed long ago: its number, which names nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from zhizhi.directory import people, second_factor
from zhizhi.directory.accounts import CLOSED, actor
from zhizhi.directory.models import Account, Person, SavedView
from zhizhi.trust.audit import Leaf
from zhizhi.trust.evidence import append_now
from zhizhi.trust.models import AuditEntry

VERB = "account.forget"
WORKER = "worker"
GONE = "gone:"  # no user name that is given can hold a colon


def closed_before(moment: datetime) -> Iterator[Account]:
    """Yield the accounts with a name that were closed before ``moment``, the oldest first."""
    rows = Account.objects.filter(is_active=False).exclude(username__startswith=GONE)
    for account in rows.order_by("pk"):
        if closed_at(account) < moment:
            yield account


def closed_at(account: Account) -> datetime:
    """Return when the account was closed; without a trace of it, when it was last used."""
    entries = AuditEntry.objects.filter(verb=CLOSED, subject=actor(account)).order_by("-seq")
    told = entries.values_list("at", flat=True).first()
    return told or account.last_login or account.date_joined


@transaction.atomic
def forget(account: Account, *, now: datetime) -> bool:
    """Take everything from a closed account but its number; says whether there was something."""
    person = Person.objects.select_related("key").filter(account=account).first()
    named = Account.objects.filter(pk=account.pk, is_active=False)
    if not named.exclude(username__startswith=GONE).update(
        username=f"{GONE}{account.pk}", email="", call_sign="", password=make_password(None),
        person=None, last_login=None,
    ):  # fmt: skip
        return False
    SavedView.objects.filter(owner=account).delete()
    second_factor.drop_all(account, now=now)
    if person is not None and not Account.objects.filter(person=person).exists():
        people.erase_person(person, by=WORKER, now=now)
    append_now(Leaf(WORKER, VERB, actor(account), now))
    return True
