"""People of two offices, what one of them asks for, and the look that it opens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from zhizhi.directory import granting, people
from zhizhi.directory.granting import Wanted
from zhizhi.directory.models import AccessGrant, Account, Agency, Area, Person, RoleAssignment, Unit
from zhizhi.directory.people import PersonalData
from zhizhi.trust import consenting
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.consenting import Agreement
from zhizhi.trust.models import AccessRecord

AT = datetime(2023, 2, 24, 8, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)
WAIT, SPAN, REVIEW = timedelta(minutes=480), timedelta(minutes=60), timedelta(days=3)
HERE, THERE = "/d/here/", "/d/there/"


@dataclass(frozen=True)
class ACase:
    id: int = 41
    is_open: bool = False
    is_visible: bool = True


@dataclass
class Staff:
    """People of two towns; "operator" asks."""

    areas: dict[str, Area] = field(default_factory=dict)
    agencies: dict[str, Agency] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)

    def hire(self, role: str, path: str = HERE, *, agency: str = "", unit: str = "") -> Account:
        account = Account.objects.create(username=f"{role}-{Account.objects.count()}")
        self.give(account, role, path, agency=agency, unit=unit)
        return account

    def give(
        self, account: Account, role: str, path: str = HERE, *, agency: str = "", unit: str = ""
    ) -> None:
        RoleAssignment.objects.create(
            account=account, role=role, area=self.areas.get(path),
            agency=self.agencies.get(agency), unit=self.units.get(unit),
        )  # fmt: skip


def somebody(name: str, phone: str) -> Person:
    """A person who agreed to be called."""
    person = people.add_person(PersonalData(name, phone), by="resident", now=AT)
    agreement = Agreement(people.subject(person), "contact", ("name", "phone"), "page")
    consenting.give(agreement, until=AT + timedelta(days=365), by="resident", now=AT)
    return person


def wanted(person: Person, **other: Any) -> Wanted:
    plain = Wanted(
        AccessGrant.Kind.LOOK, f"person:{person.pk}", "ask-reporter", "seen again", ("phone",), 41,
        HERE,
    )  # fmt: skip
    return replace(plain, **other)


def ask(person: Person, by: Account, **other: Any) -> AccessGrant:
    return granting.ask(wanted(person, **other), by=by, within=WAIT, span=SPAN, now=AT)


def approved(person: Person, by: Account, second: Account, **other: Any) -> AccessGrant:
    grant = ask(person, by, **other)
    granting.approve(grant, by=second, now=AT)
    return grant


def emergency(person: Person, by: Account) -> AccessGrant:
    return granting.break_glass(
        wanted(person, purpose="save-life"), by=by, span=SPAN, review_within=REVIEW, now=AT
    )


def look(grant: AccessGrant | None, person: Person, by: Account, **other: Any) -> dict[str, str]:
    said: dict[str, Any] = {
        "fields": ("phone",), "purpose": "ask-reporter", "case": ACase(), "now": AT, **other,
    }  # fmt: skip
    fields = said.pop("fields")
    number = grant.pk if grant else None
    return people.open_person(person, fields, actor=f"account:{by.pk}", grant=number, **said)


def state_of(grant: AccessGrant) -> str:
    return AccessGrant.everything.get(pk=grant.pk).state


def refusal(*arguments: Any, **named: Any) -> str:
    """Look; returns why it was refused, after making sure that the refusal is on record."""
    with pytest.raises(AccessRefused) as refused:
        look(*arguments, **named)
    assert not AccessRecord.objects.latest("pk").is_allowed
    return refused.value.code
