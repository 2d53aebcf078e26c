"""Whoever is on duty against fraud: whom to call first, every try, and how it ended."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory import people
from zhizhi.directory.posts import post_for
from zhizhi.engine import reporting, settings_in_force
from zhizhi.engine.granting import CaseInHand
from zhizhi.engine.models import Case
from zhizhi.systems.antifraud import (
    dissuading,
    phrases,
    proving,
    queueing,
    relatives,
    stopping,
    writing_down,
)
from zhizhi.systems.antifraud.dissuading import AmountUnfit, NoPerson
from zhizhi.systems.antifraud.lessons import LESSONS
from zhizhi.systems.antifraud.models import Dissuasion, DissuasionAttempt
from zhizhi.systems.antifraud.queueing import QueuedCall
from zhizhi.systems.antifraud.relatives import Relative
from zhizhi.systems.antifraud.risk_forms import CaseRiskForm, OutcomeForm, RiskForm, WarningForm
from zhizhi.systems.antifraud.writing_down import FraudWarning
from zhizhi.trust import vault
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import DESK_READERS, Role, actor_of, for_roles
from zhizhi.web.exporting import printing
from zhizhi.web.looking import look_rate
from zhizhi.web.places import units_in
from zhizhi.web.views.cases import visible_case

PURPOSE, FIELDS = "dissuade", ("name", "phone")
SHOWN, DAYS = 200, 90
UNPROCESSABLE = 422
State, Step = Dissuasion.State, DissuasionAttempt.Step


@require_GET
@never_cache
@for_roles(*DESK_READERS)
def queue_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show whom to call, the most pressing first, whom somebody is sent to, whom to ask again."""
    now, numbers = timezone.now(), settings_in_force.snapshot()
    mine = Dissuasion.objects.visible_to(scope)
    live = _with_tries(mine.exclude(case__state__in=Case.FINAL))
    calls = queueing.queued(live.filter(state__in=Dissuasion.TO_CALL), numbers, now=now)
    others = live.filter(state__in=(State.VISITING, State.REACHED)).order_by("due_at", "pk")
    again = _with_tries(mine.exclude(again="")).order_by("ended_at", "pk")
    context: dict[str, Any] = {
        "now": now,
        "calls": [_call_line(one, now) for one in calls[:SHOWN]],
        "count": len(calls),
        "late": sum(one.is_late for one in calls),
        "too_late": sum(one.comes_too_late for one in calls),
        "officers": numbers["antifraud.officers"],
        "others": [_line(row, now) for row in others[:SHOWN]],
        "again": [_line(row, now) for row in again[:SHOWN]],
        "results": DissuasionAttempt.Result.choices,
        "outcomes": Dissuasion.Outcome.choices,
        "figures": proving.figures(mine, since=now - timedelta(days=DAYS)),
        "days": DAYS,
        "may_act": scope.has(Role.OPERATOR),
    }
    return render(request, "antifraud/dissuasions.html", context)


@sensitive_post_parameters("phone", "name", "telling", "place")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(Role.OPERATOR)
def write_down(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Take a bank's, operator's or the police's warning down."""
    now = timezone.now()
    if request.method != "POST":
        form = WarningForm(scope=scope, initial={"key": secrets.token_hex(16)})
        return _form_page(request, form)
    form = WarningForm(request.POST, scope=scope)
    if not form.is_valid() or form.person is None:
        return _form_page(request, form)
    told = form.cleaned_data
    warning = FraudWarning(
        told["key"], form.person, told["telling"], form.area.lon, form.area.lat, told["place"]
    )
    try:
        row = writing_down.write_down(warning, form.risk(now), by=actor_of(request), now=now)
    except reporting.ReportRefused as refused:
        form.add_error(None, str(refused))
        return _form_page(request, form)
    return _back(request, row, _("Written down; the time to call runs."))


@sensitive_post_parameters("phone", "name")
@require_POST
@never_cache
@for_roles(Role.OPERATOR)
def begin(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Begin to dissuade somebody in a case that is there already; first ask who and how."""
    case, now = visible_case(scope, pk), timezone.now()
    form = CaseRiskForm(request.POST) if "tier" in request.POST else CaseRiskForm()
    if not form.is_valid():
        return _form_page(request, form, case)
    try:
        row = dissuading.begin(
            case, form.risk(now), person=form.person, by=actor_of(request), now=now
        )
    except NoPerson:
        form.add_error("phone", _("Whoever reported it left no number: write one."))
        return _form_page(request, form, case)
    return _back(request, row, _("Begun; the time to call runs."))


@require_POST
@for_roles(Role.OPERATOR)
def attempt(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Keep what became of one try."""
    row, step, result = _visible(scope, pk), request.POST.get("step"), request.POST.get("result")
    if step not in Step.values or result not in DissuasionAttempt.Result.values:
        return _back(request, row, _("Choose what became of it. Nothing was kept."), messages.ERROR)
    dissuading.attempt(
        row, step, result, by=actor_of(request), now=timezone.now(), among=units_in(scope)
    )
    return _back(request, row, _("Kept: {state}.").format(state=row.get_state_display()))


@require_POST
@for_roles(Role.OPERATOR)
def send(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Send somebody there."""
    row = _visible(scope, pk)
    dissuading.send(row, by=actor_of(request), now=timezone.now(), among=units_in(scope))
    return _back(request, row, _("Kept: {state}.").format(state=row.get_state_display()))


@require_POST
@for_roles(Role.OPERATOR)
def end(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Say how it ended."""
    row, form = _visible(scope, pk), OutcomeForm(request.POST)
    said = _(
        "More was paid than was at risk, or result and amounts do not agree. Nothing was kept."
    )
    if not form.is_valid():
        return _back(request, row, said, messages.ERROR)
    told = form.cleaned_data
    try:
        dissuading.end(
            row, told["outcome"], amount=told["amount"], lost=told["lost"] or 0,
            by=actor_of(request), now=timezone.now(),
        )  # fmt: skip
    except AmountUnfit:
        return _back(request, row, said, messages.ERROR)
    return _back(request, row, _("Ended: {outcome}.").format(outcome=row.get_outcome_display()))


@require_POST
@never_cache
@for_roles(Role.OPERATOR)
def numbers(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show name and number of whoever is at risk, or of the relatives; each look is on record."""
    row, now = _visible(scope, pk), timezone.now()
    is_own = "relatives" not in request.POST
    found = [_of(row)] if is_own else relatives.of(row, now=now)
    try:
        told = [_opened(request, scope, row, one, now) for one in found]
    except (AccessRefused, vault.Erased) as refused:
        return _not_shown(request, row, refused, is_own=is_own)
    context = {"row": row, "is_own": is_own, "refused": "", "told": told}
    return render(request, "antifraud/numbers.html", context)


@require_POST
@never_cache
@for_roles(Role.OPERATOR)
def stop_payment(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Send the request to stop the payment as PDF; name and number in it are a look on record."""
    row = _visible(scope, pk)
    order = printing.PaperOrder(
        title=_("Request to stop a payment {number}").format(number=row),
        subject="stop-payment",
        back=reverse("antifraud:dissuasions"),
        write=lambda now: stopping.sheet(
            row, _opened(request, scope, row, _of(row), now), now=now
        ),
        wanted={"dissuasion": row.pk},
    )  # fmt: skip
    try:
        return printing.send(request, order)
    except (AccessRefused, vault.Erased) as refused:
        return _not_shown(request, row, refused, is_own=True)


@require_POST
@never_cache
@for_roles(Role.OPERATOR)
def phrase(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show a phrase for this call, once."""
    row, now = _visible(scope, pk), timezone.now()
    made = phrases.make(row, by=actor_of(request), now=now)
    minutes = settings_in_force.value("antifraud.phrase_minutes")
    page = request.build_absolute_uri(reverse("antifraud:caller"))
    context = {"row": row, "phrase": made, "page": page, "until": now + timedelta(minutes=minutes)}
    return render(request, "antifraud/phrase.html", context)


def _form_page(request: HttpRequest, form: RiskForm, case: Case | None = None) -> HttpResponse:
    """Show the form empty, or as it was sent with what is wrong in it."""
    context = {"form": form, "case": case}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "antifraud/warning.html", context, status=status)


def _of(row: Dissuasion) -> Relative:
    return Relative(row.person, PURPOSE, FIELDS)


def _opened(
    request: HttpRequest, scope: Scope, row: Dissuasion, one: Relative, now: datetime
) -> Mapping[str, str]:
    """Return what may be read of somebody while a call is due; raises AccessRefused, Erased."""
    return people.open_person(
        one.person, one.fields, actor=actor_of(request), purpose=one.purpose,
        case=CaseInHand(row.case_id, dissuading.may_call(row)),
        post=post_for(scope, row.case.area_path), now=now, rate=look_rate(),
    )  # fmt: skip


def _not_shown(
    request: HttpRequest, row: Dissuasion, refused: Exception, *, is_own: bool
) -> HttpResponse:
    context = {"row": row, "is_own": is_own, "refused": getattr(refused, "code", "erased")}
    return render(request, "antifraud/numbers.html", context, status=403)


def _visible(scope: Scope, pk: int) -> Dissuasion:
    rows = Dissuasion.objects.visible_to(scope).select_related("case", "person__key")
    return get_object_or_404(rows, pk=pk)


def _with_tries(rows: QuerySet[Dissuasion]) -> QuerySet[Dissuasion]:
    return rows.select_related("case").prefetch_related("attempts", "phrases")


def _call_line(one: QueuedCall, now: datetime) -> Mapping[str, Any]:
    return {**_line(one.row, now), "call": one, "left": _minutes(one.deadline - now)}


def _line(row: Dissuasion, now: datetime) -> Mapping[str, Any]:
    """Return what the list shows of one: nothing that tells who it is."""
    made: Iterable[Any] = row.phrases.all()
    newest = max(made, key=lambda one: one.pk, default=None)
    steps = dissuading.STEPS[State(row.state)] if row.is_live else (row.again,)
    return {
        "row": row,
        "left": _minutes(row.due_at - now),
        "steps": [(step, Step(step).label) for step in steps],
        "lesson": LESSONS.get(row.typology),
        "checked_at": newest.used_at if newest else None,
    }


def _minutes(span: timedelta) -> int:
    """Return whole minutes, as people count them: a started one has not passed."""
    return int(span.total_seconds() // 60)


def _back(
    request: HttpRequest, row: Dissuasion, said: str, level: int = messages.SUCCESS
) -> HttpResponse:
    messages.add_message(request, level, f"{row}: {said}")
    return redirect(f"{reverse('antifraud:dissuasions')}#{row}")
