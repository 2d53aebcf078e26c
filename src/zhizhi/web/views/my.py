"""The unit's phone: what to do now, and one large button for each step."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from zhizhi.directory.models import Unit
from zhizhi.engine.models import Message, Task, Zone
from zhizhi.trust import pictures
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles, is_fragment
from zhizhi.web.failures import wants_json
from zhizhi.web.field import filing, navigating
from zhizhi.web.field.forms import DraftForm, ReportForm, ReturnForm, StepForm
from zhizhi.web.live import newest_seq
from zhizhi.web.words import told_by

HIDDEN = ("lon", "lat", "device_at", "sent_at")
MOST_ENDED = 5


@require_GET
@for_roles(Role.UNIT_MEMBER)
def my_tasks(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the unit's tasks, the live ones first."""
    return _page(request, scope, ReportForm())


@require_POST
@for_roles(Role.UNIT_MEMBER)
def step(request: HttpRequest, scope: Scope, pk: int, verb: str) -> HttpResponse:
    """Accept the task, or say that the unit has arrived."""
    task, form, now = _task(scope, pk), StepForm(request.POST), timezone.now()
    told_at = form.told_at(now) if form.is_valid() else None
    filing.step(task, verb, by=actor_of(request), now=now, told_at=told_at)
    return JsonResponse({"arrived": True}) if wants_json(request) else redirect("web:my")


@require_POST
@for_roles(Role.UNIT_MEMBER)
def give_back(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the task with a reason."""
    task, form = _task(scope, pk), ReturnForm(request.POST)
    if not form.is_valid():
        said = _("Say why: the reason is part of the record. Nothing was done.")
        if wants_json(request):
            return _not_taken(said)
        messages.error(request, said)
        return redirect("web:my")
    reason = form.cleaned_data["reason"]
    filing.give_back(task, reason=reason, by=actor_of(request), now=timezone.now())
    return JsonResponse({"arrived": True}) if wants_json(request) else redirect("web:my")


@require_POST
@for_roles(Role.UNIT_MEMBER)
def report(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take the report from the spot; the same draft arriving again changes nothing."""
    task = _task(scope, pk)
    form = ReportForm(request.POST, request.FILES, is_proven=bool(filing.photos_before(task)))
    if form.is_valid():
        try:
            filing.report(form, task, by=actor_of(request), now=timezone.now())
        except pictures.PictureRefused as refused:
            form.add_error("photo", str(refused))
        except filing.OtherWords:
            form.add_error(None, _("It arrived before with other words: send it as a new one."))
    if form.errors:
        return _refused(request, scope, form, task)
    if wants_json(request):
        return JsonResponse({"arrived": True})
    messages.success(request, _("The report has arrived."))
    return redirect("web:my")


@require_POST
@for_roles(Role.UNIT_MEMBER)
def choose_map(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Remember on this device in which map app the way is shown."""
    response = redirect("web:my")
    navigating.keep(response, request.POST.get("app", ""))
    return response


def _task(scope: Scope, pk: int) -> Task:
    return get_object_or_404(Task.objects.visible_to(scope), pk=pk)


def _refused(request: HttpRequest, scope: Scope, form: DraftForm, task: Task) -> HttpResponse:
    if wants_json(request):
        return _not_taken(form.problem())
    return _page(request, scope, form, reported=task, status=400)


def _not_taken(reason: str) -> JsonResponse:
    return JsonResponse({"arrived": False, "reason": reason}, status=400)


def _page(
    request: HttpRequest,
    scope: Scope,
    form: DraftForm,
    *,
    reported: Task | None = None,
    status: int = 200,
) -> HttpResponse:
    after, now = newest_seq(), timezone.now()
    app = navigating.chosen_app(request)
    tasks = Task.objects.visible_to(scope).select_related("case", "case__area", "unit")
    mine = [grant.unit for grant in scope.grants if grant.unit is not None]
    zones = dict(Zone.objects.filter(is_current=True).values_list("key", "name"))
    context = {
        "units": Unit.objects.filter(pk__in=mine),
        "live": [
            {
                "task": task,
                "zone": zones.get(task.case.zone, task.case.zone) or told_by(task.case),
                "key": secrets.token_hex(16),
                "routes": navigating.routes(task.case.lon, task.case.lat, app),
            }
            for task in _told(tasks.filter(state__in=Task.LIVE), now).order_by("offered_at")
        ],
        "ended": tasks.filter(ended_at__isnull=False).order_by("-ended_at")[:MOST_ENDED],
        "form": form,
        "hidden_fields": HIDDEN,
        "reported": reported,
        "map_apps": navigating.APPS.values(),
        "map_app": app,
        "after": after,
        "now": now,
    }
    template = "web/parts/my_tasks.html" if is_fragment(request) else "web/my.html"
    return render(request, template, context, status=status)


def _told(tasks: QuerySet[Task], now: datetime) -> QuerySet[Task]:
    """Leave out the tasks of which the unit is not told yet, because they may still be undone."""
    held = tasks.filter(messages__state=Message.State.HELD, messages__not_before__gt=now)
    return tasks.exclude(pk__in=held.values("pk"))
