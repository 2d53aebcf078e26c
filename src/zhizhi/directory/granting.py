"""Access grants: asked for by one person, given by another of another office, used once.

What one person alone may not do is decided in ``decide``, which ``people.open_person`` asks before
each look, and in ``take_list``. Every step is a conditional UPDATE and a leaf of the audit chain;
attempts that are refused leave a leaf as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, models, transaction

from zhizhi.directory.accounts import actor
from zhizhi.directory.models import AccessGrant, Account, RoleAssignment
from zhizhi.directory.posts import desks_of
from zhizhi.trust import grounds, vault
from zhizhi.trust.access import Look
from zhizhi.trust.audit import Leaf
from zhizhi.trust.evidence import append_now
from zhizhi.trust.states import StateConflict, move
from zhizhi.trust.vault import Place

Leave = Callable[[Leaf], object]
Kind, State, Review = AccessGrant.Kind, AccessGrant.State, AccessGrant.Review
Role = RoleAssignment.Role
TABLE = "directory_accessgrant"
WORKER = "worker"
LONGEST = 500  # characters of a reason or an answer
MOST_ALONE = 50  # people whose data one person may take out of the house in one list
LIFTED = ("case-closed", "case-not-visible")  # refusals that a second person may lift
AT_ONCE = 200  # grants that expire in one step of the worker


class NotSecond(PermissionError):
    """Somebody may not be the second person; ``code`` says why: self, same-office or no-role."""

    def __init__(self, code: str) -> None:
        super().__init__(f"not a second person: {code}")
        self.code = code


class ReasonMissing(ValueError):
    """A grant is asked for, refused and reviewed in words."""


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """What somebody asks leave for, and why in own words."""

    kind: AccessGrant.Kind
    subject: str
    purpose: str
    reason: str
    fields: tuple[str, ...] = ()
    case: int | None = None
    area_path: str = ""
    hidden_for: timedelta = timedelta(0)
    count: int = 1


def needs_two(count: int) -> bool:
    """Say whether a list with the data of ``count`` people leaves the house only by two people."""
    return count > MOST_ALONE


def ask(
    wanted: Wanted, *, by: Account, within: timedelta, span: timedelta, now: datetime,
    leave: Leave = append_now,
) -> AccessGrant:  # fmt: skip
    """Ask for a grant that is in force for ``span`` once somebody approves it ``within`` a time.

    Raises ReasonMissing, and StateConflict when the same waits already.
    """
    return _made(wanted, by, now, leave, lapses_at=now + within, span=span)


def break_glass(
    wanted: Wanted, *, by: Account, span: timedelta, review_within: timedelta, now: datetime,
    leave: Leave = append_now,
) -> AccessGrant:  # fmt: skip
    """Take a grant without a second person because a life is in danger; it is reviewed afterwards.

    Raises ReasonMissing, ValueError for anything but a look that the person sees at once.
    """
    if wanted.kind != Kind.LOOK or wanted.hidden_for:
        message = f"no emergency lets one person alone do this: {wanted.kind}"
        raise ValueError(message)
    return _made(
        wanted, by, now, leave, lapses_at=now, span=span, state=State.APPROVED, is_emergency=True,
        valid_until=now + span, review=Review.PENDING, review_due_at=now + review_within,
    )  # fmt: skip


def approve(grant: AccessGrant, *, by: Account, now: datetime) -> None:
    """Be the second person. Raises NotSecond, StateConflict (code "lapsed" when it is too late)."""
    _check_second(grant, by, now)
    _check_waiting(grant, now)
    _moved(grant, State.APPROVED, by, now, decided_by=by, decided_at=now,
           valid_until=now + grant.span)  # fmt: skip


def refuse(grant: AccessGrant, answer: str, *, by: Account, now: datetime) -> None:
    """Say no, in words. Raises ReasonMissing, NotSecond, StateConflict."""
    _check_second(grant, by, now)
    told = _answer(grant, answer)
    _moved(grant, State.REFUSED, by, now, decided_by=by, decided_at=now, ended_at=now, answer=told)


def revoke(grant: AccessGrant, *, by: Account, now: datetime) -> None:
    """Take it back: whoever asked, or who may be a second person. Raises NotSecond, StateConflict.

    An emergency's review stays due.
    """
    if by.pk != grant.asked_by_id:
        _check_second(grant, by, now)
    _moved(grant, State.REVOKED, by, now, ended_at=now)


def review(
    grant: AccessGrant, words: str, *, is_justified: bool, by: Account, now: datetime
) -> None:
    """Say for good, in words, whether an emergency was one.

    Raises ReasonMissing, NotSecond for the own emergency and without the role of an auditor there,
    StateConflict when it was reviewed.
    """
    held = by.scope().of(Role.AUDITOR)
    if by.pk == grant.asked_by_id:
        _denied(grant, "self", by, now)
    if not any(grant.area_path.startswith(one.area_path) for one in held):
        _denied(grant, "no-role", by, now)
    told = _answer(grant, words)
    to = Review.JUSTIFIED if is_justified else Review.UNJUSTIFIED
    with transaction.atomic():
        move(grant, to, allowed=AccessGrant.REVIEWS, field="review", reviewed_by=by,
             reviewed_at=now, answer=told)  # fmt: skip
        append_now(_leaf(grant, f"grant.{to.value}", actor(by), now))


def decide(look: Look, *, now: datetime) -> tuple[Look, str]:
    """Return ``look`` and why it is refused, if it is; uses up the grant that it needs.

    An ended case, one out of sight, a delay and an emergency need a grant; nothing else can be
    granted, and a grant that is not needed is left as it is. Runs in the transaction of the
    access record.
    """
    found = look.refusal()
    kind = _needed(look, found)
    if kind is None:
        return replace(look, grant=None), found
    if look.grant is None:
        return look, found or ("hidden-alone" if look.hidden_for else "emergency-alone")
    row = AccessGrant.everything.filter(pk=look.grant).first()
    if row is None:
        return replace(look, grant=None), "grant-unknown"
    return look, _misfit(row, kind, look) or _take(row, now)


def take_list(
    name: str, count: int, *, by: Account, grant: AccessGrant | None, now: datetime
) -> str:
    """Return why a list with the data of ``count`` people is refused; nothing when it may go.

    Uses up the grant when there are more than ``MOST_ALONE``.
    """
    if not needs_two(count):
        return ""
    if grant is None:
        return "list-alone"
    if grant.asked_by_id != by.pk:
        return "grant-not-yours"
    if grant.kind != Kind.LIST or grant.subject != f"list:{name}":
        return "grant-other-subject"
    if grant.count < count:
        return "grant-fewer-people"
    with transaction.atomic():
        refusal = _take(grant, now)
        if not refusal:
            append_now(_leaf(grant, "grant.used", actor(by), now))
    return refusal


def lapse(now: datetime) -> int:
    """Mark what was not decided or not used in time; returns how many there were."""
    late = models.Q(state=State.ASKED, lapses_at__lte=now)
    late |= models.Q(state=State.APPROVED, valid_until__lte=now)
    count = 0
    for row in AccessGrant.everything.filter(late).order_by("pk")[:AT_ONCE]:
        try:
            _moved(row, State.EXPIRED, None, now, ended_at=now)
        except StateConflict:
            continue  # used, decided or withdrawn meanwhile
        count += 1
    return count


def forget_old(before: datetime, *, spared: Collection[int], now: datetime) -> int:
    """Delete what ended before a moment, with its words, but for ``spared``; returns how many."""
    ended = models.Q(ended_at__lt=before) | models.Q(ended_at=None, lapses_at__lt=before)
    rows = AccessGrant.everything.filter(ended).exclude(state__in=(State.ASKED, State.APPROVED))
    rows = rows.exclude(review=Review.PENDING).exclude(pk__in=spared).order_by("pk")
    leaf = partial(_leaf, verb="grant.forget", by=WORKER, now=now)
    return delete_sealed(rows, leaf, most=AT_ONCE, now=now)


def delete_sealed(
    rows: models.QuerySet[Any], leaf: Callable[[Any], Leaf], *, most: int, now: datetime
) -> int:
    """Delete the first ``most`` of ``rows`` with the keys of their words; returns how many."""
    old = list(rows.select_related("key")[:most])
    for row in old:
        with transaction.atomic():
            if rows.filter(pk=row.pk).delete()[0]:
                vault.destroy(row.key, now=now)
                append_now(leaf(row))
    return len(old)


def words(grant: AccessGrant) -> dict[str, str]:
    """Return reason and answer in the clear."""
    key = vault.unwrap(grant.key)
    with grounds.reading(grounds.by_law("decide-access")):
        return vault.unseal_columns(grant, ("reason", "answer"), table=TABLE, key=key)


def may_decide(grant: AccessGrant, by: Account) -> str:
    """Return why ``by`` may not be the second person: self, same-office or no-role; else nothing.

    Asked anew each time: whoever changed office since is judged by where both work now.
    """
    return not_second(by, to=grant.asked_by, area_path=grant.area_path)


def not_second(by: Account, *, to: Account, area_path: str) -> str:
    """Return why ``by`` may not be the second person to what ``to`` began in an area."""
    if by.pk == to.pk:
        return "self"
    held = by.scope().of(*AccessGrant.APPROVERS)
    if not any(area_path.startswith(one.area_path) for one in held):
        return "no-role"
    return "same-office" if desks_of(by) & desks_of(to) else ""


def name_of(grant: AccessGrant) -> str:
    """Return how logs name it: "grant:3"."""
    return f"grant:{grant.pk}"


def _needed(look: Look, found: str) -> AccessGrant.Kind | None:
    if look.hidden_for:
        return None if found else Kind.COVERT
    is_emergency = not found and grounds.is_emergency(look.purpose)
    return Kind.LOOK if is_emergency or found in LIFTED else None


def _misfit(row: AccessGrant, kind: AccessGrant.Kind, look: Look) -> str:
    """Return in what a grant differs from the look that it shall allow."""
    case = look.case.id if look.case else None
    differs = (
        ("grant-not-yours", f"account:{row.asked_by_id}" != look.actor),
        ("grant-other-kind", row.kind != kind),
        ("grant-other-person", row.subject != look.person),
        ("grant-other-fields", not set(look.fields) <= set(row.fields)),
        ("grant-other-purpose", row.purpose != look.purpose),
        ("grant-other-case", row.case != case),
        ("grant-hides-shorter", look.hidden_for > row.hidden_for),
    )
    return next((code for code, is_so in differs if is_so), "")


def _take(row: AccessGrant, now: datetime) -> str:
    """Use a grant up, once; returns why it cannot be."""
    if row.state != State.APPROVED:
        return f"grant-{row.state}"
    if not row.is_in_force(now):
        return "grant-expired"
    try:
        move(row, State.USED, allowed=AccessGrant.MOVES, ended_at=now)
    except StateConflict:
        return f"grant-{row.state}"
    return ""


def _made(wanted: Wanted, by: Account, now: datetime, leave: Leave, **columns: Any) -> AccessGrant:
    try:
        with transaction.atomic():
            [(row, key)] = vault.make_keys(1, now=now)
            grant = AccessGrant.everything.create(
                kind=wanted.kind, asked_by=by, subject=wanted.subject, fields=list(wanted.fields),
                purpose=wanted.purpose, case=wanted.case, count=wanted.count,
                hidden_for=wanted.hidden_for, area_path=wanted.area_path, key=row, asked_at=now,
                reason=seal_words(TABLE, "reason", wanted.reason, pk=row.pk, key=key), **columns,
            )  # fmt: skip
            leave(_leaf(grant, "grant.emergency" if grant.is_emergency else "grant.ask",
                        actor(by), now))  # fmt: skip
    except IntegrityError as error:
        message = f"{actor(by)} has asked for this already"
        raise StateConflict(message, code="asked-already") from error
    return grant


def _answer(grant: AccessGrant, text: str) -> bytes:
    key = vault.unwrap(grant.key)
    return seal_words(TABLE, "answer", text, pk=grant.key_id, key=key)


def _check_second(grant: AccessGrant, by: Account, now: datetime) -> None:
    code = may_decide(grant, by)
    if code:
        _denied(grant, code, by, now)


def _denied(grant: AccessGrant, code: str, by: Account, now: datetime) -> None:
    """Put an attempt on record, for good, and refuse it."""
    with transaction.atomic():
        append_now(_leaf(grant, "grant.denied", actor(by), now, why=code))
    raise NotSecond(code)


def _check_waiting(grant: AccessGrant, now: datetime) -> None:
    if grant.state == State.ASKED and not grant.may_be_decided(now):
        message = f"{name_of(grant)} was not decided in time"
        raise StateConflict(message, code="lapsed", record=grant)


def _moved(
    grant: AccessGrant, to: AccessGrant.State, by: Account | None, now: datetime, **columns: Any
) -> None:
    with transaction.atomic():
        move(grant, to, allowed=AccessGrant.MOVES, **columns)
        append_now(_leaf(grant, f"grant.{to.value}", actor(by) if by else WORKER, now))


def _leaf(grant: AccessGrant, verb: str, by: str, now: datetime, **more: object) -> Leaf:
    """Name subject, case and purpose by ids and codes; the reason stays sealed."""
    detail = {"kind": str(grant.kind), "of": grant.subject, "case": grant.case,
              "purpose": grant.purpose, **more}  # fmt: skip
    return Leaf(by, verb, name_of(grant), now, grant.area_path, detail)


def seal_words(table: str, name: str, text: str, *, pk: int, key: bytes) -> bytes:
    """Return words that somebody has to answer for, sealed; raises ReasonMissing without any."""
    told = text.strip()
    if not told:
        raise ReasonMissing
    if len(told) > LONGEST:
        message = f"{name} has more than {LONGEST} characters"
        raise ValueError(message)
    return vault.seal(told, key=key, key_id=str(pk), place=Place(table, name, pk))
