"""What the sent unit reports back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from zhizhi.directory.models import Unit
from zhizhi.engine import delivering, settings_in_force, spans, timeline, timing
from zhizhi.engine.dispatching.releasing import (
    end_without_result,
    locked_task,
    release,
    set_status,
    settle,
)
from zhizhi.engine.models import Case, Feedback, Severity, Task
from zhizhi.engine.reasons import given
from zhizhi.engine.states import StateConflict, move
from zhizhi.engine.system import system_named
from zhizhi.trust.evidence import VOICE
from zhizhi.trust.models import Evidence


def accept(task: Task, *, by: str, now: datetime) -> Task:
    """Take the task on; raises StateConflict when it has expired or was withdrawn."""
    with timeline.writing():
        case, task = locked_task(task)
        move(task, Task.State.ACCEPTED, allowed=Task.MOVES, accepted_at=now)
        set_status(task, Unit.Status.EN_ROUTE)
        if case.state in {Case.State.DISPATCHED, Case.State.OPEN}:
            _to_handling(case, now)
        timing.meet_clocks(case, kind="accept", now=now, task=task)
        if task.unit_id:
            settings = settings_in_force.snapshot()
            within = timedelta(minutes=settings["engine.arrive_minutes"])
            timing.start_clock(case, kind="arrive", within=within, now=now, task=task)
            handle = spans.profile("handle", settings)
            timing.start_clock(case, kind="handle", within=handle, now=now, task=task)
        timeline.record(case, verb="task.accept", actor=by, at=now, task=task)
    return task


def _to_handling(case: Case, now: datetime) -> None:
    if case.state == Case.State.OPEN:
        move(case, Case.State.DISPATCHED, allowed=Case.MOVES, changed_at=now)
    move(case, Case.State.HANDLING, allowed=Case.MOVES, changed_at=now)


def arrive(task: Task, *, by: str, now: datetime, told_at: datetime | None = None) -> Task:
    """Note that the unit is on the spot; ``told_at``: when it said so, where that came late."""
    with timeline.writing():
        case, task = locked_task(task)
        move(task, Task.State.ARRIVED, allowed=Task.MOVES, arrived_at=now)
        set_status(task, Unit.Status.ON_SCENE)
        timing.meet_clocks(case, kind="arrive", now=now, task=task)
        data = _told(told_at)
        timeline.record(case, verb="task.arrive", actor=by, at=now, task=task, data=data)
    return task


def _told(told_at: datetime | None) -> dict[str, str]:
    return {} if told_at is None else {"told_at": told_at.isoformat(timespec="seconds")}


def _sealed(ids: Sequence[int]) -> dict[str, list[int]]:
    """Return what was sealed for a line of the history: photos, and voice notes where there are."""
    spoken = Evidence.objects.filter(pk__in=ids, kind=VOICE) if ids else Evidence.objects.none()
    voices = set(spoken.values_list("pk", flat=True))
    found = {"evidence": [pk for pk in ids if pk not in voices]}
    return {**found, "voices": sorted(voices)} if voices else found


def told_before(task: Task, *, by: str, key: str) -> Feedback | None:
    """Return what ``by`` told before under ``key``; holds the case until the transaction ends.

    Asked first in the transaction of ``finish`` and ``progress``, so that of two arrivals of one
    draft at the same moment the second finds the first.
    """
    locked_task(task)
    return Feedback.objects.filter(task=task, by=by, key=key).first() if key else None


def progress(  # noqa: PLR0913 - all named at the call
    task: Task,
    *,
    note: str,
    evidence: Sequence[int] = (),
    key: str = "",
    by: str,
    now: datetime,
    told_at: datetime | None = None,
) -> Feedback:
    """Tell how it stands on the spot; the task goes on. Raises StateConflict when it has ended."""
    with timeline.writing():
        case, task = locked_task(task)
        if task.state not in {Task.State.ACCEPTED, Task.State.ARRIVED}:
            message = f"task {task.pk} is {task.get_state_display()}"
            raise StateConflict(message, record=task)
        told = Feedback.objects.create(
            case=case, task=task, at=now, by=by, outcome=Feedback.UNDER_WAY, note=note,
            evidence=list(evidence), key=key,
        )  # fmt: skip
        data = {"outcome": Feedback.UNDER_WAY, **_sealed(evidence), **_told(told_at)}
        timeline.record(
            case, verb="task.progress", actor=by, at=now, task=task, note=note, data=data
        )
    return told


def finish(  # noqa: PLR0913 - all named at the call
    task: Task,
    *,
    outcome: str,
    note: str = "",
    evidence: Sequence[int] = (),
    key: str = "",
    by: str,
    now: datetime,
    told_at: datetime | None = None,
) -> Task:
    """Report what was found and done; the unit is free again.

    ``key`` is the sender's own name for the report, by which a second arrival is recognised.
    """
    with timeline.writing():
        case, task = locked_task(task)
        move(task, Task.State.DONE, allowed=Task.MOVES, ended_at=now, outcome=outcome, note=note)
        release(task)
        feedback = Feedback.objects.create(
            case=case, task=task, at=now, by=by, outcome=outcome, note=note,
            evidence=list(evidence), key=key,
        )  # fmt: skip
        timing.meet_clocks(case, now=now, task=task)
        data = {"outcome": outcome, **_sealed(evidence), **_told(told_at)}
        timeline.record(case, verb="task.finish", actor=by, at=now, task=task, note=note, data=data)
        if system := system_named(case.system):
            system.reported(feedback, now=now)
        settle(case, now=now)
    return task


def _refuse_if_returned(case: Case, task: Task) -> None:
    before = case.tasks.filter(
        state=Task.State.RETURNED, kind=task.kind, unit=task.unit_id, agency=task.agency_id
    )
    if before.count() >= settings_in_force.value("engine.returns_most"):
        message = f"task {task.pk} was given back too often"
        raise StateConflict(message, code="returned-too-often", record=task)


def return_task(task: Task, *, reason: str, by: str, now: datetime) -> Task:
    """Give the task back with a reason; the operators are told and send somebody else.

    Raises ReasonMissing, and StateConflict ("returned-too-often") when the same unit or agency has
    given such work of this case back as often as the setting allows: then operators decide.
    """
    given(reason)
    with timeline.writing():
        case, task = locked_task(task)
        _refuse_if_returned(case, task)
        move(task, Task.State.RETURNED, allowed=Task.MOVES, ended_at=now, note=reason)
        end_without_result(case, task, now=now)
        timeline.record(case, verb="task.return", actor=by, at=now, task=task, note=reason)
        delivering.enqueue(
            channel="inbox",
            recipient="role:operator",
            template="engine.returned",
            payload={"unit": str(task.unit or task.agency), "code": case.code, "reason": reason,
                     "case": case.pk, "task": task.pk},
            key_parts=("task", task.pk, "returned"),
            case=case,
            task=task,
            now=now,
            is_urgent=case.severity == Severity.URGENT,
        )  # fmt: skip
        settle(case, now=now)
    return task
