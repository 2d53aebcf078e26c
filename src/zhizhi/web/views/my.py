"""The unit's phone: what to do now, and one large button for each step."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from zhizhi.directory.positions import PositionRefused
from zhizhi.engine.models import Task
from zhizhi.trust import pictures, recordings
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.failures import wants_json
from zhizhi.web.field import filing, navigating
from zhizhi.web.field.forms import CheckInForm, ReportForm, ReturnForm, StepForm
from zhizhi.web.field.showing import show_phone, units_of


@require_GET
@for_roles(Role.UNIT_MEMBER)
def my_tasks(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the unit's tasks, the live ones first, and the patrol of the day."""
    return show_phone(request, scope)


@require_POST
@for_roles(Role.UNIT_MEMBER)
def step(request: HttpRequest, scope: Scope, pk: int, verb: str) -> HttpResponse:
    """Accept the task, or say that the unit has arrived."""
    task, form, now = _task(scope, pk), StepForm(request.POST), timezone.now()
    told_at = form.told_at(now) if form.is_valid() else None
    filing.step(task, verb, by=actor_of(request), now=now, told_at=told_at)
    return _taken(request)


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
    return _taken(request)


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
        except recordings.RecordingRefused as refused:
            form.add_error("voice", str(refused))
        except filing.OtherWords:
            form.add_error(None, _("It arrived before with other words: send it as a new one."))
    if not form.errors:
        return _taken(request, _("The report has arrived."))
    if wants_json(request):
        return _not_taken(form.problem())
    return show_phone(request, scope, form=form, reported=task, status=400)


@require_POST
@for_roles(Role.UNIT_MEMBER)
def check_in(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Take a patrol check-in; the same draft arriving again changes nothing."""
    form = CheckInForm(request.POST, request.FILES, units=units_of(scope))
    if form.is_valid():
        try:
            filing.check_in(form, by=actor_of(request), now=timezone.now())
        except pictures.PictureRefused as refused:
            form.add_error("photo", str(refused))
        except PositionRefused as refused:
            form.add_error(None, str(refused))
        except filing.OtherWords:
            form.add_error(None, _("It arrived before with other words: send it as a new one."))
    if not form.errors:
        return _taken(request, _("The check-in has arrived."))
    if wants_json(request):
        return _not_taken(form.problem())
    return show_phone(request, scope, patrol=form, status=400)


@require_POST
@for_roles(Role.UNIT_MEMBER)
def choose_map(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Remember on this device in which map app the way is shown."""
    response = redirect("web:my")
    navigating.keep(response, request.POST.get("app", ""))
    return response


def _task(scope: Scope, pk: int) -> Task:
    return get_object_or_404(Task.objects.visible_to(scope), pk=pk)


def _taken(request: HttpRequest, said: str = "") -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"arrived": True})
    if said:
        messages.success(request, said)
    return redirect("web:my")


def _not_taken(reason: str) -> JsonResponse:
    return JsonResponse({"arrived": False, "reason": reason}, status=400)
