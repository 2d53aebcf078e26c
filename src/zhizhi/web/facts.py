"""What the pages show of one case: why, history, tasks, clocks, evidence, and what one may do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from zhizhi.directory.models import RoleAssignment, Unit
from zhizhi.engine import closing
from zhizhi.engine.models import Alert, Case, Message, Task, TimelineEntry, Zone
from zhizhi.trust.models import Evidence
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of
from zhizhi.web.words import actor_name, outcome_name, verb_name


def case_facts(request: HttpRequest, scope: Scope, case: Case, *, now: datetime) -> dict[str, Any]:
    """Return the context of a case's detail."""
    actor = actor_of(request)
    alerts = list(Alert.objects.visible_to(scope).filter(case=case).order_by("-raised_at")[:20])
    tasks = list(
        Task.objects.visible_to(scope)
        .filter(case=case)
        .select_related("unit", "agency")
        .order_by("-offered_at")
    )
    return {
        "case": case,
        "now": now,
        "zone_name": _zone_name(case),
        "alerts": alerts,
        "explanation": alerts[0].explanation if alerts else None,
        "tasks": [{"task": task, "by": actor_name(task.offered_by)} for task in tasks],
        "clocks": case.clocks.order_by("due_at"),
        "agencies": case.agencies.select_related("agency"),
        "timeline": _lines(case),
        "photos": Evidence.objects.filter(case=case.pk).exclude(working_copy=""),
        "sealed": Evidence.objects.filter(case=case.pk).count(),
        "acknowledged_by": actor_name(case.acknowledged_by) if case.acknowledged_by else "",
        "who_sees": _who_sees(case),
        "may": _may(scope, case, tasks, actor),
        "undo": _undoable(tasks, actor, now),
    }


def _zone_name(case: Case) -> str:
    zone = Zone.objects.filter(key=case.zone).order_by("-version").first()
    return zone.name if zone else case.zone


def _lines(case: Case) -> list[dict[str, Any]]:
    """Return the timeline, newest first, in words."""
    entries = TimelineEntry.objects.filter(case=case).select_related("task__unit", "task__agency")
    names: dict[str, str] = {}
    lines = []
    for entry in entries.order_by("-seq"):
        if entry.actor not in names:
            names[entry.actor] = actor_name(entry.actor)
        target = entry.task and (entry.task.unit or entry.task.agency)
        lines.append(
            {
                "at": entry.at,
                "who": names[entry.actor],
                "what": verb_name(entry.verb),
                "target": str(target) if target else "",
                "note": entry.note,
                "outcome": outcome_name(entry.data.get("outcome", "")),
            }
        )
    return lines


def _who_sees(case: Case) -> list[str]:
    """Return the roles whose scope covers the case: shown to whoever wonders."""
    wide = (Role.OPERATOR, Role.INSPECTOR, Role.LEADER, Role.ADMINISTRATOR)
    assigned = RoleAssignment.objects.filter(account__is_active=True)
    seen = [
        label
        for value, label in RoleAssignment.Role.choices
        if value in wide
        and any(
            case.area_path.startswith(path or "")
            for path in assigned.filter(role=value).values_list("area__path", flat=True)
        )
    ]
    agencies = [str(row.agency) for row in case.agencies.select_related("agency")]
    units = Unit.objects.filter(tasks__case=case).distinct()
    return [str(label) for label in seen] + agencies + [str(unit) for unit in units]


def _may(scope: Scope, case: Case, tasks: list[Task], actor: str) -> dict[str, bool]:
    """Return what the viewer may do now; the verbs check again."""
    operator = scope.has(Role.OPERATOR)
    is_final = case.state in Case.FINAL
    has_live = any(task.state in Task.LIVE and task.unit_id for task in tasks)
    return {
        "acknowledge": operator and not case.acknowledged_at and not is_final,
        "dispatch": operator and not is_final and not has_live and case.state != "handled",
        "dismiss": operator and not is_final and case.state != Case.State.HANDLED,
        "reopen": scope.has(Role.INSPECTOR) and is_final,
        "inspect": scope.has(Role.INSPECTOR)
        and case.state == Case.State.HANDLED
        and not closing.took_part(case, actor),
        "inspect_own": scope.has(Role.INSPECTOR)
        and case.state == Case.State.HANDLED
        and closing.took_part(case, actor),
    }


def _undoable(tasks: list[Task], actor: str, now: datetime) -> Task | None:
    """Return the viewer's dispatch whose message is still held."""
    for task in tasks:
        if task.state == Task.State.OFFERED and task.offered_by == actor:
            held = task.messages.filter(state=Message.State.HELD, not_before__gt=now)
            if held.exists():
                return task
    return None
