"""The unit's phone: what to do now, and one large button for each step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from zhizhi.directory.models import Unit
from zhizhi.engine import dispatching, timeline
from zhizhi.engine.models import Feedback, Message, Task, Zone
from zhizhi.trust import evidence, pictures
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles, is_fragment
from zhizhi.web.failures import wants_json
from zhizhi.web.live import newest_seq
from zhizhi.web.words import OUTCOMES, told_by

STEPS = {"accept": dispatching.accept, "arrive": dispatching.arrive}
HIDDEN = ("lon", "lat", "device_at", "key")
MOST_ENDED = 5
LONGEST = 500


class ReportForm(forms.Form):
    """What the unit found and did, with a photo if there is something to prove."""

    outcome = forms.ChoiceField(choices=list(OUTCOMES.items()), label=gettext_lazy("Result"))
    note = forms.CharField(
        widget=forms.Textarea, max_length=1000, required=False, label=gettext_lazy("Note")
    )
    photo = forms.FileField(required=False, label=gettext_lazy("Photo"))
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    device_at = forms.CharField(required=False, max_length=40)
    key = forms.CharField(required=False, max_length=64)

    def clean_device_at(self) -> datetime | None:
        """Read the phone's clock; one that says nothing useful is no reason to lose a report."""
        try:
            found = parse_datetime(self.cleaned_data["device_at"])
        except ValueError:
            return None
        return found if found is not None and found.tzinfo is not None else None

    def clean(self) -> dict[str, Any]:
        """A violation needs a photo: without proof there is no record."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("outcome") == "violation" and not data.get("photo"):
            self.add_error("photo", _("A violation needs a photo."))
        return data

    def reason(self) -> str:
        """Return the first thing that is wrong, with its field."""
        name, problems = next(iter(self.errors.items()))
        label = self.fields[name].label if name in self.fields else ""
        told = _("{field}: {problem}").format(field=label, problem=problems[0])
        return told if label else str(problems[0])


@require_GET
@for_roles(Role.UNIT_MEMBER)
def my_tasks(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the unit's tasks, the live ones first."""
    return _page(request, scope, ReportForm())


@require_POST
@for_roles(Role.UNIT_MEMBER)
def step(request: HttpRequest, scope: Scope, pk: int, verb: str) -> HttpResponse:
    """Accept the task, or say that the unit has arrived."""
    STEPS[verb](_task(scope, pk), by=actor_of(request), now=timezone.now())
    return redirect("web:my")


@require_POST
@for_roles(Role.UNIT_MEMBER)
def give_back(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the task with a reason."""
    task, reason = _task(scope, pk), request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why: the reason is part of the record. Nothing was done."))
    else:
        now = timezone.now()
        dispatching.return_task(task, reason=reason[:LONGEST], by=actor_of(request), now=now)
    return redirect("web:my")


@require_POST
@for_roles(Role.UNIT_MEMBER)
def report(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take the report from the spot; the same draft arriving again changes nothing."""
    task, by = _task(scope, pk), actor_of(request)
    form = ReportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, scope, form, task)
    if _has_arrived(task, by, form.cleaned_data["key"]):
        return _arrived(request)
    try:
        _file(form.cleaned_data, task, by=by, now=timezone.now())
    except pictures.PictureRefused as refused:
        form.add_error("photo", str(refused))
        return _refused(request, scope, form, task)
    return _arrived(request)


def _task(scope: Scope, pk: int) -> Task:
    return get_object_or_404(Task.objects.visible_to(scope), pk=pk)


def _has_arrived(task: Task, by: str, key: str) -> bool:
    """Say whether this very draft is there already; another one goes on and meets the ended task.

    Without JavaScript there is no key, and whoever has reported once has reported.
    """
    mine = Feedback.objects.filter(task=task, by=by)
    return mine.filter(key=key).exists() if key else mine.exists()


def _file(data: dict[str, Any], task: Task, *, by: str, now: datetime) -> None:
    """Seal the photo and finish the task, both or neither."""
    with timeline.writing():
        sealed = [_seal(data, task, by=by, now=now)] if data.get("photo") else []
        dispatching.finish(
            task,
            outcome=data["outcome"],
            note=data["note"],
            evidence=sealed,
            key=data["key"],
            by=by,
            now=now,
        )


def _seal(data: dict[str, Any], task: Task, *, by: str, now: datetime) -> int:
    content = data["photo"].read()
    row = evidence.seal(
        content,
        case=task.case_id,
        kind="photo",
        media_type=pictures.media_type_of(content),
        by=by,
        now=now,
        taken_at=data["device_at"],
        device_now=data["device_at"],
        lon=data["lon"],
        lat=data["lat"],
        area_path=task.case.area_path,
        leave=timeline.leave,
    )
    return row.pk


def _arrived(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"arrived": True})
    messages.success(request, _("The report has arrived."))
    return redirect("web:my")


def _refused(request: HttpRequest, scope: Scope, form: ReportForm, task: Task) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"arrived": False, "reason": form.reason()}, status=400)
    return _page(request, scope, form, reported=task, status=400)


def _page(
    request: HttpRequest,
    scope: Scope,
    form: ReportForm,
    *,
    reported: Task | None = None,
    status: int = 200,
) -> HttpResponse:
    after, now = newest_seq(), timezone.now()
    tasks = Task.objects.visible_to(scope).select_related("case", "case__area", "unit")
    mine = [grant.unit for grant in scope.grants if grant.unit is not None]
    zones = dict(Zone.objects.filter(is_current=True).values_list("key", "name"))
    context = {
        "units": Unit.objects.filter(pk__in=mine),
        "live": [
            {
                "task": task,
                "zone": zones.get(task.case.zone, task.case.zone) or told_by(task.case),
            }
            for task in _told(tasks.filter(state__in=Task.LIVE), now).order_by("offered_at")
        ],
        "ended": tasks.filter(ended_at__isnull=False).order_by("-ended_at")[:MOST_ENDED],
        "form": form,
        "hidden_fields": HIDDEN,
        "reported": reported,
        "after": after,
        "now": now,
    }
    template = "web/parts/my_tasks.html" if is_fragment(request) else "web/my.html"
    return render(request, template, context, status=status)


def _told(tasks: QuerySet[Task], now: datetime) -> QuerySet[Task]:
    """Leave out the tasks of which the unit is not told yet, because they may still be undone."""
    held = tasks.filter(messages__state=Message.State.HELD, messages__not_before__gt=now)
    return tasks.exclude(pk__in=held.values("pk"))
