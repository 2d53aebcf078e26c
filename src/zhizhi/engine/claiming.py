"""Residents' claims about their own data: made, and answered by somebody else than they are about.

What was claimed and how it ended is in the audit chain; its words are sealed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError

from zhizhi.directory import granting
from zhizhi.directory.accounts import person_name
from zhizhi.engine import awaiting, settings_in_force, timeline
from zhizhi.engine.models import Claim, Report
from zhizhi.engine.states import StateConflict, move
from zhizhi.trust import access, grounds, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import AccessRecord

TABLE = "engine_claim"
RESIDENT = "resident"
LONGEST = granting.LONGEST
SEALED = ("reason", "answer")


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


def object_to(report: Report, record: int, *, reason: str = "", now: datetime) -> Claim:
    """Open an objection of the reporter to one look at the own data.

    Raises NotShown for a look at others or one that is still to be shown, StateConflict when there
    is an objection to it already, ValueError for more than ``LONGEST`` characters.
    """
    look = access.shown(*subjects_of(report), now=now).filter(pk=record).first()
    if look is None:
        raise NotShown(record)
    try:
        return _open(report, Claim.Kind.OBJECTION, reason, record=look, now=now)
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
        detail = {"kind": claim.kind, "report": claim.report_id, "record": claim.record_id}
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


def claims_of(report: Report) -> list[Claim]:
    """Return what the reporter has claimed, the newest first."""
    rows = Claim.everything.filter(report=report).select_related("key", "record")
    return list(rows.order_by("-pk"))


def answer_within() -> timedelta:
    """Return how long the district takes to answer at most."""
    return timedelta(days=settings_in_force.value("residents.answer_days"))


def _open(
    report: Report, kind: str, reason: str, *, record: AccessRecord | None, now: datetime
) -> Claim:
    with timeline.writing():
        [(row, key)] = vault.make_keys(1, now=now)
        claim = Claim.everything.create(
            report=report, kind=kind, record=record, key=row,
            reason=_sealed("reason", reason.strip(), row.pk, key),
            area_path=report.case.area_path, made_at=now, due_at=now + answer_within(),
        )  # fmt: skip
        detail = {"kind": kind, "report": report.pk, "record": record.pk if record else None}
        timeline.leave(Leaf(RESIDENT, "claim.make", name_of(claim), now, detail=detail))
        awaiting.begin(claim, dict(Claim.ANSWERED_BY)[Claim.Kind(kind)], case=report.case, now=now)
    return claim


def _sealed(name: str, text: str, pk: int, key: bytes) -> bytes | None:
    """Return sealed words, nothing without any; raises ValueError when they are too many."""
    return granting.seal_words(TABLE, name, text, pk=pk, key=key) if text else None
