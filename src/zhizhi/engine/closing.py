"""The end of a case: inspected and closed, sent back, or dismissed as a false alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Count

from zhizhi.directory.models import RoleAssignment
from zhizhi.engine import announcing, supervising, suspending, timeline, timing
from zhizhi.engine.dispatching import locked, settle, undone, withdraw
from zhizhi.engine.models import Alert, Case, Task
from zhizhi.engine.states import StateConflict, Transitions, move
from zhizhi.engine.system import system_named

HANDLING_VERBS = ("case.dispatch", "case.assign", "task.accept", "task.arrive", "task.progress",
                  "task.finish", "task.return")  # fmt: skip


class InspectedOwnWork(PermissionDenied):
    """Whoever sent or handled may not inspect the result."""


class WorkUndone(StateConflict):
    """The case has tasks that are neither done nor waived; ``record`` is the first of them."""


def inspect(case: Case, *, is_passed: bool, note: str = "", by: str, now: datetime) -> Case:
    """Close a handled case, or send it back with a note.

    Raises InspectedOwnWork, WorkUndone, and StateConflict when it is not waiting for inspection, or
    an instruction of supervision waits for its answer.
    """
    with timeline.writing():
        locked(case)
        if took_part(case, by):
            message = f"{by} took part in {case.code} and cannot inspect it"
            raise InspectedOwnWork(message)
        if case.state != Case.State.HANDLED:
            message = f"the case is {case.get_state_display()}"
            raise StateConflict(message, code="not-handled", record=case)
        left = undone(case)
        if is_passed and left:
            message = f"task {left[0].pk} is neither done nor waived"
            raise WorkUndone(message, code="work-undone", record=left[0])
        if is_passed:
            supervising.check(case)
            suspending.end(case, by=by, now=now)
        timing.meet_clocks(case, kind="inspect", now=now)
        if is_passed:
            move(case, Case.State.CLOSED, allowed=Case.MOVES, closed_at=now, changed_at=now)
            timing.cancel_clocks(case, now=now)
        else:
            move(case, Case.State.OPEN, allowed=Case.MOVES, changed_at=now)
        verb = "case.close" if is_passed else "case.reject"
        timeline.record(case, verb=verb, actor=by, at=now, note=note)
        if is_passed:
            _end(case, "case.closed", now)
    return case


def close_unneeded(
    case: Case, *, why: str, by: str, now: datetime, data: Mapping[str, Any] | None = None
) -> Case:
    """Close a case to which nobody was ever sent, because it ended by itself.

    Raises StateConflict when somebody was sent or it has ended already.
    """
    with timeline.writing():
        locked(case)
        if case.state != Case.State.OPEN or case.tasks.exists():
            message = f"the case is {case.get_state_display()} or somebody was sent"
            raise StateConflict(message, code="needed", record=case)
        supervising.check(case)
        suspending.end(case, by=by, now=now)
        move(case, Case.State.CLOSED, allowed=Case.MOVES, closed_at=now, changed_at=now)
        timing.cancel_clocks(case, now=now)
        facts = {"why": why, **(data or {})}
        timeline.record(case, verb="case.close", actor=by, at=now, data=facts)
        _end(case, "case.closed", now)
    return case


def _end(case: Case, event: str, now: datetime) -> None:
    """Tell subscribers and the case's system that it has ended."""
    announcing.announce(case, event, now=now)
    if system := system_named(case.system):
        system.ended(case, now=now)


def took_part(case: Case, actor: str) -> bool:
    """Say whether ``actor`` dispatched or handled ``case``, also as a member of a sent unit."""
    entries = case.timeline.filter(verb__in=HANDLING_VERBS)
    if entries.filter(actor=actor).exists():
        return True
    kind, _colon, pk = actor.partition(":")
    if kind != "account" or not pk.isdigit():
        return False
    units = case.tasks.filter(accepted_at__isnull=False, unit__isnull=False).values("unit")
    return RoleAssignment.objects.filter(
        account_id=int(pk), role=RoleAssignment.Role.UNIT_MEMBER, unit__in=units
    ).exists()


def dismiss(
    case: Case,
    *,
    reason: str,
    outcome: str = "",
    by: str,
    now: datetime,
    allowed: Transitions = Case.MOVES,
) -> Case:
    """End the case as a false alarm; live tasks are withdrawn, the rule's record shows it.

    Reporters are told the ``outcome``. Raises StateConflict ("supervised") while an instruction of
    supervision waits for its answer.
    """
    with timeline.writing():
        locked(case)
        if allowed is Case.LIFTS:
            supervising.lapse(case)
        supervising.check(case)
        move(case, Case.State.DISMISSED, allowed=allowed, closed_at=now, changed_at=now)
        suspending.end(case, by=by, now=now)
        for task in case.tasks.filter(state__in=Task.LIVE):
            withdraw(case, task, reason=reason, by=by, now=now)
        timing.cancel_clocks(case, now=now)
        rules = sorted(set(case.alerts.values_list("detector", flat=True)))
        data = {"rules": rules, **({"outcome": outcome} if outcome else {})}
        timeline.record(case, verb=timeline.DISMISS, actor=by, at=now, note=reason, data=data)
        _end(case, "case.dismissed", now)
    return case


def reopen(case: Case, *, reason: str = "", by: str, now: datetime) -> Case:
    """Open an ended case again; raises StateConflict naming the open case with the same key."""
    try:
        with timeline.writing():
            locked(case)
            if case.state not in Case.FINAL:
                message = f"the case is {case.get_state_display()}"
                raise StateConflict(message, code="not-ended", record=case)
            again: dict[str, Any] = {"closed_at": None, "thinned_at": None, "changed_at": now}
            move(case, Case.State.OPEN, allowed=Case.MOVES, **again)
            timeline.record(case, verb="case.reopen", actor=by, at=now, note=reason)
            announcing.announce(case, "case.reopened", now=now)
    except IntegrityError as error:
        other = Case.everything.filter(key=case.key).exclude(state__in=Case.FINAL).first()
        message = "a newer case about the same is open"
        raise StateConflict(message, code="newer-case-open", record=other) from error
    return case


def waive(task: Task, *, reason: str, by: str, now: datetime) -> Task:
    """Decide that a returned or expired task need not be done; with the rest done, all is."""
    with timeline.writing():
        case = Case.everything.select_for_update().get(pk=task.case_id)
        ended = Task.everything.filter(
            pk=task.pk, state__in=(Task.State.RETURNED, Task.State.EXPIRED), waived_at__isnull=True
        )
        changed = ended.update(waived_at=now)
        task.refresh_from_db(from_queryset=Task.everything.all())
        if not changed:
            message = f"task {task.pk} is {task.get_state_display()}"
            raise StateConflict(message, code="not-waivable", record=task)
        timeline.record(case, verb="task.waive", actor=by, at=now, task=task, note=reason)
        settle(case, now=now)
    return task


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often the alerts of one rule were dismissed."""

    detector: str
    alerts: int
    dismissed: int

    @property
    def share(self) -> float:
        return self.dismissed / self.alerts if self.alerts else 0.0


def false_alarms(*, since: datetime) -> list[FalseAlarms]:
    """Return each rule's alerts and dismissed alerts since ``since``, most alerts first."""
    rows = (
        Alert.everything.filter(raised_at__gte=since)
        .values("detector")
        .annotate(
            alerts=Count("pk"),
            dismissed=Count("pk", filter=Alert.is_mistaken()),
        )
        .order_by("-alerts", "detector")
    )
    return [FalseAlarms(row["detector"], row["alerts"], row["dismissed"]) for row in rows]
