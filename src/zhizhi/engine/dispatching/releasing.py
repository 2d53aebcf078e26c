"""Holding a case while a verb works on it, and what becomes of it when a task ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from zhizhi.directory.models import Unit
from zhizhi.engine import delivering, settings_in_force, spans, timing
from zhizhi.engine.models import Case, Extension, Task
from zhizhi.engine.states import move


def locked(case: Case) -> Case:
    """Bring ``case`` up to date and hold it until commit; every verb starts with this."""
    case.refresh_from_db(from_queryset=Case.everything.select_for_update())
    return case


def locked_task(task: Task) -> tuple[Case, Task]:
    case = Case.everything.select_for_update().get(pk=task.case_id)
    task.refresh_from_db(from_queryset=Task.everything.all())
    task.case = case
    return case, task


def end_without_result(case: Case, task: Task, *, now: datetime) -> None:
    """Free the unit and stop clocks and unsent messages of a task that ended undone."""
    release(task)
    timing.cancel_clocks(case, now=now, task=task)
    delivering.cancel_waiting(task)


def release(task: Task) -> None:
    """Make the unit available again, if this task still holds it; it needs no more time."""
    asked = Extension.everything.filter(task=task, state=Extension.State.ASKED)
    asked.update(state=Extension.State.LAPSED)
    held = Unit.objects.filter(pk=task.unit_id or 0, task=task.pk)
    held.exclude(status=Unit.Status.OFF_DUTY).update(status=Unit.Status.AVAILABLE, task=None)
    held.update(task=None)


def set_status(task: Task, status: str) -> None:
    Unit.objects.filter(pk=task.unit_id or 0, task=task.pk).update(status=status)


def settle(case: Case, *, now: datetime) -> None:
    """Move a case whose last live task has ended: handled when all is done, else open again."""
    case.refresh_from_db(from_queryset=Case.everything.all())
    if case.state in {*Case.RESTING, Case.State.HANDLED}:
        return
    if case.tasks.filter(state__in=Task.LIVE).exists():
        return
    is_done = case.tasks.filter(state=Task.State.DONE).exists() and not undone(case)
    if is_done:
        move(case, Case.State.HANDLED, allowed=Case.MOVES, changed_at=now)
        within = spans.profile("inspect", settings_in_force.snapshot())
        timing.start_clock(case, kind="inspect", within=within, now=now)
    elif case.state != Case.State.OPEN:
        move(case, Case.State.OPEN, allowed=Case.MOVES, changed_at=now)


def undone(case: Case) -> list[Task]:
    """Return the tasks that still stand in the way of closing.

    Live ones, and returned or expired ones whose kind of work nobody else has done or waived.
    """
    return undone_of(list(case.tasks.order_by("pk")))


def undone_of(tasks: Sequence[Task]) -> list[Task]:
    """Return those of all ``tasks`` of a case that stand in the way of closing it."""
    done = {(t.kind, t.agency_id) for t in tasks if t.state == Task.State.DONE}
    ended = {Task.State.RETURNED, Task.State.EXPIRED}
    return [
        task
        for task in tasks
        if task.state in Task.LIVE
        or (
            task.state in ended
            and task.waived_at is None
            and (task.kind, task.agency_id) not in done
        )
    ]
