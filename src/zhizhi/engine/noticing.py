"""Issuing a written notice: a number is taken, the file is written, and then it is sealed.

The number is taken in a transaction of its own, because writing the file takes seconds: a number
whose file could not be written is made void and stays on record, so that none is ever missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone

from zhizhi.directory import people
from zhizhi.directory.models import Agency
from zhizhi.directory.people import PersonalData
from zhizhi.engine import settings_in_force, timeline
from zhizhi.engine.models import Case, CaseLink, Notice
from zhizhi.engine.states import StateConflict, move
from zhizhi.engine.system import DeclaredNotice, SystemConfig, system_named
from zhizhi.trust import erasing, evidence

KIND = "notice"  # of the evidence
WORKER = "worker"
AT_ONCE = 100  # parties that one round forgets


class NoticeUnknown(LookupError):
    """The case's system declares no such notice."""


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """A notice as its author wants it; ``key`` is the form's, so that sending twice issues once."""

    key: str
    kind: str
    text: Mapping[str, Any]
    party: PersonalData | None = None  # who it is addressed to; goes into the vault


def system_of(case: Case) -> SystemConfig | None:
    """Return the system that ``case`` belongs to."""
    return system_named(case.system)


def declared(case: Case) -> Mapping[str, DeclaredNotice]:
    """Return the notices that may be issued in cases of this kind, by their code."""
    system = system_of(case)
    return {one.code: one for one in system.notices} if system else {}


def reserve(
    case: Case, draft: NoticeDraft, agency: Agency, *, by: str, now: datetime
) -> tuple[Notice, bool]:
    """Take the next number for ``draft``; says whether it is new, or that form's notice again.

    Raises NoticeUnknown, and StateConflict when the case has ended.
    """
    if draft.kind not in declared(case):
        raise NoticeUnknown(draft.kind)
    year = timezone.localtime(now).year
    with timeline.writing():
        locked = Case.everything.select_for_update().get(pk=case.pk)
        Agency.objects.select_for_update().get(pk=agency.pk)
        known = Notice.everything.filter(key=draft.key).first()
        if known is not None:
            return known, False
        if locked.state in Case.RESTING:
            message = f"the case is {locked.get_state_display()}"
            raise StateConflict(message, code="case-ended", record=locked)
        taken = Notice.everything.filter(agency=agency, kind=draft.kind, year=year)
        newest = taken.aggregate(newest=Max("number"))["newest"] or 0
        person = people.add_person(draft.party, by=by, now=now) if draft.party else None
        row = Notice.everything.create(
            key=draft.key, case=case, agency=agency, kind=draft.kind, year=year, number=newest + 1,
            text=dict(draft.text), person=person, by=by, at=now,
        )  # fmt: skip
        return row, True


def issue(notice: Notice, content: bytes, *, by: str, now: datetime) -> Notice:
    """Seal ``content`` as the file of ``notice``; StateConflict when it was issued or is void."""
    case = notice.case
    with timeline.writing():
        sealed = evidence.seal_document(
            content, case=case.pk, kind=KIND, by=by, now=now, area_path=case.area_path,
            leave=timeline.leave,
        )  # fmt: skip
        move(notice, Notice.State.ISSUED, allowed=Notice.MOVES, evidence=sealed, at=now)
        _tell(notice, "notice.issue", by=by, now=now, sha256=sealed.sha256, sealed=sealed.pk)
    return notice


def void(notice: Notice, *, by: str, now: datetime) -> Notice:
    """Make a number void: its file could not be written, or the alert behind it was lifted."""
    with timeline.writing():
        move(notice, Notice.State.VOID, allowed=Notice.MOVES)
        _tell(notice, "notice.void", by=by, now=now)
    return notice


def written(notice: Notice, write: Callable[[Notice], bytes], *, by: str, now: datetime) -> Notice:
    """Write the file of ``notice`` and issue it; whatever stops the writing makes it void."""
    try:
        content = write(notice)
    except BaseException:
        void(notice, by=by, now=now)
        raise
    return issue(notice, content, by=by, now=now)


def forget_parties(now: datetime) -> int:
    """Destroy whom old notices are addressed to, with a receipt each; returns how many.

    Old are those whose case ended ``engine.party_days`` ago, and void ones: they serve nothing. The
    sealed file stays; it has blanks for the person.
    """
    is_over = CaseLink.is_over(settings_in_force.days_ago("engine.party_days", now))
    return _forget(is_over | Q(state=Notice.State.VOID), AT_ONCE, by=WORKER, now=now)


def lost_parties(keys: Collection[int], *, by: str, now: datetime) -> int:
    """Destroy parties whose data keys nobody has any more, after a restore; returns how many."""
    return _forget(Q(person__key__in=keys), None, by=by, now=now)


def _forget(which: Q, most: int | None, *, by: str, now: datetime) -> int:
    there = Notice.everything.filter(which, person__key__destroyed_at=None)
    count = 0
    for notice in there.select_related("person__key").order_by("pk")[:most]:
        if (person := notice.person) is None:
            continue
        with timeline.writing():
            gone = people.erase_person(person, by=by, now=now, leave=lambda _leaf: None)
            if gone:
                erasing.receipt(
                    f"notice:{notice.pk}", [people.subject(person)], [], by=by, now=now,
                    leave=timeline.leave,
                )  # fmt: skip
        count += gone
    return count


def _tell(notice: Notice, verb: str, *, by: str, now: datetime, **also: Any) -> None:
    data = {"notice": notice.pk, "kind": notice.kind, "number": f"{notice.year}-{notice.number}"}
    timeline.record(notice.case, verb=verb, actor=by, at=now, data={**data, **also})
