"""What happens when nobody answers: the next unit, then the operators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from zhizhi.engine import delivering, dispatching, settings_in_force, timeline
from zhizhi.engine.models import Case, Clock, Task
from zhizhi.engine.routing_rules.passing_on import call_in
from zhizhi.engine.states import StateConflict, move

WORKER = "worker"
LATE = ("escalate", "supervise")  # the steps behind the end of the time
CONCERNED = {
    "warn": ("role:operator",),
    "escalate": ("role:leader",),
    "supervise": ("role:leader", "role:inspector"),
}


def expire_task(arguments: Mapping[str, Any], now: datetime) -> None:
    """Timer action: nobody accepted in time, so free the unit and offer the task to the next."""
    case = Case.everything.select_for_update().get(pk=arguments["case"])
    task = Task.everything.get(pk=arguments["task"])
    if task.state != Task.State.OFFERED:
        return
    with timeline.writing():
        move(task, Task.State.EXPIRED, allowed=Task.MOVES, ended_at=now)
        Clock.objects.filter(task=task, kind="accept", state=Clock.State.RUNNING).update(
            state=Clock.State.OVERDUE, ended_at=now
        )
        dispatching.end_without_result(case, task, now=now)
        timeline.record(case, verb="task.expire", actor=WORKER, at=now, task=task)
        _offer_to_next(case, task, now=now)
        dispatching.settle(case, now=now)


def _offer_to_next(case: Case, task: Task, *, now: datetime) -> None:
    """Try the next unit; after the allowed number of offers, or without a unit, call people."""
    failed = case.tasks.filter(
        kind=task.kind, state__in=(Task.State.EXPIRED, Task.State.RETURNED), unit__isnull=False
    )
    tried = list(failed.values_list("unit_id", flat=True))
    if len(tried) >= settings_in_force.value("engine.offers_before_alarm"):
        call_operators(case, task, now=now)
        return
    try:
        dispatching.dispatch_nearest(
            case, by=WORKER, now=now, kind=task.kind, is_reinforcement=True, exclude=tried,
            need=dispatching.Need.of(task.need),
        )  # fmt: skip
    except (dispatching.NoUnitFits, StateConflict):
        call_operators(case, task, now=now)


def call_operators(case: Case, task: Task, *, now: datetime) -> None:
    """Put an urgent message into the operators' inbox: the house has run out of units to ask."""
    delivering.enqueue(
        channel="inbox",
        recipient="role:operator",
        template="engine.unaccepted",
        payload={"code": case.code, "case": case.pk, "task": task.pk},
        key_parts=("task", task.pk, "unaccepted"),
        case=case,
        task=task,
        now=now,
        is_urgent=True,
    )
    timeline.record(case, verb="case.alarm", actor=WORKER, at=now, task=task)


def clock_overdue(arguments: Mapping[str, Any], now: datetime) -> None:
    """Timer action: mark a missed time limit and tell the operators."""
    case = Case.everything.select_for_update().get(pk=arguments["case"])
    clock = Clock.objects.filter(pk=arguments["clock"], state=Clock.State.RUNNING).first()
    if clock is None or clock.paused_at is not None:
        return
    with timeline.writing():
        Clock.objects.filter(pk=clock.pk).update(state=Clock.State.OVERDUE)
        timeline.record(
            case, verb="clock.overdue", actor=WORKER, at=now, task=clock.task,
            data={"kind": clock.kind, "due_at": clock.due_at},
        )  # fmt: skip
        delivering.enqueue(
            channel="inbox",
            recipient="role:operator",
            template="engine.clock_overdue",
            payload={"code": case.code, "kind": clock.kind, "case": case.pk},
            key_parts=("clock", clock.pk, "overdue"),
            case=case,
            task=clock.task,
            now=now,
        )


def clock_step(arguments: Mapping[str, Any], now: datetime) -> None:
    """Timer action: a share of the time to finish a task has passed; tell whom it concerns.

    Each step is taken once, and only while the work is neither done nor given back. Late steps
    bring in the agencies that the routing rules name for this.
    """
    case = Case.everything.select_for_update().get(pk=arguments["case"])
    clock = Clock.objects.select_related("task").filter(pk=arguments["clock"]).first()
    if clock is None or not _is_unmet(clock):
        return
    step = arguments["step"]
    with timeline.writing():
        timeline.record(
            case, verb=f"clock.{step}", actor=WORKER, at=now, task=clock.task,
            data={"kind": clock.kind, "percent": arguments["percent"], "due_at": clock.due_at},
        )  # fmt: skip
        agency = call_in(case, LATE.index(step) + 1, by=WORKER, now=now) if step in LATE else None
        told = (*_concerned(step, clock.task), *([f"agency:{agency.pk}"] if agency else []))
        delivering.tell(
            told, f"engine.clock_{step}", case=case, task=clock.task,
            key_parts=("clock", clock.pk, step), now=now, is_urgent=step in LATE,
            facts={"kind": clock.kind, "percent": arguments["percent"]},
        )  # fmt: skip


def _is_unmet(clock: Clock) -> bool:
    """Say whether work is still waited for; a late clock outlives a task that was given back."""
    is_waiting = clock.state in {Clock.State.RUNNING, Clock.State.OVERDUE}
    is_live = clock.task is None or clock.task.state in Task.LIVE
    return is_waiting and clock.ended_at is None and clock.paused_at is None and is_live


def _concerned(step: str, task: Task | None) -> tuple[str, ...]:
    """Return whom a step is told to: the handler, the desk, the leaders, then supervision too."""
    if step != "remind":
        return CONCERNED[step]
    if task is None:
        return ()
    return (f"unit:{task.unit_id}" if task.unit_id else f"agency:{task.agency_id}",)
