"""More time for a task 延期: asked for before the limit, decided by somebody else."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from zhizhi.directory.models import RoleAssignment
from zhizhi.engine import delivering, pausing, settings_in_force, timeline
from zhizhi.engine.dispatching import locked_task
from zhizhi.engine.models import Case, Clock, Extension, Suspension, Task
from zhizhi.engine.reasons import given
from zhizhi.engine.states import StateConflict, move

Role = RoleAssignment.Role


class AskedOneself(PermissionDenied):
    """Whoever asked, or belongs to those who have the task, does not decide."""


class EndTooEarly(ValueError):
    """The new end does not lie behind the end in force."""


def ask(task: Task, *, reason: str, due_at: datetime, by: str, now: datetime) -> Extension:
    """Ask for time until ``due_at``; the task's clock stands still until somebody answers.

    Raises ReasonMissing, EndTooEarly, and StateConflict: "not-running" when the limit has passed or
    nothing runs, "suspended" while the case waits, "asked-too-often" when the setting says so.
    """
    said = given(reason)
    with timeline.writing():
        case, task = locked_task(task)
        clock = _clock(task, now)
        _refuse_if_asked(case, task)
        if due_at <= clock.due_at:
            raise EndTooEarly
        asked = Extension.everything.create(
            task=task, reason=said, due_at=due_at, asked_at=now, asked_by=by
        )
        pausing.pause(pausing.of_task(task), now=now)
        data = {"due_at": clock.due_at, "until": due_at}
        timeline.record(
            case, verb="task.ask_extension", actor=by, at=now, task=task, note=said, data=data
        )
        _tell(case, asked, "role:operator", "engine.extension_asked", now=now)
    return asked


def _clock(task: Task, now: datetime) -> Clock:
    running = Clock.objects.filter(pausing.of_task(task), state=Clock.State.RUNNING)
    clock = running.filter(due_at__gt=now).first()
    if clock is None or task.state not in Task.LIVE:
        message = f"no time to finish runs for task {task.pk}"
        raise StateConflict(message, code="not-running", record=task)
    return clock


def _refuse_if_asked(case: Case, task: Task) -> None:
    if Suspension.everything.filter(case=case, state=Suspension.State.RUNNING).exists():
        raise StateConflict("the case is suspended", code="suspended", record=task)
    before = Extension.everything.filter(task=task).exclude(state=Extension.State.LAPSED)
    if before.count() >= settings_in_force.value("engine.extensions_most"):
        raise StateConflict("asked too often", code="asked-too-often", record=task)


def decide(
    asked: Extension, *, is_granted: bool, answer: str = "", by: str, now: datetime
) -> Extension:
    """Grant the new end, or let the clock run on to the old one, put off by the time it waited.

    Raises ReasonMissing for a refusal without words, AskedOneself, and StateConflict when it was
    decided before or the end asked for has passed meanwhile ("too-late").
    """
    said = answer.strip() if is_granted else given(answer)
    with timeline.writing():
        case, task = locked_task(asked.task)
        if is_handler(task, by) or by == asked.asked_by:
            raise AskedOneself
        if is_granted and asked.due_at <= now:
            raise StateConflict("its end has passed", code="too-late", record=task)
        to = Extension.State.GRANTED if is_granted else Extension.State.REFUSED
        move(asked, to, allowed=Extension.MOVES, decided_at=now, decided_by=by, answer=said)
        until = asked.due_at if is_granted else None
        pausing.resume(pausing.of_task(task), now=now, until=until)
        verb = "task.extend" if is_granted else "task.refuse_extension"
        data = {"until": asked.due_at} if is_granted else {}
        timeline.record(case, verb=verb, actor=by, at=now, task=task, note=said, data=data)
        handler = f"unit:{task.unit_id}" if task.unit_id else f"agency:{task.agency_id}"
        _tell(case, asked, handler, f"engine.extension_{to.value}", now=now)
    return asked


def is_handler(task: Task, actor: str) -> bool:
    """Say whether ``actor`` belongs to the unit or the agency that has the task."""
    kind, _colon, pk = actor.partition(":")
    if kind != "account" or not pk.isdigit():
        return False
    member = Q(role=Role.UNIT_MEMBER, unit=task.unit_id or 0)
    officer = Q(role=Role.AGENCY_OFFICER, agency=task.agency_id or 0)
    return RoleAssignment.objects.filter(member | officer, account_id=int(pk)).exists()


def lapse(case: Case) -> None:
    """Leave what was asked for in ``case`` undecided: the whole case waits from now on."""
    waiting = Extension.everything.filter(task__case=case, state=Extension.State.ASKED)
    waiting.update(state=Extension.State.LAPSED)


def _tell(case: Case, asked: Extension, recipient: str, template: str, *, now: datetime) -> None:
    key = ("extension", asked.pk, asked.state)
    delivering.tell(
        [recipient], template, case=case, key_parts=key, now=now, task=asked.task,
        facts={"task": asked.task_id},
    )  # fmt: skip
