"""Sending units and agencies, and taking it back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from zhizhi.directory.models import Agency, Unit
from zhizhi.engine import delivering, settings_in_force, spans, timeline, timing
from zhizhi.engine.dispatching.nearest import Need, NoUnitFits, Suggestion, nearest_fit
from zhizhi.engine.dispatching.releasing import (
    end_without_result,
    locked,
    locked_task,
    settle,
)
from zhizhi.engine.models import Case, Severity, Task
from zhizhi.engine.states import StateConflict, move


def acknowledge(case: Case, *, by: str, now: datetime) -> Case:
    """Note that somebody on duty has seen the case; raises StateConflict naming who was first."""
    with timeline.writing():
        locked(case)
        if case.acknowledged_at is not None:
            message = f"{case.acknowledged_by} acknowledged it at {case.acknowledged_at:%H:%M:%S}"
            raise StateConflict(message, code="already-acknowledged", record=case)
        if case.state == Case.State.MERGED:
            message = f"the case is {case.get_state_display()}"
            raise StateConflict(message, code="case-ended", record=case)
        case.acknowledged_by, case.acknowledged_at = by, now
        case.save(update_fields=["acknowledged_by", "acknowledged_at"])
        timing.meet_clocks(case, kind="acknowledge", now=now)
        timeline.record(case, verb="case.acknowledge", actor=by, at=now)
    return case


def dispatch(  # noqa: PLR0913 - all named at the call
    case: Case,
    unit: Unit,
    *,
    kind: str = "",
    by: str,
    now: datetime,
    is_reinforcement: bool = False,
    need: Need | None = None,
    data: dict[str, Any] | None = None,
) -> Task:
    """Reserve ``unit`` for ``case`` and queue the message that tells it.

    ``need`` is what the next unit must be, should this one not accept; without it, the case's.
    Raises StateConflict with the winning task as ``record``: "already-dispatched" when somebody
    else has sent a unit (unless this ``is_reinforcement``), "unit-taken" when the unit is gone.
    """
    with timeline.writing():
        _check_open(locked(case), is_reinforcement=is_reinforcement)
        task = _offer(case, unit, kind=kind or case.task_kind, need=need, by=by, now=now)
        if case.state not in {Case.State.DISPATCHED, Case.State.HANDLING}:
            move(case, Case.State.DISPATCHED, allowed=Case.MOVES, changed_at=now)
        timing.meet_clocks(case, kind="acknowledge", now=now)  # whoever sends has looked
        facts = {"unit": unit.pk, "kind": task.kind, **(data or {})}
        timeline.record(case, verb="case.dispatch", actor=by, at=now, task=task, data=facts)
    return task


def _check_open(case: Case, *, is_reinforcement: bool) -> None:
    live = case.tasks.filter(state__in=Task.LIVE, unit__isnull=False).order_by("-pk").first()
    if case.state in Case.RESTING:
        message = f"the case is {case.get_state_display()}"
        raise StateConflict(message, code="case-ended", record=case)
    if live is not None and not is_reinforcement:
        message = f"{live.offered_by} dispatched {live.unit} at {live.offered_at:%H:%M:%S}"
        raise StateConflict(message, code="already-dispatched", record=live)


def hold_of(case: Case) -> timedelta:
    """Return how long what is sent in ``case`` can still be taken back; urgent goes at once."""
    if case.severity == Severity.URGENT:
        return timedelta(0)
    return timedelta(seconds=settings_in_force.value("engine.hold_seconds"))


def _offer(case: Case, unit: Unit, *, kind: str, need: Need | None, by: str, now: datetime) -> Task:
    """Make the task, reserve the unit by one conditional UPDATE, start the clock, tell the unit."""
    within = timedelta(minutes=settings_in_force.value("engine.accept_minutes"))
    _reserve_or_lose(unit)
    task = Task.everything.create(
        case=case, kind=kind, unit=unit, offered_at=now, due_at=now + within, offered_by=by,
        need=need.columns() if need else {},
    )  # fmt: skip
    reserved = Unit.objects.filter(pk=unit.pk, status=Unit.Status.AVAILABLE)
    if not reserved.update(status=Unit.Status.RESERVED, task=task.pk):
        raise _unit_taken(unit)
    unit.refresh_from_db(fields=["status", "task"])
    timing.start_clock(
        case, kind="accept", within=within, now=now, task=task, action="engine.expire_task"
    )
    delivering.enqueue(
        channel="inbox",
        recipient=f"unit:{unit.pk}",
        template="engine.task_offered",
        payload={
            "unit": unit.name,
            "code": case.code,
            "case": case.pk,
            "task": task.pk,
            "due": f"{task.due_at:%H:%M:%SZ}",
            "due_at": task.due_at,
        },
        key_parts=("task", task.pk, "offered"),
        case=case,
        task=task,
        now=now,
        hold=hold_of(case),
        is_urgent=case.severity == Severity.URGENT,
    )
    return task


def _reserve_or_lose(unit: Unit) -> None:
    """Hold the unit's row until commit; a unit that is not free ends the attempt."""
    held = Unit.objects.select_for_update().get(pk=unit.pk)
    if held.status != Unit.Status.AVAILABLE:
        raise _unit_taken(unit)


def _unit_taken(unit: Unit) -> StateConflict:
    unit.refresh_from_db(fields=["status", "task"])
    winner = Task.everything.filter(pk=unit.task or 0).select_related("case").first()
    if winner is None:
        message = f"{unit} is {unit.get_status_display()}"
        return StateConflict(message, code="unit-taken", record=unit)
    message = f"{winner.offered_by} took {unit} at {winner.offered_at:%H:%M:%S}"
    return StateConflict(message, code="unit-taken", record=winner)


def dispatch_nearest(  # noqa: PLR0913 - all named at the call
    case: Case,
    *,
    count: int = 1,
    by: str,
    now: datetime,
    kind: str = "",
    is_reinforcement: bool = False,
    need: Need | None = None,
    exclude: Collection[int] = (),
    among: QuerySet[Unit] | None = None,
) -> list[Task]:
    """Send the ``count`` nearest fit units ``among`` those that may be sent.

    ``need`` says what they must be; without it, what the case needs. A unit lost to another
    dispatcher is passed over.

    Raises NoUnitFits when none is left, StateConflict as ``dispatch`` does.
    """
    tasks: list[Task] = []
    with timeline.writing():
        _check_open(locked(case), is_reinforcement=is_reinforcement)
        found = _candidates(case, need, limit=count + 20, now=now, exclude=exclude, among=among)
        for rank, one in enumerate(found):
            if len(tasks) == count:
                break
            if not _free_now(one.unit):
                continue
            data = {
                "rank": rank,
                "distance_m": round(one.distance_m),
                "travel_s": round(one.travel.total_seconds()),
                "position_age_s": round(one.position_age.total_seconds()),
            }
            task = dispatch(
                case, one.unit, kind=kind, by=by, now=now, is_reinforcement=True, need=need,
                data=data,
            )  # fmt: skip
            tasks.append(task)
        if not tasks:
            wanted = need.capabilities if need else case.capabilities
            message = f"no available unit can do: {', '.join(wanted) or 'anything'}"
            raise NoUnitFits(message)
    return tasks


def dispatch_or_note(case: Case, *, missed: str, by: str, now: datetime, kind: str = "") -> None:
    """Send the nearest fit unit; where none is sent the case says why, under ``missed``."""
    try:
        dispatch_nearest(case, by=by, now=now, kind=kind)
    except (NoUnitFits, StateConflict) as missing:
        why = missing.code if isinstance(missing, StateConflict) else str(missing)
        timeline.record(case, verb=missed, actor=by, at=now, data={"why": why})


def _candidates(
    case: Case, need: Need | None, *, among: QuerySet[Unit] | None, **also: Any
) -> list[Suggestion]:
    if need is None:
        return nearest_fit(case, among=among, **also)
    units = Unit.objects.all() if among is None else among
    return nearest_fit(case, capabilities=need.capabilities, among=need.among(units), **also)


def _free_now(unit: Unit) -> bool:
    """Hold the unit's row without waiting for another dispatcher who has it in hand."""
    free = Unit.objects.filter(pk=unit.pk, status=Unit.Status.AVAILABLE)
    return free.select_for_update(skip_locked=True).first() is not None


def assign(
    case: Case,
    agency: Agency,
    *,
    kind: str,
    by: str,
    now: datetime,
    within: spans.Limit | None = None,
) -> Task:
    """Give a piece of work on ``case`` to an agency, beside whatever else goes on."""
    with timeline.writing():
        locked(case)
        if case.state in Case.RESTING:
            message = f"the case is {case.get_state_display()}"
            raise StateConflict(message, code="case-ended", record=case)
        span = within or spans.profile("handle", settings_in_force.snapshot())
        due_at = spans.reckon(span, now).due_at
        task = Task.everything.create(
            case=case, kind=kind, agency=agency, offered_at=now, due_at=due_at, offered_by=by
        )
        if case.state in {Case.State.OPEN, Case.State.HANDLED}:
            move(case, Case.State.DISPATCHED, allowed=Case.MOVES, changed_at=now)
        timing.start_clock(case, kind="handle", within=span, now=now, task=task)
        delivering.enqueue(
            channel="inbox",
            recipient=f"agency:{agency.pk}",
            template="engine.task_assigned",
            payload={"agency": agency.name, "code": case.code, "case": case.pk, "task": task.pk},
            key_parts=("task", task.pk, "assigned"),
            case=case,
            task=task,
            now=now,
        )
        facts = {"agency": agency.code, "kind": kind}
        timeline.record(case, verb="case.assign", actor=by, at=now, task=task, data=facts)
    return task


def undo_dispatch(task: Task, *, by: str, now: datetime) -> Task:
    """Take a dispatch back while its message is held; raises StateConflict once it has gone."""
    with timeline.writing():
        case, task = locked_task(task)
        message = task.messages.filter(template__startswith="engine.task_offered").first()
        if message is not None:
            delivering.cancel_held(message, now=now)
        move(task, Task.State.CANCELLED, allowed=Task.MOVES, ended_at=now)
        end_without_result(case, task, now=now)
        timeline.record(case, verb="case.undo_dispatch", actor=by, at=now, task=task)
        settle(case, now=now)
    return task


def cancel_task(task: Task, *, reason: str, by: str, now: datetime) -> Task:
    """Withdraw a task that is no longer wanted and tell its unit."""
    with timeline.writing():
        case, task = locked_task(task)
        withdraw(case, task, reason=reason, by=by, now=now)
        settle(case, now=now)
    return task


def withdraw(case: Case, task: Task, *, reason: str, by: str, now: datetime) -> None:
    """Cancel a live task of a case that the caller holds, and tell whoever was told of it."""
    move(task, Task.State.CANCELLED, allowed=Task.MOVES, ended_at=now, note=reason)
    end_without_result(case, task, now=now)
    timeline.record(case, verb="task.cancel", actor=by, at=now, task=task, note=reason)
    was_told = task.messages.exclude(state="cancelled").exists()
    if was_told and task.unit_id:
        delivering.enqueue(
            channel="inbox",
            recipient=f"unit:{task.unit_id}",
            template="engine.task_cancelled",
            payload={"code": case.code, "case": case.pk, "task": task.pk},
            key_parts=("task", task.pk, "cancelled"),
            case=case,
            task=task,
            now=now,
        )
