"""Guardianships: proposed by one person, confirmed by another of another office, over by itself.

It stands in the directory because it binds two people of the vault and two accounts; the register
of agreements (``trust/consenting.py``) knows a guardian by number and relation alone. Whatever ends
a guardianship ends in the same transaction what the guardian had agreed to, and nothing that the
guardian agrees to counts longer than the guardianship, so no agreement outlives it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction

from zhizhi.directory.accounts import actor, person_name
from zhizhi.directory.granting import NotSecond, not_second
from zhizhi.directory.models import Account, Guardianship, Person
from zhizhi.trust import canonical, consenting, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.consenting import Agreement, Guardian
from zhizhi.trust.evidence import append_now
from zhizhi.trust.models import Consent, SubjectKey
from zhizhi.trust.states import StateConflict, move

Leave = Callable[[Leaf], object]
State, Ended = Guardianship.State, Guardianship.Ended
TABLE = "directory_guardianship"
LONGEST = timedelta(days=365)  # it is renewed every year (research on vision, section 5)
CHANNEL = "guardian-page"
GUARDIAN = "guardian"  # who ended it, when the guardian did
SECRET_DIGITS = 8


class GuardianshipOver(PermissionError):
    """Whoever agrees for somebody is not, or no longer, the guardian."""


class WardSpoke(PermissionError):
    """The ward has agreed to this in person, or taken it back: nobody does so for the ward."""


@dataclass(frozen=True, slots=True)
class Bond:
    """Who is whose guardian, on what it rests, and until when."""

    ward: Person
    guardian: Person
    relation: str
    basis: str
    until: datetime


def propose(
    bond: Bond, *, area_path: str, by: Account, now: datetime, leave: Leave = append_now
) -> Guardianship:
    """Write down who shall be whose guardian; it allows nothing before somebody else confirms it.

    Raises ValueError for nobody else, no time or more than a year, vault.Erased, and StateConflict
    when the same waits already.
    """
    if bond.ward.pk == bond.guardian.pk or not now < bond.until <= now + LONGEST:
        message = "a guardian is somebody else, and for a year at most"
        raise ValueError(message)
    try:
        with transaction.atomic():
            _hold(bond.ward, bond.guardian)
            row = Guardianship.everything.create(
                ward=bond.ward, guardian=bond.guardian, relation=bond.relation, basis=bond.basis,
                area_path=area_path, proposed_by=by, proposed_at=now, until_at=bond.until,
            )  # fmt: skip
            leave(_leaf(row, "guardianship.propose", actor(by), now))
    except IntegrityError as error:
        message = f"person {bond.guardian.pk} was proposed already"
        raise StateConflict(message, code="proposed-already") from error
    return row


def confirm(row: Guardianship, *, by: Account, now: datetime) -> None:
    """Be the second person: from now on the guardian may agree. An older one is renewed by it.

    Raises NotSecond, and StateConflict (code "lapsed" when its time is over).
    """
    code = may_confirm(row, by)
    if code:
        with transaction.atomic():  # the attempt stays on record
            append_now(_leaf(row, "guardianship.denied", actor(by), now, why=code))
        raise NotSecond(code)
    if row.state == State.PROPOSED and not row.may_be_confirmed(now):
        message = f"{name_of(row)} was not confirmed in time"
        raise StateConflict(message, code="lapsed", record=row)
    with transaction.atomic():
        older = Guardianship.everything.filter(ward=row.ward_id, guardian=row.guardian_id)
        older = older.filter(state=State.CONFIRMED).exclude(pk=row.pk)
        renewed = _end_each(older, Ended.RENEWED, actor(by), now)
        move(row, State.CONFIRMED, allowed=Guardianship.MOVES, confirmed_by=by, since_at=now)
        _append(_ended(renewed, actor(by), now), _leaf(row, "guardianship.confirm", actor(by), now))


def end(
    row: Guardianship, why: Guardianship.Ended, *, by: str, now: datetime,
    leave: Leave = append_now,
) -> int:  # fmt: skip
    """End it for good, with whatever the guardian agreed to; returns how many agreements ended.

    One that was never confirmed ends alone. Raises StateConflict.
    """
    leaves: list[Leaf] = []
    with transaction.atomic():
        move(row, State.ENDED, allowed=Guardianship.MOVES, ended_at=now, ended_by=by,
             ended_why=why)  # fmt: skip
        ended = _end_agreements([row], by, now, leaves)
        _append(_ended([row], by, now), *leaves, leave=leave)
    return ended


def resign(row: Guardianship, *, now: datetime) -> int:
    """Let the guardian give it back; returns how many agreements ended. Raises StateConflict."""
    return end(row, Ended.RESIGNED, by=GUARDIAN, now=now)


def object_for(ward: Person, *, by: str, now: datetime, leave: Leave = append_now) -> int:
    """End every guardianship of ``ward``, who does not want it; returns how many there were.

    The ward's word outweighs each guardian's: nobody agrees for the ward until two people have
    confirmed a guardianship anew.
    """
    return _end_all(models.Q(ward=ward), Ended.OBJECTED, by, now, leave)


def end_of(person: Person, *, by: str, now: datetime, leave: Leave = append_now) -> int:
    """End every guardianship of somebody whose data is destroyed; returns how many there were."""
    either = models.Q(ward=person) | models.Q(guardian=person)
    return _end_all(either, Ended.ERASED, by, now, leave)


def agree(
    row: Guardianship, purpose: str, data: Sequence[str], *, text: str, now: datetime
) -> Consent:
    """Agree for the ward as long as the guardianship lasts; fewer data than before narrows it.

    Raises GuardianshipOver, WardSpoke, and what ``consenting.give`` raises.
    """
    with transaction.atomic():
        # Whoever ends it at the same time waits here, and then finds this agreement.
        held = Guardianship.everything.select_for_update().filter(pk=row.pk).first()
        if held is None or not held.is_in_force(now):
            raise GuardianshipOver(name_of(row))
        _check_silent(held, purpose, now)
        guardian = Guardian(person_name(held.guardian_id), held.relation)
        agreement = Agreement(
            person_name(held.ward_id), purpose, tuple(data), CHANNEL, text, guardian
        )
        return consenting.give(agreement, until=held.until_at, by=name_of(held), now=now)


def withdraw(row: Guardianship, number: int, *, now: datetime) -> Consent:
    """Take one agreement back that this guardian gave; no other is found.

    Raises Consent.DoesNotExist, and StateConflict when it had ended.
    """
    consent = agreements_of(row).get(pk=number)
    return consenting.withdraw(consent, by=name_of(row), now=now)


def agreements_of(row: Guardianship) -> models.QuerySet[Consent]:
    """Return what this guardian has agreed to for this ward, in force or ended."""
    given = consenting.of(person_name(row.ward_id))
    return given.filter(guardian=person_name(row.guardian_id))


def may_confirm(row: Guardianship, by: Account) -> str:
    """Return why ``by`` may not be the second person: self, same-office or no-role; else nothing.

    Whoever is ward or guardian confirms nothing either.
    """
    if by.person_id is not None and by.person_id in {row.ward_id, row.guardian_id}:
        return "self"
    return not_second(by, to=row.proposed_by, area_path=row.area_path)


def secret_of(row: Guardianship) -> str:
    """Return the digits with which the guardian comes in; computed, so kept nowhere."""
    text = f"{row.pk}|{row.ward_id}|{row.guardian_id}"
    return vault.secret_digits(text, column=f"{TABLE}.secret", count=SECRET_DIGITS)


def find(number: int, secret: str) -> Guardianship | None:
    """Return the guardianship with this number that was confirmed, if the digits are its own."""
    row = Guardianship.everything.filter(pk=number, since_at__isnull=False).first()
    return row if row is not None and vault.is_secret(secret, secret_of(row)) else None


def wards_of(numbers: Collection[int]) -> models.QuerySet[Guardianship]:
    """Return the confirmed guardianships of whoever is guardian in any of ``numbers``."""
    who = Guardianship.everything.filter(pk__in=numbers).values("guardian")
    rows = Guardianship.everything.filter(guardian__in=who, since_at__isnull=False)
    return rows.order_by("-pk")


def name_of(row: Guardianship) -> str:
    """Return how logs name it: "guardianship:3"."""
    return f"guardianship:{row.pk}"


def _hold(*both: Person) -> None:
    """Hold two people until the transaction ends: whoever erases one then finds the new row."""
    keys = [one.pk for one in both]
    list(Person.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    if SubjectKey.objects.filter(pk__in=keys, destroyed_at=None).count() != len(keys):
        raise vault.Erased


def _check_silent(row: Guardianship, purpose: str, now: datetime) -> None:
    """Raise WardSpoke when the ward agreed in person, or did and took it back."""
    spoken = consenting.of(person_name(row.ward_id)).filter(purpose=purpose, guardian="").first()
    if spoken is None:
        return
    if spoken.is_in_force(now) or spoken.ended_why == Consent.Ended.WITHDRAWN:
        raise WardSpoke(purpose)


def _end_all(which: models.Q, why: Guardianship.Ended, by: str, now: datetime, leave: Leave) -> int:
    with transaction.atomic():
        rows = _end_each(Guardianship.everything.filter(which), why, by, now)
        leaves: list[Leaf] = []
        _end_agreements(rows, by, now, leaves)
        _append(_ended(rows, by, now), *leaves, leave=leave)
    return len(rows)


def _end_each(
    rows: models.QuerySet[Guardianship], why: Guardianship.Ended, by: str, now: datetime
) -> list[Guardianship]:
    """End those of ``rows`` that have not ended; returns which, as they are then."""
    ended = []
    for row in rows.exclude(state=State.ENDED).order_by("pk"):
        live = Guardianship.everything.filter(pk=row.pk).exclude(state=State.ENDED)
        if live.update(state=State.ENDED, ended_at=now, ended_by=by, ended_why=why):
            row.refresh_from_db(from_queryset=Guardianship.everything.all())
            ended.append(row)
    return ended


def _ended(rows: Sequence[Guardianship], by: str, now: datetime) -> list[Leaf]:
    return [_leaf(row, "guardianship.end", by, now, why=row.ended_why) for row in rows]


def _end_agreements(
    rows: Sequence[Guardianship], by: str, now: datetime, leaves: list[Leaf]
) -> int:
    """End what the guardians of ``rows`` agreed to; a proposal takes nothing with it."""
    return sum(
        consenting.end_guardian(
            person_name(row.guardian_id), of=person_name(row.ward_id), by=by, now=now,
            leave=leaves.append,
        )
        for row in rows
        if row.since_at is not None
    )  # fmt: skip


def _append(leaves: Sequence[Leaf], *more: Leaf, leave: Leave = append_now) -> None:
    """Leave everything at the very end: whoever holds the chain's head must not wait for rows."""
    for leaf in (*leaves, *more):
        leave(leaf)


def _leaf(row: Guardianship, verb: str, by: str, now: datetime, **more: Any) -> Leaf:
    """Name ward and guardian by numbers."""
    detail = {
        "ward": person_name(row.ward_id), "guardian": person_name(row.guardian_id),
        "relation": str(row.relation), "basis": str(row.basis),
        "until": canonical.moment(row.until_at), **more,
    }  # fmt: skip
    return Leaf(by, verb, name_of(row), now, row.area_path, detail)
