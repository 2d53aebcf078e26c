"""Trials: a rule with other numbers beside the real history, kept under an address of its own."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.engine import trials as engine
from zhizhi.engine.models import Trial
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import DESK_READERS, Role, actor_of, for_roles
from zhizhi.web.places import areas_url, bounds_of
from zhizhi.web.replay import trials


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*DESK_READERS)
def trial_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the trials, and take the wish for another one."""
    known = trials.rules()
    chosen = request.POST.get("rule") or request.GET.get("rule") or next(iter(known), "")
    if chosen not in known:
        chosen = next(iter(known), "")
    detector, asked = known[chosen]
    form = trials.TrialForm(asked, request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        since = trials.period(form.cleaned_data["days"], now)
        try:
            made = engine.ask(
                detector, form.changes(), since=since, until=now, by=actor_of(request), now=now
            )
        except engine.TrialRefused as refused:
            form.add_error(None, _refusal(str(refused)))
        else:
            return redirect("web:trial", pk=made.pk)
    context = {"form": form, "rule": chosen, "rules": list(known), "rows": trials.listed()}
    return render(request, "web/trials.html", context, status=400 if form.errors else 200)


def _refusal(why: str) -> str:
    if why == "the period is empty":
        return _("There is nothing in the journal for this period.")
    return _("Several of your trials wait already. Cancel one, or wait until they are done.")


@require_GET
@for_roles(*DESK_READERS)
def trial_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show how far a trial has come, and what it found."""
    trial = get_object_or_404(Trial, pk=pk)
    is_done = trial.state == Trial.State.DONE
    context: dict[str, Any] = {
        "trial": trial,
        "changes": trials.changes_of(trial),
        "is_open": trial.state in Trial.OPEN,
        "may_set": scope.has(Role.ADMINISTRATOR),
        "bounds": json.dumps(bounds_of(scope)),
        "areas_url": areas_url(),
        **(trials.facts(scope, trial) if is_done else {}),
    }
    return render(request, "web/trial.html", context)


@require_GET
@for_roles(*DESK_READERS)
def progress(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return how far a trial has come, for the page that waits for it."""
    trial = get_object_or_404(Trial.objects.only("state", "done"), pk=pk)
    answer = JsonResponse({"done": trial.done, "is_open": trial.state in Trial.OPEN})
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@for_roles(*DESK_READERS)
def cancel(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Stop a trial of one's own; an administrator may stop any."""
    wanted = Trial.objects.all()
    if not scope.has(Role.ADMINISTRATOR):
        wanted = wanted.filter(asked_by=actor_of(request))
    trial = get_object_or_404(wanted, pk=pk)
    if engine.cancel(trial, by=actor_of(request), now=timezone.now()):
        messages.success(request, _("The trial was cancelled."))
    return redirect("web:trial", pk=pk)
