"""One case as it was at a past moment: what was known of it, done about it, and written down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from zhizhi.engine import past
from zhizhi.engine.models import Alert, Case, Task, TimelineEntry
from zhizhi.trust.scoping import Scope
from zhizhi.web import facts
from zhizhi.web.replay.screen import zone_names
from zhizhi.web.words import actor_names, clock_name, told_by


def detail(scope: Scope, pk: int, *, at: datetime) -> dict[str, Any]:
    """Return the facts of one case; nothing where the viewer may not see it or it was not there."""
    visible = Case.objects.visible_to(scope).select_related("area")
    case = past.case_at(visible, pk, at)
    if case is None:
        return {}
    given = Task.objects.visible_to(scope).filter(case=case).select_related("unit", "agency")
    tasks = past.tasks_at(given.order_by("-offered_at", "-pk"), at)
    lines = TimelineEntry.objects.filter(case=case, at__lte=at)
    entries = list(lines.select_related("task__unit", "task__agency").order_by("-seq"))
    actors = [*(one.actor for one in entries), *(one.offered_by for one in tasks)]
    names = actor_names([*actors, case.acknowledged_by])
    raised = Alert.objects.visible_to(scope).filter(case=case, raised_at__lte=at)
    alerts = list(raised.order_by("-raised_at")[: facts.MOST_ALERTS])
    return {
        "case": case,
        "zone_name": zone_names(at).get(case.zone, case.zone) or told_by(case),
        "alerts": alerts,
        "explanation": alerts[0].explanation if alerts else None,
        "certainty": alerts[0].get_certainty_display() if alerts else "",
        "tasks": [{"task": task, "by": names[task.offered_by]} for task in tasks],
        "clocks": _clocks(case, at),
        "timeline": facts.written(entries, names),
        "acknowledged_by": names.get(case.acknowledged_by, ""),
    }


def _clocks(case: Case, at: datetime) -> list[dict[str, Any]]:
    running = case.clocks.filter(started_at__lte=at)
    unmet = running.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at))
    return [
        {"name": clock_name(one.kind), "due_at": one.due_at, "is_overdue": one.due_at < at}
        for one in unmet.order_by("due_at")
    ]
