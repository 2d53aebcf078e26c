"""An appeal by whom an automated alert is about: the code, why it was raised, and the answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhizhi.directory.granting import LONGEST
from zhizhi.engine import appealing, claiming
from zhizhi.engine.models import Alert, Appeal
from zhizhi.engine.states import StateConflict
from zhizhi.web.residents import tries
from zhizhi.web.rule_facts import words_of
from zhizhi.web.views.residents import numbers, show

KNOWN = "appeals"  # of the session: alerts whose code this browser has shown
MOST_KNOWN = 20


class AppealForm(forms.Form):
    """Why an alert is wrong: one of a list, and more in own words."""

    because = forms.ChoiceField(
        label=gettext_lazy("Why is it wrong?"),
        choices=Appeal.Because.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what fits best.")},
    )
    words = forms.CharField(
        label=gettext_lazy("In your own words (you may leave this empty)"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST,
        required=False,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """Ask for the code that is in the message."""
    if request.method != "POST":
        return _door(request)
    now, code = timezone.now(), request.POST.get("code", "")[:40]
    tried = tries.tried(request, "appeal of", appealing.case_of(code))
    if not tries.has_room(tried, now):
        return _door(request, code, tries.too_many(now), 429)
    alert = appealing.find(code)
    if alert is None:
        tries.note_wrong(tried, now)
        return _door(request, code, _("No message has this code. Check every digit."), 404)
    known = [one for one in request.session.get(KNOWN, []) if one != alert.pk]
    request.session[KNOWN] = [*known, alert.pk][-MOST_KNOWN:]
    return redirect("web:appeal", alert.pk)


@require_safe
@never_cache
def appeal(request: HttpRequest, alert: str) -> HttpResponse:
    """Show why the alert was raised and what became of the appeal; without one, ask for it."""
    return _page(request, mine(request, alert), AppealForm())


@require_POST
@never_cache
def make(request: HttpRequest, alert: str) -> HttpResponse:
    """Take the appeal."""
    found, form = mine(request, alert), AppealForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, 422)
    said = form.cleaned_data
    with suppress(StateConflict):  # the same button again, or the telephone: the page says so
        appealing.appeal(found, said["because"], words=said["words"], now=timezone.now())
    return redirect("web:appeal", alert)


def mine(request: HttpRequest, alert: str) -> Alert:
    """Return an alert whose code this browser has shown."""
    found = appealing.alerts_of([alert]) if alert in request.session.get(KNOWN, []) else []
    if not found:
        raise Http404
    return found[0]


def _door(
    request: HttpRequest, code: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    known = request.session.get(KNOWN, [])
    mine = appealing.alerts_of(known) if known else []
    context = {
        "code": code,
        "problem": problem,
        "mine": [{"alert": one, "code": appealing.code_of(one)} for one in mine],
        "numbers": numbers(),
    }
    return show(request, "resident/appeal_code.html", context, status=status)


def _page(request: HttpRequest, alert: Alert, form: AppealForm, status: int = 200) -> HttpResponse:
    made: Appeal | None = getattr(alert, "appeal", None)
    rule = words_of(alert.detector)
    context: dict[str, Any] = {
        "alert": alert,
        "code": appealing.code_of(alert),
        "rule": rule,
        "explanation": alert.explanation,
        "appeal": made,
        "answer": appealing.words(made)["answer"] if made else "",
        "form": form,
        "within": claiming.answer_within().days,
        "longest": LONGEST,
        "numbers": numbers(),
    }
    return show(request, "resident/appeal.html", context, status=status)
