"""Routing rules: see them, draft others, try them on the last cases, be the second person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory.granting import NotSecond
from zhizhi.engine.models import Case, RoutingVersion
from zhizhi.engine.models.routing import LONGEST_REASON
from zhizhi.engine.routing_rules import comparing, keeping, versions
from zhizhi.engine.states import StateConflict
from zhizhi.kernel.routing import reading
from zhizhi.kernel.routing.problems import RoutingWrong
from zhizhi.kernel.routing.rule import RoutingRules
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import ROUTING_READERS, Role, account_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.grant_words import DENIED
from zhizhi.web.routing_facts import problem_facts, rule_rows, trial_facts

SHOWN = 50  # versions and drafts
USUAL = 200  # cases of a trial
State = RoutingVersion.State


class RoutingForm(forms.Form):
    """The rules as one text, and why they shall change."""

    text = forms.CharField(
        label=gettext_lazy("Rules"), strip=False, max_length=keeping.MOST_LETTERS,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "mono"}),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=LONGEST_REASON)
    seen = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


@require_GET
@for_roles(*ROUTING_READERS)
def routing_rules(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the rules in force, what waits for a second person, and the versions so far."""
    found, rows = versions.in_force(), RoutingVersion.objects.select_related("drafted_by")
    context = {
        "version": found.version,
        "rules": rule_rows(found.rules),
        "text": versions.text_of(found.version),
        "waiting": rows.filter(state=State.WAITING).order_by("-pk")[:SHOWN],
        "past": versions.published().select_related("drafted_by", "decided_by")
        .order_by("-version")[:SHOWN],
    }  # fmt: skip
    return render(request, "web/routing.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*ROUTING_READERS)
def draft(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Write other rules, try them on the last cases, and hand them in for a second person."""
    found = versions.in_force()
    start = {"text": versions.text_of(found.version), "seen": found.version}
    form = RoutingForm(request.POST or None, initial=start)
    context: dict[str, Any] = {"form": form, "version": found.version}
    if request.method == "POST" and form.is_valid():
        try:
            rules = keeping.check(form.cleaned_data["text"])
            if "keep" in request.POST:
                return _keep(request, form)
            context["tried"] = _trial(scope, rules, USUAL)
            return render(request, "web/routing_draft.html", context)
        except RoutingWrong as wrong:
            context["problems"] = problem_facts(wrong.problems)
        except StateConflict:
            form.add_error(None, _("Another version came into force meanwhile. Begin with that."))
    status = 422 if request.method == "POST" else 200
    return render(request, "web/routing_draft.html", context, status=status)


def _keep(request: HttpRequest, form: RoutingForm) -> HttpResponse:
    given, by = form.cleaned_data, account_of(request)
    row = keeping.draft(
        given["text"], given["reason"], seen=given["seen"], by=by, now=timezone.now()
    )
    messages.success(request, _("Handed in. Somebody of another office has to put it in force."))
    return redirect("web:routing-version", row.pk)


@require_GET
@for_roles(*ROUTING_READERS)
def version_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show a draft or version; a draft also tried on the last cases, as many as ``?cases=``."""
    row = get_object_or_404(
        RoutingVersion.objects.select_related("drafted_by", "decided_by"), pk=pk
    )
    is_waiting = row.state == State.WAITING
    count = min(whole_number(request.GET.get("cases", "")) or USUAL, comparing.MOST)
    context: dict[str, Any] = {"row": row, "is_waiting": is_waiting, "count": count}
    try:
        rules = keeping.check(row.text) if is_waiting else reading.read(row.text)
        context["rules"] = rule_rows(rules)
        if is_waiting:
            denied = keeping.may_publish(row, account_of(request))
            is_older = row.based_on != versions.in_force().version
            context |= {
                "tried": _trial(scope, rules, count),
                "denied": DENIED[denied] if denied else "",
                "is_older": is_older,
                "may_publish": not denied and not is_older and scope.has(Role.LEADER),
            }
    except RoutingWrong as wrong:
        context["problems"] = problem_facts(wrong.problems)
    return render(request, "web/routing_version.html", context)


@require_POST
@for_roles(Role.LEADER)
def publish(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Be the second person: the rules are in force from now on."""
    row = get_object_or_404(RoutingVersion, pk=pk)
    try:
        keeping.publish(row, by=account_of(request), now=timezone.now())
    except NotSecond as denied:
        messages.error(request, str(DENIED[denied.code]))
    except RoutingWrong:
        messages.error(request, _("Something that the rules name is gone: see below."))
    except StateConflict:
        messages.warning(request, _("It cannot be put in force any more: decided, or older."))
    else:
        said = _("Version {version} is in force.").format(version=row.version)
        messages.success(request, said)
    return redirect("web:routing-version", pk)


@require_POST
@for_roles(*ROUTING_READERS)
def drop(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Give a draft up for good; anybody who may draft may do it."""
    row = get_object_or_404(RoutingVersion, pk=pk)
    try:
        keeping.drop(row, by=account_of(request), now=timezone.now())
    except StateConflict:
        messages.warning(request, _("It does not wait any more."))
    else:
        messages.success(request, _("The draft was given up."))
    return redirect("web:routing")


def _trial(scope: Scope, rules: RoutingRules, count: int) -> dict[str, Any]:
    """Return what ``rules`` would do with the last cases in sight, beside those in force."""
    latest = Case.objects.visible_to(scope).order_by("-opened_at", "-pk")[:count]
    now = versions.in_force().rules
    return trial_facts(comparing.compare(now, rules, latest), now, rules)
