"""The page of an agency's officer: the agency's own tasks on shared cases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zhizhi.engine import dispatching
from zhizhi.engine.models import Task
from zhizhi.engine.states import StateConflict
from zhizhi.systems.fishery import sharing
from zhizhi.systems.fishery.forms import AgencyResultForm
from zhizhi.systems.fishery.models import Violation
from zhizhi.systems.fishery.views import access
from zhizhi.systems.fishery.views.frame import show
from zhizhi.trust.scoping import Scope

SHOWN, ENDED = 100, 20


@login_required
@require_safe
def task_list(request: HttpRequest) -> HttpResponse:
    """Show the agency's open tasks, the most pressing first, and the latest that ended."""
    scope = access.scope_for(request, *access.OFFICERS)
    return _show(request, scope)


@login_required
@require_POST
def accept(request: HttpRequest, task: int) -> HttpResponse:
    """Take the agency's task on."""
    row = _task(access.scope_for(request, *access.OFFICERS), task)
    try:
        dispatching.accept(row, by=access.actor_of(request), now=timezone.now())
    except StateConflict as conflict:
        return _lost(request, conflict)
    return redirect("fishery:agency")


@login_required
@require_POST
def finish(request: HttpRequest, task: int) -> HttpResponse:
    """Report the agency's result and close its task."""
    scope = access.scope_for(request, *access.OFFICERS)
    row = _task(scope, task)
    form = AgencyResultForm(request.POST, auto_id=f"{row.pk}-%s")
    if not form.is_valid():
        return _show(request, scope, (row.pk, form))
    try:
        dispatching.finish(
            row,
            outcome=form.cleaned_data["outcome"],
            note=form.cleaned_data["note"],
            by=access.actor_of(request),
            now=timezone.now(),
        )
    except StateConflict as conflict:
        return _lost(request, conflict)
    messages.success(request, _("The task is closed; the other agencies see it in the case."))
    return redirect("fishery:agency")


def agency_rows(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """Return ``tasks`` with their kind and result in the viewer's language."""
    results = dict(AgencyResultForm.OUTCOMES)
    return [
        {"task": task, "label": sharing.label(task), "result": results.get(task.outcome, "")}
        for task in tasks
    ]


def _own(scope: Scope) -> QuerySet[Task]:
    """Return the fishery tasks of the viewer's own agencies."""
    agencies = [grant.agency for grant in scope.grants if grant.agency is not None]
    rows = Task.objects.visible_to(scope).filter(
        agency_id__in=agencies, case__system="fishery", kind__in=sharing.Kind.values
    )
    return rows.select_related("case", "agency")


def _task(scope: Scope, pk: int) -> Task:
    """Return one task of the viewer's own agency, or answer 404."""
    return get_object_or_404(_own(scope), pk=pk)


def _lost(request: HttpRequest, conflict: StateConflict) -> HttpResponse:
    return show(request, "fishery/lost.html", {"task": conflict.record}, status=409)


def _show(
    request: HttpRequest, scope: Scope, wrong: tuple[int, AgencyResultForm] | None = None
) -> HttpResponse:
    """Show the agency's tasks; ``wrong`` is the task whose form needs mending."""
    live = agency_rows(_own(scope).filter(state__in=Task.LIVE).order_by("due_at", "pk")[:SHOWN])
    records: dict[int, list[Violation]] = {}
    cases = {row["task"].case_id for row in live}
    for record in Violation.objects.visible_to(scope).filter(case__in=cases).select_related("case"):
        records.setdefault(record.case_id, []).append(record)
    for row in live:
        task = row["task"]
        is_wrong = wrong is not None and wrong[0] == task.pk
        row["form"] = wrong[1] if wrong and is_wrong else AgencyResultForm(auto_id=f"{task.pk}-%s")
        row["violations"] = records.get(task.case_id, [])
    ended = _own(scope).exclude(state__in=Task.LIVE).order_by("-ended_at", "-pk")[:ENDED]
    context = {"rows": live, "ended": agency_rows(ended)}
    return show(request, "fishery/agency.html", context, status=422 if wrong else 200)
