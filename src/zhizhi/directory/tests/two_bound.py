"""A ward, a guardian, and what is proposed and confirmed between them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from zhizhi.directory import guarding, people
from zhizhi.directory.guarding import Bond
from zhizhi.directory.models import Account, Guardianship, Person
from zhizhi.directory.people import PersonalData
from zhizhi.directory.tests.two_people import AT, HERE
from zhizhi.trust import consenting
from zhizhi.trust.consenting import ConsentMissing
from zhizhi.trust.grounds import BRING_HOME
from zhizhi.trust.models import AuditEntry, Consent

YEAR = timedelta(days=365)
DATA = ("name", "phone")


def someone(name: str, phone: str = "") -> Person:
    return people.add_person(PersonalData(name, phone), by="account:1", now=AT)


def propose(ward: Person, guardian: Person, by: Account, **other: Any) -> Guardianship:
    now: datetime = other.pop("now", AT)
    bond = Bond(ward, guardian, "child", "kinship", other.pop("until", now + YEAR))
    return guarding.propose(bond, area_path=HERE, by=by, now=now, **other)


def bind(
    ward: Person, guardian: Person, by: Account, second: Account, **other: Any
) -> Guardianship:
    row = propose(ward, guardian, by, **other)
    guarding.confirm(row, by=second, now=other.get("now", AT))
    return row


def agree(row: Guardianship, now: datetime = AT, data: tuple[str, ...] = DATA) -> Consent:
    return guarding.agree(row, BRING_HOME, data, text="bring-home@1", now=now)


def refusal(ward: Person, now: datetime = AT, data: tuple[str, ...] = ("phone",)) -> str:
    """Return why nobody may use ``data`` of the ward; nothing when somebody may."""
    try:
        consenting.require(people.subject(ward), BRING_HOME, data, now=now)
    except ConsentMissing as missing:
        return missing.reason
    return ""


def fresh(row: Guardianship) -> Guardianship:
    return Guardianship.everything.get(pk=row.pk)


def verbs(start: str = "guardianship.") -> list[str]:
    rows = AuditEntry.objects.filter(verb__startswith=start).order_by("seq")
    return list(rows.values_list("verb", flat=True))
