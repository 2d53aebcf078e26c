"""What the case page shows of its course: what it waits for, and what the viewer may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhizhi.engine import extending, revisiting, supervising, suspending
from zhizhi.engine.models import Case, Clock, Extension, Report, Revisit, Task
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role
from zhizhi.web.words import actor_names

SUPERVISORS = (Role.LEADER, Role.INSPECTOR)
DECIDERS = (Role.OPERATOR, Role.INSPECTOR)
ANSWERERS = (Role.OPERATOR, Role.AGENCY_OFFICER, Role.UNIT_MEMBER)
HANDLERS = (Role.AGENCY_OFFICER, Role.UNIT_MEMBER)


def course_of(
    scope: Scope, case: Case, tasks: Sequence[Task], *, actor: str, told: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the suspension, the supervision, the demands for more time, and the steps allowed."""
    suspension, supervision = suspending.of(case), supervising.of(case)
    report: Report | None = told["row"] if told else None
    asked = _asked(case, scope)
    rows = [one for one in (suspension, supervision) if one is not None]
    names = actor_names([*(row.by for row in rows), *(row.asked_by for row in asked)])
    is_final = case.state in Case.RESTING
    mine = _mine(scope, tasks, actor)
    may_suspend = scope.has(Role.LEADER) and case.state in suspending.IN_WORK
    return {
        "suspension": suspension,
        "supervision": supervision,
        "names": names,
        "suspended_by": names.get(suspension.by, "") if suspension else "",
        "supervised_by": names.get(supervision.by, "") if supervision else "",
        "asked": [
            {
                "row": row,
                "who": names[row.asked_by],
                "may_decide": scope.has(*DECIDERS)
                and row.asked_by != actor
                and not extending.is_handler(row.task, actor),
            }
            for row in asked
        ],
        "mine": [] if suspension else mine,
        "given": [task for task in mine if task.agency_id],
        "may_suspend": may_suspend and suspension is None,
        "may_resume": scope.has(Role.LEADER) and suspension is not None,
        "may_supervise": scope.has(*SUPERVISORS) and not is_final and supervision is None,
        "may_answer": supervision is not None and scope.has(*ANSWERERS) and supervision.by != actor,
        "may_revisit": report is not None
        and scope.has(Role.OPERATOR)
        and revisiting.may_ask(report),
        "revisits": Revisit.Outcome.choices,
    }


def _asked(case: Case, scope: Scope) -> list[Extension]:
    waiting = Extension.objects.visible_to(scope).filter(
        task__case=case, state=Extension.State.ASKED
    )
    return list(waiting.select_related("task__unit", "task__agency").order_by("pk"))


def _mine(scope: Scope, tasks: Sequence[Task], actor: str) -> list[Task]:
    """Return the viewer's own live tasks whose time to finish runs."""
    if not scope.has(*HANDLERS):
        return []
    live = [one for one in tasks if one.state in Task.LIVE and extending.is_handler(one, actor)]
    running = Clock.objects.filter(task__in=live, kind="handle", state=Clock.State.RUNNING)
    due = dict(running.filter(paused_at=None).values_list("task_id", "due_at"))
    for task in live:
        task.due_at = due.get(task.pk)
    return live
