"""The unit's phone: what to do now, and one large button for each step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from zhizhi.directory.models import Unit
from zhizhi.engine import dispatching, timeline
from zhizhi.engine.models import Feedback, Task
from zhizhi.trust import evidence, pictures
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.words import OUTCOMES

STEPS = {"accept": dispatching.accept, "arrive": dispatching.arrive}


class ReportForm(forms.Form):
    """What the unit found and did, with a photo if there is something to prove."""

    outcome = forms.ChoiceField(choices=list(OUTCOMES.items()), label=gettext_lazy("Result"))
    note = forms.CharField(
        widget=forms.Textarea, max_length=1000, required=False, label=gettext_lazy("Note")
    )
    photo = forms.FileField(required=False, label=gettext_lazy("Photo"))
    lon = forms.FloatField(required=False, widget=forms.HiddenInput)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput)
    device_at = forms.CharField(required=False, widget=forms.HiddenInput)
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """A violation needs a photo: without proof there is no record."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("outcome") == "violation" and not data.get("photo"):
            self.add_error("photo", _("A violation needs a photo."))
        return data


@require_GET
@for_roles(Role.UNIT_MEMBER)
def my_tasks(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the unit's tasks, the live ones first."""
    return _page(request, scope, ReportForm())


@require_POST
@for_roles(Role.UNIT_MEMBER)
def step(request: HttpRequest, scope: Scope, pk: int, verb: str) -> HttpResponse:
    """Accept the task, or say that the unit has arrived."""
    task = get_object_or_404(Task.objects.visible_to(scope), pk=pk)
    STEPS[verb](task, by=actor_of(request), now=timezone.now())
    return redirect("web:my")


@require_POST
@for_roles(Role.UNIT_MEMBER)
def give_back(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the task with a reason."""
    task = get_object_or_404(Task.objects.visible_to(scope), pk=pk)
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why: the reason is part of the record."))
    else:
        dispatching.return_task(task, reason=reason[:500], by=actor_of(request), now=timezone.now())
    return redirect("web:my")


@require_POST
@for_roles(Role.UNIT_MEMBER)
def report(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take the report from the spot; the same draft arriving again changes nothing."""
    task = get_object_or_404(Task.objects.visible_to(scope), pk=pk)
    if Feedback.objects.filter(task=task, by=actor_of(request)).exists():
        messages.success(request, _("The report has arrived."))
        return redirect("web:my")
    form = ReportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, scope, form, reported=task, status=400)
    try:
        _file(form.cleaned_data, task, by=actor_of(request), now=timezone.now())
    except pictures.PictureRefused as refused:
        form.add_error("photo", str(refused))
        return _page(request, scope, form, reported=task, status=400)
    messages.success(request, _("The report has arrived."))
    return redirect("web:my")


def _file(data: dict[str, Any], task: Task, *, by: str, now: datetime) -> None:
    """Seal the photo and finish the task, both or neither."""
    with timeline.writing():
        sealed = []
        if data.get("photo"):
            content = data["photo"].read()
            device_now = parse_datetime(data.get("device_at") or "")
            is_aware = device_now is not None and device_now.tzinfo is not None
            row = evidence.seal(
                content,
                case=task.case_id,
                kind="photo",
                media_type=pictures.media_type_of(content),
                by=by,
                now=now,
                taken_at=device_now if is_aware else None,
                device_now=device_now if is_aware else None,
                lon=data.get("lon"),
                lat=data.get("lat"),
                leave=timeline.leave,
            )
            sealed.append(row.pk)
        dispatching.finish(
            task, outcome=data["outcome"], note=data["note"], evidence=sealed, by=by, now=now
        )


def _page(
    request: HttpRequest,
    scope: Scope,
    form: ReportForm,
    *,
    reported: Task | None = None,
    status: int = 200,
) -> HttpResponse:
    tasks = Task.objects.visible_to(scope).select_related("case", "case__area", "unit")
    mine = [grant.unit for grant in scope.grants if grant.unit is not None]
    context = {
        "units": Unit.objects.filter(pk__in=mine),
        "live": tasks.filter(state__in=Task.LIVE).order_by("offered_at"),
        "ended": tasks.exclude(state__in=Task.LIVE).order_by("-ended_at")[:5],
        "form": form,
        "reported": reported,
        "now": timezone.now(),
    }
    return render(request, "web/my.html", context, status=status)
