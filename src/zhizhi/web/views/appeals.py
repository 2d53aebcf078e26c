"""Appeals against automated alerts: the queue of those who decide, and writing one down."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory.granting import LONGEST
from zhizhi.engine import appealing, claiming
from zhizhi.engine.models import Alert, Appeal
from zhizhi.engine.states import StateConflict
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.views.appeal import AppealForm
from zhizhi.web.views.cases import visible_case

SHOWN = 100  # decided ones
UPHELD, REFUSED = "upheld", "refused"
TAKERS = (Role.OPERATOR, Role.INSPECTOR)


class DecisionForm(forms.Form):
    """Whether an appeal is justified, and what the person is told."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Is the appeal justified?"),
        choices=[
            (UPHELD, gettext_lazy("Justified: lift the alert and all that followed from it")),
            (REFUSED, gettext_lazy("Not justified: the alert stands")),
        ],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=gettext_lazy("Answer to whom it is about"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "With the reasons, in plain words and without names; it is read as it is."
        ),
    )


class TakenForm(AppealForm):
    """An appeal made on the telephone or at the desk: against which alert of a case, and why."""

    alert = forms.ChoiceField(label=gettext_lazy("Against which alert?"), widget=forms.RadioSelect)

    field_order = ("alert", "because", "words")

    def __init__(self, alerts: list[Alert], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["words"].label = _("What is said (may be left empty)")
        field = self.fields["alert"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                (one.pk, f"{timezone.localtime(one.found_at):%Y-%m-%d %H:%M} · {one}")
                for one in alerts
            ]
        if len(alerts) == 1:
            self.initial["alert"] = alerts[0].pk


@require_GET
@never_cache
@for_roles(*Appeal.DECIDERS)
def appeals(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the appeals of the own area, the most pressing first."""
    rows, now = _visible(scope), timezone.now()
    waiting = rows.filter(state=Appeal.State.OPEN).order_by("due_at", "pk")
    context = {
        "now": now,
        "waiting": [{"row": row, "is_late": row.is_late(now)} for row in waiting],
        "decided": rows.exclude(state=Appeal.State.OPEN).order_by("-answered_at")[:SHOWN],
    }
    return render(request, "web/appeals.html", context)


@require_GET
@never_cache
@for_roles(*Appeal.DECIDERS)
def appeal(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one appeal beside the explanation of its alert."""
    return _page(request, get_object_or_404(_visible(scope), pk=pk), DecisionForm())


@require_POST
@never_cache
@for_roles(*Appeal.DECIDERS)
def decide(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Decide an appeal, once and for good."""
    row, form = get_object_or_404(_visible(scope), pk=pk), DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    is_upheld, told = form.cleaned_data["verdict"] == UPHELD, form.cleaned_data["answer"]
    try:
        appealing.decide(row, told, is_upheld=is_upheld, by=actor_of(request), now=timezone.now())
    except appealing.DecidedOwnWork:
        return _page(request, row, form, status=403)
    except StateConflict:
        messages.warning(request, _("Somebody has decided it meanwhile."))
        return redirect("web:appeal-case", pk)
    lifted = _("Decided: the alert is lifted with all that followed from it.")
    messages.success(request, lifted if is_upheld else _("Decided: the alert stands."))
    return redirect("web:appeals")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(*TAKERS)
def take(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Write down an appeal that somebody makes on the telephone or at the desk."""
    case = visible_case(scope, pk)
    alerts = list(case.alerts.filter(appeal__isnull=True).order_by("-found_at"))
    form = TakenForm(alerts, request.POST) if request.method == "POST" else TakenForm(alerts)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        found = next(one for one in alerts if one.pk == said["alert"])
        try:
            made = appealing.appeal(
                found, said["because"], words=said["words"], by=actor_of(request),
                now=timezone.now(),
            )  # fmt: skip
        except StateConflict:
            messages.warning(request, _("Somebody has appealed against it meanwhile."))
        else:
            told = _("Appeal {number} is written down. Tell the code: {code}")
            code = appealing.code_of(found)
            messages.success(request, told.format(number=made, code=code))
        return redirect("web:case", pk)
    context = {
        "case": case,
        "form": form,
        "codes": [{"alert": one, "code": appealing.code_of(one)} for one in alerts],
        "within": claiming.answer_within().days,
    }
    status = 422 if form.errors else 200
    return render(request, "web/appeal_take.html", context, status=status)


def _visible(scope: Scope) -> QuerySet[Appeal]:
    return Appeal.objects.visible_to(scope).select_related("alert__case__area", "key")


def _page(
    request: HttpRequest, row: Appeal, form: DecisionForm, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = {
        "appeal": row,
        "case": row.alert.case,
        "words": appealing.words(row),
        "explanation": row.alert.explanation,
        "certainty": row.alert.get_certainty_display(),
        "form": form,
        "now": now,
        "is_late": row.is_late(now),
        "is_open": row.state == Appeal.State.OPEN,
        "is_own": appealing.had_a_hand(row, actor_of(request)),
    }
    return render(request, "web/appeal.html", context, status=status)
