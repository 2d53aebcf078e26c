"""Giving, withdrawing and asking for consent: no row, no processing.

Nothing is cached: whoever asks after a withdrawal has been committed is refused. Every change is a
conditional write and a leaf of the audit chain (verbs ``consent.*``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction

from zhizhi.trust import audit, canonical, grounds, walking
from zhizhi.trust.audit import Break, Leaf
from zhizhi.trust.evidence import ERASED, append_now
from zhizhi.trust.grounds import PURPOSES, Basis, Ground, PurposeMissing
from zhizhi.trust.models import Consent
from zhizhi.trust.states import StateConflict

Leave = Callable[[Leaf], object]
Ended = Consent.Ended
TABLE = "trust_consent"
GIVEN, END = "consent.give", "consent.end"
ADOPTED = "consent.adopt"  # the leaf of what was given before there were leaves; written once
GONE = "person.erase"  # what the directory leaves when it destroys a person
TOLD = ("subject", "at", "detail")  # what a leaf says of a consent
WORKER = "worker"
UPGRADE = "upgrade"  # who wrote down what residents had agreed to before there were consents
NEVER, EXPIRED, OTHER_DATA, NOT_YET = "never", "expired", "other-data", "not-yet"


class ConsentMissing(PermissionError):
    """Nobody has agreed, or does so no longer; ``reason`` is a stable word for interfaces."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no consent: {reason}")
        self.reason = reason


class GuardianMissing(ValueError):
    """For a child under 14 only a parent or guardian agrees (PIPL art. 31)."""


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who agrees for somebody else, as logs name the guardian, and as what: "parent"."""

    who: str
    relation: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is agreed to: whose data of which kinds, for what, through which door and wording."""

    subject: str
    purpose: str
    data: tuple[str, ...]
    channel: str
    text: str = ""
    guardian: Guardian | None = None
    is_child: bool = False  # under 14 (PIPL art. 28 and 31)


@transaction.atomic
def give(
    agreement: Agreement, *, until: datetime, by: str, now: datetime, leave: Leave = append_now
) -> Consent:
    """Write down that somebody agreed until a moment; an earlier one for the same is replaced.

    Raises GuardianMissing, ValueError for no data or no time, StateConflict when the same was
    given at the same time.
    """
    if agreement.is_child and agreement.guardian is None:
        raise GuardianMissing(agreement.subject)
    if not agreement.data or until <= now:
        message = f"{agreement.subject} agrees to nothing"
        raise ValueError(message)
    before = _live(subject=agreement.subject, purpose=agreement.purpose)
    _end_each(before, Ended.REPLACED, by, now, leave)
    guardian = asdict(agreement.guardian) if agreement.guardian else {"who": "", "relation": ""}
    try:
        with transaction.atomic():
            row = Consent.objects.create(
                subject=agreement.subject, purpose=agreement.purpose, data=list(agreement.data),
                channel=agreement.channel, text=agreement.text, guardian=guardian["who"],
                relation=guardian["relation"], given_at=now, given_by=by, expires_at=until,
            )  # fmt: skip
    except IntegrityError as error:
        message = f"{agreement.subject} agreed to {agreement.purpose} at the same time"
        raise StateConflict(message, code="agreed-already") from error
    leave(Leaf(by, GIVEN, row.subject, now, detail=_content(row)))
    return row


@transaction.atomic
def withdraw(consent: Consent, *, by: str, now: datetime, leave: Leave = append_now) -> Consent:
    """End one consent for good; whoever asks afterwards is refused. Raises StateConflict."""
    if not _end_each([consent], Ended.WITHDRAWN, by, now, leave):
        consent.refresh_from_db()
        message = f"consent {consent.pk} had ended"
        raise StateConflict(message, code="ended-already", record=consent)
    return consent


@transaction.atomic
def end_all(
    subject: str, why: Consent.Ended, *, by: str, now: datetime, leave: Leave = append_now
) -> int:
    """End every consent of ``subject``; returns how many there were."""
    return _end_each(_live(subject=subject), why, by, now, leave)


@transaction.atomic
def end_guardian(
    guardian: str, *, of: str, by: str, now: datetime, leave: Leave = append_now
) -> int:
    """End what ``guardian`` agreed to for ``of``: the authority is over. Returns how many."""
    return _end_each(_live(subject=of, guardian=guardian), Ended.GUARDIAN, by, now, leave)


def agreed(subject: str, purpose: str, data: Collection[str], *, now: datetime) -> Consent | None:
    """Return the consent of ``subject`` that covers ``data`` for ``purpose`` at ``now``."""
    row = _live(subject=subject, purpose=purpose).first()
    return row if row is not None and not _lacking(row, data, now) else None


def agreed_among(
    subjects: Collection[str], purpose: str, data: Collection[str], *, now: datetime
) -> frozenset[str]:
    """Return those of ``subjects`` whose consent covers ``data`` for ``purpose`` at ``now``."""
    rows = Consent.objects.filter(ended_at=None, purpose=purpose, subject__in=subjects)
    return frozenset(row.subject for row in rows if not _lacking(row, data, now))


def require(subject: str, purpose: str, data: Collection[str], *, now: datetime) -> Consent:
    """Return what ``agreed`` returns; raises ConsentMissing with the reason when there is none."""
    rows = Consent.objects.filter(subject=subject, purpose=purpose)
    row = rows.filter(ended_at=None).first() or rows.first()
    if row is None:
        raise ConsentMissing(NEVER)
    if reason := _lacking(row, data, now):
        raise ConsentMissing(reason)
    return row


def ground(purpose: str, subject: str, data: Collection[str], *, now: datetime) -> Ground:
    """Return what reading ``data`` of ``subject`` for ``purpose`` rests on.

    Raises PurposeMissing for a purpose that is not registered, and ConsentMissing.
    """
    known = PURPOSES.get(purpose)
    if known is None:
        raise PurposeMissing(purpose)
    if known.basis != Basis.CONSENT:
        return grounds.by_law(purpose)
    return Ground(purpose, known.basis, require(subject, known.agreement, data, now=now).pk)


def of(*subjects: str) -> models.QuerySet[Consent]:
    """Return whatever any of ``subjects`` has agreed to, the newest first."""
    return Consent.objects.filter(subject__in=subjects)


def _live(**which: str) -> models.QuerySet[Consent]:
    return Consent.objects.filter(ended_at=None, **which)


def _lacking(row: Consent, data: Collection[str], now: datetime) -> str:
    """Return why a consent does not cover ``data`` at ``now``; nothing when it does."""
    if row.ended_at is not None:
        return row.ended_why
    if now < row.given_at:
        return NOT_YET
    if now >= row.expires_at:
        return EXPIRED
    return "" if set(data) <= set(row.data) else OTHER_DATA


def _end_each(
    rows: models.QuerySet[Consent] | list[Consent], why: Consent.Ended, by: str, now: datetime,
    leave: Leave,
) -> int:  # fmt: skip
    """End those of ``rows`` that have not ended, each with a leaf; returns how many."""
    count = 0
    for row in rows:
        live = Consent.objects.filter(pk=row.pk, ended_at=None)
        if not live.update(ended_at=now, ended_by=by, ended_why=why):
            continue
        row.refresh_from_db()
        detail = {"consent": row.pk, "purpose": row.purpose, "why": why.value}
        leave(Leaf(by, END, row.subject, now, detail=detail))
        count += 1
    return count


def _content(row: Consent) -> dict[str, Any]:
    return {
        "consent": row.pk,
        "purpose": row.purpose,
        "data": row.data,
        "channel": row.channel,
        "text": row.text,
        "guardian": row.guardian,
        "relation": row.relation,
        "until": canonical.moment(row.expires_at),
    }


@transaction.atomic
def adopt(now: datetime) -> int:
    """Give what an upgrade wrote down its leaves, once and for good; returns how many.

    Whatever names the upgrade and comes later was not written down by it, and stays without one.
    """
    oldest = Consent.objects.order_by("pk").values_list("given_by", flat=True).first()
    if oldest != UPGRADE:
        return 0
    audit.hold(audit.CHAIN)  # of two workers one waits, and finds them adopted
    if next(audit.leaves(ADOPTED), None) is not None:
        return 0
    first = _first_told(audit.leaves(GIVEN))
    rows = Consent.objects.filter(given_by=UPGRADE).order_by("pk")
    found = list(rows if first is None else rows.filter(pk__lt=first))
    audit.append([Leaf(WORKER, ADOPTED, row.subject, now, detail=_before(row)) for row in found])
    return len(found)


def _first_told(leaves: Iterable[Mapping[str, Any]]) -> int | None:
    numbers = (leaf["detail"].get("consent") for leaf in leaves)
    return min((pk for pk in numbers if isinstance(pk, int)), default=None)


def _before(row: Consent) -> dict[str, Any]:
    """Return what an adopting leaf says: the consent, and since when it counts."""
    return {**_content(row), "given": canonical.moment(row.given_at)}


def verify() -> Iterator[Break]:
    """Yield each consent that was changed, removed, added, or whose end was taken back.

    What an upgrade wrote down for those who had agreed before has no leaf until the worker has
    begun (``adopt``); it comes before all that have one.
    """
    given = {leaf["detail"].get("consent"): leaf for leaf in audit.leaves(GIVEN, columns=TOLD)}
    first = _first_told(given.values())
    adopted = {leaf["detail"].get("consent"): leaf for leaf in audit.leaves(ADOPTED, columns=TOLD)}
    given |= adopted
    ended = {leaf["detail"].get("consent"): leaf["detail"].get("why") for leaf in audit.leaves(END)}
    gone = {leaf["subject"] for leaf in audit.leaves(GONE)}
    gone |= {one for leaf in audit.leaves(ERASED) for one in leaf["detail"].get("destroyed", ())}
    for (pk,), row in walking.each(Consent.objects.order_by("pk")):
        is_older = not adopted and (first is None or pk < first)
        leaf = given.pop(pk, None)
        if row is None:
            yield Break(TABLE, str(pk), "cannot be read")
        elif leaf is None and not (is_older and row.given_by == UPGRADE):
            yield Break(TABLE, str(pk), "is not in the audit chain")
        elif leaf is not None and not _is_told(row, leaf):
            yield Break(TABLE, str(pk), "changed")
        elif row.ended_why not in _ends(row, ended.get(pk), is_gone=row.subject in gone):
            yield Break(TABLE, str(pk), "its end is not that of the audit chain")
    for pk in given:
        yield Break(TABLE, str(pk), "missing")


def _is_told(row: Consent, leaf: Mapping[str, Any]) -> bool:
    is_adopted = "given" in leaf["detail"]
    try:
        told = _before(row) if is_adopted else {**_content(row), "at": row.given_at}
    except walking.DAMAGE:
        return False
    at = {} if is_adopted else {"at": leaf["at"]}
    return told == {**leaf["detail"], **at} and row.subject == leaf["subject"]


def _ends(row: Consent, why: str | None, *, is_gone: bool) -> tuple[str, ...]:
    """Return how a consent may have ended; "" for not at all.

    Destroying a person ends what the person agreed to, with the leaf of the destruction alone.
    """
    if why is not None:
        return (why,) if row.ended_at is not None else ()
    if is_gone and row.ended_at is not None:
        return (Ended.ERASED,)
    return ("",) if row.ended_at is None and not is_gone else ()
