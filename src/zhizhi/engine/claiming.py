"""Claims about the own data or a ward's: made, and answered by somebody else than they are about.

What was claimed and how it ended is in the audit chain; its words are sealed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import Q

from zhizhi.directory import granting
from zhizhi.directory.accounts import person_name
from zhizhi.directory.models import Guardianship
from zhizhi.engine import awaiting, settings_in_force, timeline
from zhizhi.engine.models import Claim, Report
from zhizhi.engine.states import StateConflict, move
from zhizhi.trust import access, grounds, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import AccessRecord

TABLE = "engine_claim"
RESIDENT = "resident"
Whose = Report | Guardianship
LONGEST = granting.LONGEST
SEALED = ("reason", "answer")
WORKER = "worker"
AT_ONCE = 100  # claims that one round forgets


class AnswerMissing(ValueError):
    """A claim is answered in words (PIPL art. 50)."""


class OwnLook(PermissionError):
    """Whoever looked does not answer the objection to that look."""


class NotShown(LookupError):
    """The resident has not been shown such a look."""


def subjects_of(report: Report) -> tuple[str, ...]:
    """Return how access records name who told a report: the report, and the person if any."""
    own = f"report:{report.pk}"
    return (own,) if report.person_id is None else (own, person_name(report.person_id))


def looked_at(whose: Whose) -> tuple[str, ...]:
    """Return how access records name those whose looks ``whose`` may object to."""
    if isinstance(whose, Report):
        return subjects_of(whose)
    return (person_name(whose.ward_id),)


def object_to(whose: Whose, record: int, *, reason: str = "", now: datetime) -> Claim:
    """Open an objection of the reporter to one look at the own data, or of a guardian.

    Raises NotShown for a look at others or one that is still to be shown, StateConflict when there
    is an objection to it already, ValueError for more than ``LONGEST`` characters.
    """
    look = access.shown(*looked_at(whose), now=now).filter(pk=record).first()
    if look is None:
        raise NotShown(record)
    try:
        return _open(whose, Claim.Kind.OBJECTION, reason, record=look, now=now)
    except IntegrityError as error:
        message = f"look {record} was objected to before"
        raise StateConflict(message, code="claimed-already", record=look) from error


def answer(claim: Claim, text: str, *, is_upheld: bool, by: str, now: datetime) -> Claim:
    """Answer a claim for good.

    Raises AnswerMissing without words, OwnLook when ``by`` is who looked, StateConflict when it was
    answered before.
    """
    told = text.strip()
    if not told:
        raise AnswerMissing
    if claim.record is not None and claim.record.actor == by:
        raise OwnLook(by)
    to = Claim.State.UPHELD if is_upheld else Claim.State.REFUSED
    sealed = _sealed("answer", told, claim.key_id, vault.unwrap(claim.key))
    with timeline.writing():
        move(claim, to, allowed=Claim.MOVES, answered_at=now, answered_by=by, answer=sealed)
        detail = {"kind": claim.kind, **_named(claim.whose), "record": claim.record_id}
        timeline.leave(Leaf(by, f"claim.{to.value}", name_of(claim), now, detail=detail))
    return claim


def words(claim: Claim) -> dict[str, str]:
    """Return reason and answer; both empty once they were destroyed."""
    try:
        key = vault.unwrap(claim.key)
    except vault.Erased:
        return dict.fromkeys(SEALED, "")
    with grounds.reading(grounds.by_law("answer-claim")):
        return vault.unseal_columns(claim, SEALED, table=TABLE, key=key)


def name_of(claim: Claim) -> str:
    """Return how logs and receipts name it: "claim:3"."""
    return f"claim:{claim.pk}"


def claims_of(whose: Whose) -> list[Claim]:
    """Return what the reporter, or this guardian about this ward, has claimed, the newest first."""
    return _rows(Q(**{_field(whose): whose}))


def claims_about(report: int, person: int | None) -> list[Claim]:
    """Return what was claimed about a report and about a person, as ward or as guardian."""
    either = Q(guardianship__ward=person) | Q(guardianship__guardian=person)
    return _rows(Q(report=report) if person is None else Q(report=report) | either)


def claims_by(report: int, person: int | None) -> list[Claim]:
    """Return what whoever told a report has claimed, also as a guardian."""
    own = Q(report=report)
    return _rows(own if person is None else own | Q(guardianship__guardian=person))


def forget_of_guardians(before: datetime, *, now: datetime) -> int:
    """Delete objections of guardians that were answered before a moment; returns how many."""
    old = Claim.everything.filter(guardianship__isnull=False, answered_at__lt=before)
    done = 0
    for claim in old.select_related("key").order_by("pk")[:AT_ONCE]:
        with timeline.writing():
            vault.destroy(claim.key, now=now)
            claim.delete()
            timeline.leave(Leaf(WORKER, "claim.forget", name_of(claim), now))
        done += 1
    return done


def answer_within() -> timedelta:
    """Return how long the district takes to answer at most."""
    return timedelta(days=settings_in_force.value("residents.answer_days"))


def _rows(which: Q) -> list[Claim]:
    rows = Claim.everything.filter(which).select_related("key", "record")
    return list(rows.order_by("-pk"))


def _field(whose: Whose) -> str:
    return "report" if isinstance(whose, Report) else "guardianship"


def _named(whose: Whose) -> dict[str, int]:
    return {_field(whose): whose.pk}


def _open(
    whose: Whose, kind: str, reason: str, *, record: AccessRecord | None, now: datetime
) -> Claim:
    case = whose.case if isinstance(whose, Report) else None
    area = whose.area_path if isinstance(whose, Guardianship) else whose.case.area_path
    with timeline.writing():
        [(row, key)] = vault.make_keys(1, now=now)
        claim = Claim.everything.create(
            kind=kind, record=record, key=row, **{_field(whose): whose},
            reason=_sealed("reason", reason.strip(), row.pk, key),
            area_path=area, made_at=now, due_at=now + answer_within(),
        )  # fmt: skip
        detail = {"kind": kind, **_named(whose), "record": record.pk if record else None}
        timeline.leave(Leaf(RESIDENT, "claim.make", name_of(claim), now, detail=detail))
        awaiting.begin(claim, dict(Claim.ANSWERED_BY)[Claim.Kind(kind)], case=case, now=now)
    return claim


def _sealed(name: str, text: str, pk: int, key: bytes) -> bytes | None:
    """Return sealed words, nothing without any; raises ValueError when they are too many."""
    return granting.seal_words(TABLE, name, text, pk=pk, key=key) if text else None
