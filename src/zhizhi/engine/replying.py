"""What reporters are told of the case that stands for their report: each milestone once.

It follows from where the case stands, not from who moved it: whatever verb closes a case, everybody
who reported it is told in the transaction that does it, also by duplicates that were joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from zhizhi.engine.models import Case, CaseLink, Reply, Report, Task

Milestone = Reply.Milestone
# Of what may change where a case stands; other lines need no look at the reports.
TELLING = frozenset({
    "report.receive", "task.accept", "task.finish", "task.return", "task.expire", "task.cancel",
    "task.waive", "case.close", "case.dismiss", "case.reject", "case.reopen", "case.join",
    "case.unmerge",
})  # fmt: skip
STANDS: Mapping[str, str] = {
    Case.State.HANDLING: Milestone.SENT,
    Case.State.HANDLED: Milestone.HANDLED,
    Case.State.CLOSED: Milestone.CLOSED,
    Case.State.DISMISSED: Milestone.CLOSED,
}
NO_WHYS: Mapping[int, str] = MappingProxyType({})


def owed(told: Sequence[str], state: str) -> list[tuple[int, str]]:
    """Return what is to be told now, each with its round, after ``told`` in the order it came."""
    past, found = list(told), []
    if Milestone.RECEIVED not in past:
        found.append((1, str(Milestone.RECEIVED)))
    turn = 1 + past.count(Milestone.REOPENED)
    current = past[len(past) - past[::-1].index(Milestone.REOPENED) :] if turn > 1 else past
    if Milestone.CLOSED in current and state not in Case.FINAL:
        found.append((turn, str(Milestone.REOPENED)))
        turn, current = turn + 1, []
    now = STANDS.get(state)
    if now is not None and now not in current:
        found.append((turn, str(now)))
    return found


def tell(cases: Iterable[Case], whys: Mapping[int, str] = NO_WHYS, *, now: datetime) -> None:
    """Tell the reporters of ``cases`` and of their duplicates what they were not told yet.

    The cases are held by the caller, as they stand at the end of its transaction. ``whys`` says of
    those that end without being taken up why.
    """
    standing = {case.pk: case.state for case in cases if case.state != Case.State.MERGED}
    behind = _behind(standing)
    told: dict[int, list[str]] = {report: [] for report in behind}
    for reply in Reply.objects.filter(report__in=behind) if behind else ():
        told[reply.report_id].append(reply.milestone)
    replies = [
        Reply(report_id=report, milestone=what, round=turn, at=now, case_id=case,
              result=_result(case, what, whys))
        for report, case in behind.items()
        for turn, what in owed(told[report], standing[case])
    ]  # fmt: skip
    Reply.objects.bulk_create(replies, ignore_conflicts=True)


def _behind(standing: Iterable[int]) -> dict[int, int]:
    """Return the reports for which each of these cases stands, with that case."""
    live = CaseLink.everything.filter(root__in=standing, ended_at=None)
    roots = dict(live.values_list("case", "root"))
    mine = Report.everything.filter(case__in=[*standing, *roots]).order_by("pk")
    return {pk: roots.get(case, case) for pk, case in mine.values_list("pk", "case")}


def _result(case: int, what: str, whys: Mapping[int, str]) -> str:
    """Return what was found on the spot, as it was told last, or why nothing is done."""
    if what == Milestone.CLOSED:
        return whys.get(case, "")
    if what != Milestone.HANDLED:
        return ""
    done = Task.everything.filter(case=case, state=Task.State.DONE).order_by("-ended_at", "-pk")
    return done.values_list("outcome", flat=True).first() or ""
