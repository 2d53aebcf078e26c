"""The protected circle: a few relatives of a resident, each invited by number and confirming.

Until a relative has confirmed, nobody is told anything about anybody: an invitation does not say
who invites, and whoever invites learns nothing but that nobody has confirmed yet. Both sides end
it with one word, at once. A relative counts as long as both have agreed (``joining.agree``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from zhizhi.directory import people
from zhizhi.directory.models import Person
from zhizhi.engine import settings_in_force, timeline
from zhizhi.engine.states import StateConflict, move
from zhizhi.systems.antifraud import joining
from zhizhi.systems.antifraud.models import CircleMember, CirclePerson, Dissuasion
from zhizhi.trust import consenting, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.grounds import PROTECT

INVITED, CONFIRMED, END = "circle.invite", "circle.confirm", "circle.end"
State, Ended = CircleMember.State, CircleMember.Ended
SHOWN_ENDED = 5  # of what has ended, on the own page


class CircleFull(ValueError):
    """There are as many relatives in the circle as there may be."""


class OwnNumber(ValueError):
    """Nobody is the own relative."""


class NotIn(PermissionError):
    """Whoever invites has left, or the agreement is over."""


def invite(protected: CirclePerson, phone: str, relation: str, *, now: datetime) -> CircleMember:
    """Send a relative number and code of an invitation; it allows nothing until it is confirmed.

    Raises NotIn, OwnNumber, CircleFull, IdentityInvalid, WrongWorld, and StateConflict
    ("invited-already") while the same relative is invited or in the circle.
    """
    with timeline.writing():
        held = CirclePerson.objects.select_for_update().filter(pk=protected.pk).first()
        if held is None or not joining.is_in(held, now=now):
            raise NotIn
        relative = joining.known(phone, now=now)
        if relative.pk == held.pk:
            raise OwnNumber
        _lapse(held, now=now)
        if live(held).count() >= settings_in_force.value("antifraud.circle_most"):
            raise CircleFull
        row = _invited(held, relative, relation, now=now)
        _tell(row, now=now)
        timeline.leave(_leaf(row, INVITED, joining.RESIDENT, now))
    return row


def confirm(number: int, secret: str, *, now: datetime) -> CircleMember | None:
    """Let the relative say yes with number and code; None when they do not fit or it is too late.

    The relative agrees with it that the own number is used. Raises StateConflict when it was ended
    or confirmed at the same time.
    """
    with timeline.writing():
        row = find(number, secret)
        if row is None or not row.may_be_confirmed(now) or not joining.is_in(
            row.protected, now=now
        ):  # fmt: skip
            return None
        move(row, State.CONFIRMED, allowed=CircleMember.MOVES, since_at=now)
        joining.agree(row.relative, now=now)
        timeline.leave(_leaf(row, CONFIRMED, joining.RESIDENT, now))
    return row


def refuse(number: int, secret: str, *, now: datetime) -> bool:
    """Let whoever was invited say no; says whether number and code fit."""
    row = find(number, secret)
    if row is None or row.state != State.INVITED:
        return False
    end(row, Ended.REFUSED, now=now)
    return True


def end(row: CircleMember, why: CircleMember.Ended, *, now: datetime) -> None:
    """End it for good; raises StateConflict when it had ended.

    Whoever was here for it alone is destroyed with it.
    """
    with timeline.writing():
        move(row, State.ENDED, allowed=CircleMember.MOVES, ended_at=now, ended_why=why)
        timeline.leave(_leaf(row, END, joining.RESIDENT, now))
        joining.let_go(row.relative, now=now)


def mine(who: CirclePerson, pk: int) -> tuple[CircleMember, CircleMember.Ended] | None:
    """Return what ``who`` may end, and what ending it is; of others' there is nothing."""
    rows = CircleMember.objects.filter(Q(protected=who) | Q(relative=who), pk=pk)
    row = rows.select_related("relative__person__key").first()
    if row is None:
        return None
    return row, Ended.REMOVED if row.protected_id == who.pk else Ended.LEFT


def find(number: int, secret: str) -> CircleMember | None:
    """Return the invitation with this number, if the code is its own."""
    rows = CircleMember.objects.select_related("protected__person__key", "relative__person__key")
    row = rows.filter(pk=number).first()
    return row if row is not None and vault.is_secret(secret, secret_of(row)) else None


def secret_of(row: CircleMember) -> str:
    """Return the code that the relative alone is sent; computed, so kept nowhere."""
    text = f"{row.pk}|{row.protected_id}|{row.relative_id}"
    return vault.secret_digits(text, column="antifraud.circle_invitation", count=joining.DIGITS)


def live(who: CirclePerson) -> QuerySet[CircleMember]:
    """Return whoever is invited into or in the circle of ``who``."""
    return who.circle.exclude(state=State.ENDED)


def shown(who: CirclePerson) -> list[CircleMember]:
    """Return the circle of ``who`` as its owner sees it, with what ended lately at the end."""
    ended = who.circle.filter(state=State.ENDED).order_by("-ended_at", "-pk")
    return [*live(who).order_by("pk"), *ended[:SHOWN_ENDED]]


def asked_of(who: CirclePerson) -> QuerySet[CircleMember]:
    """Return the circles in which ``who`` has confirmed to be a relative."""
    return who.circles.filter(state=State.CONFIRMED).order_by("pk")


def names_of(who: CirclePerson) -> list[str]:
    """Return how logs name whoever has this number: in circles, and as somebody at risk."""
    at_risk = Dissuasion.everything.filter(person__phone_index=who.person.phone_index)
    return [people.subject(who.person), *(people.subject(row.person) for row in
            at_risk.select_related("person").order_by("pk"))]  # fmt: skip


def relatives_of(phone_index: str, *, now: datetime) -> Sequence[Person]:
    """Return the relatives who count now for whoever has this number: both sides have agreed."""
    rows = CircleMember.objects.filter(
        state=State.CONFIRMED, protected__person__phone_index=phone_index, since_at__lte=now,
        protected__person__key__destroyed_at=None, relative__person__key__destroyed_at=None,
    ).select_related("protected__person", "relative__person__key").order_by("pk")  # fmt: skip
    found = [(row.protected.person, row.relative.person) for row in rows]
    names = {people.subject(one) for pair in found for one in pair}
    agreed = consenting.agreed_among(names, PROTECT, joining.DATA, now=now)
    return [
        relative for protected, relative in found
        if {people.subject(protected), people.subject(relative)} <= agreed
    ]  # fmt: skip


def _invited(
    protected: CirclePerson, relative: CirclePerson, relation: str, *, now: datetime
) -> CircleMember:
    until = now + timedelta(days=settings_in_force.value("antifraud.invite_days"))
    try:
        with transaction.atomic():
            return CircleMember.objects.create(
                protected=protected, relative=relative, relation=relation, invited_at=now,
                until_at=until,
            )  # fmt: skip
    except IntegrityError as error:
        message = f"circle person {relative.pk} is in it already"
        raise StateConflict(message, code="invited-already") from error


def _lapse(protected: CirclePerson, *, now: datetime) -> None:
    """Let invitations of ``protected`` end that nobody has confirmed in time."""
    for row in protected.circle.filter(state=State.INVITED, until_at__lte=now):
        end(row, Ended.LAPSED, now=now)


def _tell(row: CircleMember, *, now: datetime) -> None:
    """Send number and code to the relative, and not a word of who invites."""
    with translation.override(joining.LANGUAGE):
        said = _(
            "Somebody invites you into a protected circle against fraud: number {number}, code "
            "{code}, until {day}. Ask whoever you think it is; only then enter both on the "
            "residents' page of the district. Tell the code to nobody."
        )
    words = said.format(number=row, code=vault.spaced(secret_of(row)), day=f"{row.until_at:%F}")
    joining.send(row.relative, words, ("circle invitation", row.pk), until=row.until_at, now=now)


def _leaf(row: CircleMember, verb: str, by: str, now: datetime) -> Leaf:
    """Name both by their numbers in the vault."""
    detail = {
        "member": row.pk,
        "protected": people.subject(row.protected.person),
        "why": row.ended_why,
    }
    return Leaf(by, verb, people.subject(row.relative.person), now, detail=detail)
