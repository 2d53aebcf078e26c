"""Joining a case with the one that it is a duplicate of, and taking that back exactly.

The duplicate leaves the queue and rests: its clocks and unsent messages stop. Nothing of it moves,
so undoing the link brings back what there was. The case that stands for several is their root.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from zhizhi.engine import announcing, delivering, supervising, suspending, timeline, timing
from zhizhi.engine.models import Case, CaseLink, Task
from zhizhi.engine.states import StateConflict, move

Score = Mapping[str, Any]


def root_of(case: Case) -> Case:
    """Return the case that stands for ``case``: itself, unless it was joined with another."""
    return _root_now(case) if case.state == Case.State.MERGED else case


def _root_now(case: Case) -> Case:
    link = link_of(case)
    return case if link is None else link.root


def link_of(case: Case) -> CaseLink | None:
    """Return the link by which ``case`` is joined with another one now."""
    return CaseLink.everything.filter(case=case, ended_at=None).select_related("root").first()


def duplicates_of(case: Case) -> list[CaseLink]:
    """Return the links of all cases for which ``case`` stands now, the oldest first."""
    links = CaseLink.everything.filter(root=case, ended_at=None)
    return list(links.select_related("case").order_by("pk"))


def family_of(case: Case) -> list[int]:
    """Return the numbers of all cases that tell of the same: the root first."""
    root = root_of(case)
    return [root.pk, *(link.case_id for link in duplicates_of(root))]


def may_join(case: Case) -> bool:
    """Say whether ``case`` may be joined with another one, as far as it is up to it."""
    is_waiting = case.state == Case.State.OPEN and not case.alerts.exists()
    return is_waiting and not case.tasks.filter(state__in=Task.LIVE).exists()


def merge(
    case: Case, into: Case, *, why: str = "", score: Score | None = None, by: str, now: datetime
) -> CaseLink:
    """Join ``case`` with ``into``, or with the case that stands for ``into`` already.

    Raises StateConflict: "merged-already", "same-case", "rests-on-alert" (join the other one with
    it instead), "suspended", "supervised", "work-under-way", "root-ended", "moved-on" when somebody
    else was faster.
    """
    with timeline.writing():
        root = _root_now(into)
        held = _held(case, root)
        case, root = held[case.pk], held[root.pk]
        if _root_now(into) != root:
            raise StateConflict("somebody was faster", code="moved-on", record=root)
        _check(case, root)
        stopped = {"clocks": timing.stop_clocks(case, now=now),
                   "messages": delivering.stop_of_case(case)}  # fmt: skip
        move(case, Case.State.MERGED, allowed=Case.MOVES, changed_at=now)
        CaseLink.everything.filter(root=case, ended_at=None).update(root=root)
        link = CaseLink.everything.create(
            case=case, to=root, root=root, made_at=now, made_by=by, why=why,
            score=timeline.plain(score) if score else None, stopped=stopped,
        )  # fmt: skip
        _tell(link, "case.merge", "case.join", note=why, by=by, now=now)
        announcing.announce(case, "case.merged", now=now)
    return link


def unmerge(case: Case, *, why: str = "", by: str, now: datetime) -> CaseLink:
    """Take ``case`` out again, together with what had been joined with it before.

    State, clocks with their due times, unsent messages and place in the queue are as before the
    merge. Raises StateConflict "not-merged".
    """
    with timeline.writing():
        link = link_of(case)
        if link is None:
            raise StateConflict("it stands for itself", code="not-merged", record=case)
        case = _held(case, link.root)[case.pk]
        standing = CaseLink.everything.filter(pk=link.pk, root=link.root_id, ended_at=None)
        if not standing.update(ended_at=now, ended_by=by):
            raise StateConflict("somebody was faster", code="moved-on", record=case)
        move(case, Case.State.OPEN, allowed=Case.MOVES, changed_at=now, thinned_at=None)
        CaseLink.everything.filter(case__in=_under(case.pk), ended_at=None).update(root=case)
        timing.start_again(link.stopped["clocks"], stopped_at=link.made_at)
        delivering.go_on(link.stopped["messages"])
        _tell(link, "case.unmerge", "case.leave", note=why, by=by, now=now)
        announcing.announce(case, "case.unmerged", now=now)
    link.refresh_from_db(from_queryset=CaseLink.everything.all())
    return link


def _held(*cases: Case) -> dict[int, Case]:
    """Return ``cases`` as they are, held until commit in one order for everybody."""
    found = Case.everything.filter(pk__in={case.pk for case in cases}).order_by("pk")
    return {case.pk: case for case in found.select_for_update()}


def _check(case: Case, root: Case) -> None:
    """Raise StateConflict with a code of its own for each thing that stands in the way."""
    working = case.tasks.filter(state__in=Task.LIVE).first()
    for is_so, code, message, record in (
        (case.pk == root.pk, "same-case", "it would be joined with itself", case),
        (case.state == Case.State.MERGED, "merged-already", "it was joined before", case),
        (root.state in Case.RESTING, "root-ended", "the other case has ended", root),
        (case.alerts.exists(), "rests-on-alert", "a rule found it: join the other with it", case),
        (suspending.of(case) is not None, "suspended", "it waits", case),
        (supervising.of(case) is not None, "supervised", "an answer is waited for", case),
        (working is not None, "work-under-way", "somebody is at work", working),
    ):
        if is_so:
            raise StateConflict(message, code=code, record=record)


def _under(root: int) -> set[int]:
    """Return the cases that were joined with ``root``, or with one of those."""
    found: set[int] = set()
    newest: Collection[int] = {root}
    while newest:
        links = CaseLink.everything.filter(to__in=newest, ended_at=None)
        newest = set(links.values_list("case", flat=True)) - found
        found.update(newest)
    return found


def _tell(link: CaseLink, own: str, other: str, *, note: str, by: str, now: datetime) -> None:
    """Write a line into the history of both cases."""
    score = {"score": link.score["score"]} if link.score else {}
    data = {"link": link.pk, "root": link.root_id, **score}
    timeline.record(link.case, verb=own, actor=by, at=now, note=note, data=data)
    data = {"link": link.pk, "case": link.case_id, **score}
    timeline.record(link.root, verb=other, actor=by, at=now, note=note, data=data)
