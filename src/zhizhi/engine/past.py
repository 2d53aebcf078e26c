"""How things stood at a past moment, from what was appended; today's columns are not asked.

State and severity of a case come from the line of its history that was the newest one then, a task
from its own times, an alert from when it was raised and when its end became known. The rows that
come back are copies for showing: saving one would falsify the present, so they are never saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery

from zhizhi.directory.models import Unit, UnitPosition
from zhizhi.engine.dispatching import undone_of
from zhizhi.engine.models import Alert, Case, Clock, Severity, Task, TimelineEntry
from zhizhi.engine.timeline import STANDS
from zhizhi.kernel.stabbing import path_of

_STATUS = {
    Task.State.OFFERED: Unit.Status.RESERVED,
    Task.State.ACCEPTED: Unit.Status.EN_ROUTE,
    Task.State.ARRIVED: Unit.Status.ON_SCENE,
}
_SETTLING = {"case.undo_dispatch", "task.cancel", "task.return", "task.expire", "task.finish",
             "task.waive"}  # fmt: skip
_ENDED = {
    "case.close": Case.State.CLOSED,
    "case.dismiss": Case.State.DISMISSED,
    "case.merge": Case.State.MERGED,
}
_OPENED = {"case.open", "case.reject", "case.reopen", "case.unmerge"}


def cases_at(visible: QuerySet[Case], at: datetime) -> list[Case]:
    """Return those of ``visible`` that were in work at ``at``, as they were."""
    newest = TimelineEntry.objects.filter(case=OuterRef("pk"), at__lte=at).order_by("-seq")
    rows = visible.filter(_in_work(at), opened_at__lte=at)
    found = list(rows.annotate(told=Subquery(newest.values("data")[:1])))
    older = [case for case in found if STANDS not in (getattr(case, "told", None) or {})]
    folded = fold(older, at) if older else {}
    for case in found:
        stands = (getattr(case, "told", None) or {}).get(STANDS) or folded[case.pk]
        _set_back(case, at, **stands)
    return [case for case in found if case.state not in Case.RESTING]


def case_at(visible: QuerySet[Case], pk: int, at: datetime) -> Case | None:
    """Return one case as it was at ``at``, also an ended one; None when it was not there yet."""
    case = visible.filter(pk=pk, opened_at__lte=at).first()
    if case is None:
        return None
    newest = case.timeline.filter(at__lte=at).order_by("-seq").first()
    stands = newest.data.get(STANDS) if newest else None
    _set_back(case, at, **(stands or fold([case], at)[pk]))
    return case


def _in_work(at: datetime) -> Q:
    """Return what picks the cases whose span holds ``at``; those that were reopened as well."""
    ended = Q(fork__in=path_of(at), closed_at__gt=at)
    return Q(fork__isnull=True) & (Q(closed_at__isnull=True) | Q(closed_at__gt=at)) | ended


def _set_back(case: Case, at: datetime, *, state: str, severity: str) -> None:
    case.state, case.severity = state, severity
    if case.acknowledged_at is not None and case.acknowledged_at > at:
        case.acknowledged_at, case.acknowledged_by = None, ""
    if state not in Case.FINAL:
        case.closed_at = None


def alerts_at(visible: QuerySet[Alert], at: datetime) -> QuerySet[Alert]:
    """Return the alerts that stood at ``at``: raised, and not known to have ended."""
    ended = Q(fork__in=path_of(at), clearing_at__gt=at)
    return visible.filter(Q(fork__isnull=True) | ended, raised_at__lte=at)


def tasks_at(visible: QuerySet[Task], at: datetime) -> list[Task]:
    """Return those of ``visible`` that had been given at ``at``, as they were."""
    return [_task_set_back(task, at) for task in visible.filter(offered_at__lte=at)]


def _task_set_back(task: Task, at: datetime) -> Task:
    if task.waived_at is not None and task.waived_at > at:
        task.waived_at = None
    if task.ended_at is not None and task.ended_at <= at:
        return task
    task.ended_at, task.outcome, task.note = None, "", ""
    task.state = Task.State.OFFERED
    for name, state in (("accepted_at", Task.State.ACCEPTED), ("arrived_at", Task.State.ARRIVED)):
        moment = getattr(task, name)
        if moment is not None and moment <= at:
            task.state = state
        else:
            setattr(task, name, None)
    return task


def due_at(cases: Iterable[int], at: datetime) -> dict[int, datetime]:
    """Return the next time limit of each case that was running or overdue at ``at``."""
    running = Clock.objects.filter(case__in=list(cases), started_at__lte=at)
    unmet = running.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at))
    rows = unmet.order_by().values_list("case").annotate(due=Min("due_at"))
    return {case: due for case, due in rows if due is not None}


def units_at(units: QuerySet[Unit], at: datetime) -> list[Unit]:
    """Return ``units`` as they stood: status and task from the tasks, the place as it was recorded.

    ``is_placed`` says whether a place is known; ``position_at`` is then the age of it.
    """
    newest = UnitPosition.objects.filter(unit=OuterRef("pk"), recorded_at__lte=at)
    newest = newest.order_by("-recorded_at", "-pk")
    last = Task.everything.filter(unit=OuterRef("pk"), offered_at__lte=at)
    rows = units.annotate(
        was_placed=Subquery(newest.values("pk")[:1]),
        last_task=Subquery(last.order_by("-offered_at", "-pk").values("pk")[:1]),
    )
    found: list[Any] = list(rows)
    places = UnitPosition.objects.in_bulk([one for one in _marks(found, "was_placed") if one])
    tasks = Task.everything.in_bulk([one for one in _marks(found, "last_task") if one])
    for unit in found:
        _unit_set_back(unit, at, places, tasks)
    return found


def _marks(units: Iterable[Unit], name: str) -> list[int | None]:
    return [getattr(unit, name) for unit in units]


def _unit_set_back(
    unit: Unit, at: datetime, places: Mapping[int, UnitPosition], tasks: Mapping[int, Task]
) -> None:
    given: Any = unit
    task = tasks.get(given.last_task or 0)
    live = task is not None and (task.ended_at is None or task.ended_at > at)
    if task is not None and live:
        unit.task, unit.status = task.pk, _STATUS[Task.State(_task_set_back(task, at).state)]
    else:
        unit.task = None
        is_off = unit.status == Unit.Status.OFF_DUTY  # nothing has moved it since: it stays off
        unit.status = Unit.Status.OFF_DUTY if is_off else Unit.Status.AVAILABLE
    place = places.get(given.was_placed or 0)
    given.is_placed = unit.position_at <= at or place is not None
    if unit.position_at > at and place is not None:
        unit.lon, unit.lat, unit.position_at = place.lon, place.lat, place.at


def fold(cases: Sequence[Case], at: datetime) -> dict[int, dict[str, str]]:
    """Return state and severity of each case from all of its lines up to ``at``.

    For histories written before lines told where the case stands, and to check those that do.
    """
    ids = [case.pk for case in cases]
    lines: dict[int, list[TimelineEntry]] = {pk: [] for pk in ids}
    for line in TimelineEntry.objects.filter(case__in=ids, at__lte=at).order_by("case", "seq"):
        lines[line.case_id].append(line)
    tasks: dict[int, list[Task]] = {pk: [] for pk in ids}
    for task in Task.everything.filter(case__in=ids, offered_at__lte=at).order_by("pk"):
        tasks[task.case_id].append(task)
    grave = _gravest(ids, at)
    return {
        case.pk: {
            "state": _folded(lines[case.pk], tasks[case.pk]),
            "severity": _severity(grave.get(case.pk), lines[case.pk], case),
        }
        for case in cases
    }


def _gravest(ids: Sequence[int], at: datetime) -> dict[int, str]:
    alerts = Alert.everything.filter(case__in=ids, raised_at__lte=at)
    found: dict[int, str] = {}
    for case, severity in alerts.values_list("case", "severity"):
        if Severity(severity).rank >= Severity(found.get(case, Severity.NORMAL)).rank:
            found[case] = severity
    return found


def _severity(grave: str | None, lines: Sequence[TimelineEntry], case: Case) -> str:
    """Return the gravest of the alerts so far; a second stage is important at least."""
    if grave is None:
        return case.severity
    is_second = any(line.verb.endswith(".dissuade") for line in lines)
    return Severity.IMPORTANT if is_second and grave == Severity.NORMAL else grave


def _folded(lines: Sequence[TimelineEntry], tasks: Sequence[Task]) -> str:
    """Return the state after ``lines``; what one act wrote has one moment and settles once."""
    state: str = Case.State.OPEN
    for number, line in enumerate(lines):
        state = _moved(state, line.verb)
        is_last = number + 1 == len(lines) or lines[number + 1].at != line.at
        same = {one.verb for one in lines if one.at == line.at} if is_last else set()
        if same & _SETTLING:
            state = _settled(state, tasks, line.at)
    return state


def _moved(state: str, verb: str) -> str:
    if verb in _ENDED:
        return _ENDED[verb]
    if verb in _OPENED:
        return Case.State.OPEN
    if verb == "case.dispatch" and state != Case.State.HANDLING:
        return Case.State.DISPATCHED
    if verb == "case.assign" and state in {Case.State.OPEN, Case.State.HANDLED}:
        return Case.State.DISPATCHED
    if verb == "task.accept" and state in {Case.State.OPEN, Case.State.DISPATCHED}:
        return Case.State.HANDLING
    return state


def _settled(state: str, tasks: Sequence[Task], at: datetime) -> str:
    if state in {*Case.RESTING, Case.State.HANDLED}:
        return state
    given = [_task_copy(task, at) for task in tasks if task.offered_at <= at]
    if any(task.state in Task.LIVE for task in given):
        return state
    is_done = any(task.state == Task.State.DONE for task in given) and not undone_of(given)
    return Case.State.HANDLED if is_done else Case.State.OPEN


def _task_copy(task: Task, at: datetime) -> Task:
    names = ("pk", "kind", "agency_id", "state", "offered_at", "accepted_at", "arrived_at",
             "ended_at", "waived_at")  # fmt: skip
    return _task_set_back(Task(**{name: getattr(task, name) for name in names}), at)
