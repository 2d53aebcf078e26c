"""People in the vault: sealing, purposeful reading, finding by telephone, erasing.

Nothing here returns personal data without a purpose and an open case, and every look, allowed or
refused, is on record before its answer is given: ``open_person`` opens a transaction of its own and
refuses to run inside another one, whose failure would take the record back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from zhizhi.directory import granting, guarding, identity
from zhizhi.directory.accounts import person_name
from zhizhi.directory.models import Person
from zhizhi.trust import access, allowances, audit, consenting, grounds, vault
from zhizhi.trust.access import UNTOLD, AccessRefused, Look, OpenCase, Post
from zhizhi.trust.allowances import Rate
from zhizhi.trust.audit import Leaf
from zhizhi.trust.consenting import ConsentMissing
from zhizhi.trust.evidence import append_now
from zhizhi.trust.grounds import Ground, PurposeMissing
from zhizhi.trust.models import Consent

Leave = Callable[[Leaf], object]
TABLE = "directory_person"
FIELDS = ("name", "phone", "identity_number")
OWNER, OWN_COPY = "resident", "own-copy"  # who and why, when somebody reads the own data
CHECK = "check-guardian"
LOOKS = Rate(most=30, within=timedelta(hours=1))  # of one actor for one purpose
TOO_MANY, NO_CONSENT, NO_PURPOSE = "too-many", "no-consent", "no-purpose"


@dataclass(frozen=True, slots=True, repr=False)
class PersonalData:
    """What is to be sealed of one person; checked and normalised when it is made.

    Raises IdentityInvalid and, through ``admit``, WrongWorld.
    """

    name: str = ""
    phone: str = ""
    identity_number: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.strip())
        if self.phone:
            object.__setattr__(self, "phone", identity.phone_number(self.phone))
        if self.identity_number:
            number = identity.identity_number(self.identity_number)
            object.__setattr__(self, "identity_number", number)

    def admit(self) -> bool:
        """Return whether the person is invented; raises WrongWorld when it may not be here."""
        invented = identity.is_invented(phone=self.phone, identity=self.identity_number)
        identity.admit(invented, mode=settings.MODE)
        return settings.MODE != "production" if invented is None else invented

    def given(self) -> dict[str, str]:
        """Return the fields that hold something."""
        return {name: getattr(self, name) for name in FIELDS if getattr(self, name)}


@transaction.atomic
def add_people(
    rows: Sequence[PersonalData], *, by: str, now: datetime, leave: Leave = append_now
) -> list[Person]:
    """Seal many people, each under a key of its own; one audit leaf names the first and last.

    Inside a transaction that goes on to lock other rows, hand over ``leave`` (the timeline's).
    """
    invented = [data.admit() for data in rows]
    people = []
    for data, is_synthetic, (row, key) in zip(
        rows, invented, vault.make_keys(len(rows), now=now), strict=True
    ):
        sealed = _sealed(row.pk, key, data.given())
        people.append(Person(key=row, is_synthetic=is_synthetic, created_at=now, **sealed))
    Person.objects.bulk_create(people, batch_size=500)
    if people:
        detail = {"count": len(people), "last": people[-1].pk}
        leave(Leaf(by, "person.add", subject(people[0]), now, detail=detail))
    return people


def add_person(data: PersonalData, *, by: str, now: datetime, leave: Leave = append_now) -> Person:
    """Seal one person."""
    return add_people([data], by=by, now=now, leave=leave)[0]


@transaction.atomic
def seal_person(person: Person, data: PersonalData, *, by: str, now: datetime) -> None:
    """Replace the fields that ``data`` gives; raises vault.Erased for an erased person."""
    is_synthetic = data.admit()
    if is_synthetic != person.is_synthetic:
        message = "An invented person cannot become a real one."
        raise identity.WrongWorld(message)
    given = data.given()
    sealed = _sealed(person.pk, vault.unwrap(person.key), given)
    Person.objects.filter(pk=person.pk).update(**sealed)
    person.refresh_from_db()
    detail = {"fields": sorted(given)}
    audit.append([Leaf(by, "person.change", subject(person), now, detail=detail)])


def open_person(  # noqa: PLR0913 - who, what, why and for which case, all named at the call
    person: Person,
    fields: Sequence[str],
    *,
    actor: str,
    purpose: str,
    case: OpenCase | None,
    now: datetime,
    post: Post = UNTOLD,
    hidden_for: timedelta = timedelta(0),
    grant: int | None = None,
    rate: Rate = LOOKS,
) -> dict[str, str]:
    """Return ``fields`` of ``person`` in the clear and leave an access record.

    ``post`` is what the person is told of whoever looks; ``hidden_for`` delays that. ``grant`` is
    the number of an access grant: a delay needs one, and so does a case that has ended or that the
    actor may not see. It is used up by the look, in the transaction of the record.

    Raises AccessRefused (recorded as well) without a registered purpose, without the consent that
    the purpose needs, without an open case that the actor may see or a grant that fits, or when the
    actor has looked more often for this purpose than ``rate`` lets one without a grant;
    vault.Erased for an erased person, RuntimeError inside another transaction.
    """
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown or not fields:
        message = f"a person has {', '.join(FIELDS)}; asked for {', '.join(fields) or 'nothing'}"
        raise ValueError(message)
    asked = Look(actor, subject(person), tuple(fields), purpose, case, post, hidden_for, grant)
    with transaction.atomic(durable=True):
        ground, refusal = _grounded(asked, now)
        look = replace(asked, grant=None)
        if not refusal:  # else a grant would be used up for nothing
            look, refusal = granting.decide(asked, now=now)
        if not refusal and look.grant is None:
            refusal = _used_up(look, rate, now)
        access.record(look, refusal=refusal, now=now, ground=ground)
    if refusal or ground is None:
        raise AccessRefused(refusal)
    fresh = Person.objects.select_related("key").get(pk=person.pk)
    key = vault.unwrap(fresh.key)
    with grounds.reading(ground):
        return vault.unseal_columns(fresh, fields, table=TABLE, key=key)


def own_data(person: Person, *, now: datetime) -> dict[str, str]:
    """Return everything that is kept of ``person`` for the person alone, and put that on record.

    Nobody needs a purpose to read the own data (PIPL art. 45). Raises vault.Erased.
    """
    key = vault.unwrap(person.key)
    look = Look(OWNER, subject(person), FIELDS, OWN_COPY, None, Post(OWNER))
    ground = grounds.by_law(OWN_COPY)
    with transaction.atomic():
        access.record(look, refusal="", now=now, ground=ground)
    with grounds.reading(ground):
        return vault.unseal_columns(person, FIELDS, table=TABLE, key=key)


def open_to_check(
    person: Person, *, actor: str, post: Post, now: datetime, rate: Rate = LOOKS
) -> dict[str, str]:
    """Return name and number of a ward or guardian for whoever checks which two are bound.

    There is no case yet that it could belong to. The look is on record and is shown to the person.
    Raises AccessRefused (recorded as well) when the actor has looked too often; vault.Erased.
    """
    key, fields = vault.unwrap(person.key), ("name", "phone")
    look = Look(actor, subject(person), fields, CHECK, None, post)
    ground = grounds.by_law(CHECK)
    with transaction.atomic(durable=True):
        refusal = _used_up(look, rate, now)
        access.record(look, refusal=refusal, now=now, ground=ground)
    if refusal:
        raise AccessRefused(refusal)
    with grounds.reading(ground):
        return vault.unseal_columns(person, fields, table=TABLE, key=key)


def find_by_phone(phone: str) -> Person | None:
    """Return the person with this telephone number, found without opening anything."""
    rows = Person.objects.select_related("key").filter(phone_index=index_of(phone))
    return rows.order_by("pk").first()


def index_of(phone: str) -> str:
    """Return the keyed hash by which people with this number are found; raises IdentityInvalid."""
    return vault.blind_index(identity.phone_number(phone), column=f"{TABLE}.phone")


@transaction.atomic
def erase_person(person: Person, *, by: str, now: datetime, leave: Leave = append_now) -> bool:
    """Destroy the person's key and sealed columns; says whether there was something to erase.

    Whatever the person had agreed to ends with them, and so does every guardianship of theirs.
    """
    erased = vault.destroy(person.key, now=now)
    cleared: Mapping[str, None] = dict.fromkeys(FIELDS)
    Person.objects.filter(pk=person.pk).update(phone_index="", **cleared)
    person.refresh_from_db()
    consenting.end_all(subject(person), Consent.Ended.ERASED, by=by, now=now, leave=leave)
    guarding.end_of(person, by=by, now=now, leave=leave)
    if erased:
        leave(Leaf(by, "person.erase", subject(person), now))
    return erased


def _grounded(look: Look, now: datetime) -> tuple[Ground | None, str]:
    """Return what ``look`` rests on, or why it rests on nothing."""
    try:
        return consenting.ground(look.purpose, look.person, look.fields, now=now), ""
    except ConsentMissing:
        return None, NO_CONSENT
    except PurposeMissing:
        return None, NO_PURPOSE


def _used_up(look: Look, rate: Rate, now: datetime) -> str:
    """Count one look of the actor for its purpose; returns why not when there were too many."""
    has_room = allowances.take(f"look {look.purpose}", look.actor, rate=rate, now=now)
    return "" if has_room else TOO_MANY


def subject(person: Person) -> str:
    """Return how logs name the person: "person:7"."""
    return person_name(person.pk)


def _sealed(pk: int, key: bytes, given: Mapping[str, str]) -> dict[str, bytes | str]:
    columns: dict[str, bytes | str] = {
        name: vault.seal(text, key=key, key_id=str(pk), place=vault.Place(TABLE, name, pk))
        for name, text in given.items()
    }
    if "phone" in given:
        columns["phone_index"] = vault.blind_index(given["phone"], column=f"{TABLE}.phone")
    return columns
