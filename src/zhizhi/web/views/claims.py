"""Objections of residents and guardians to looks: the queue, and the answer to each."""

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
from django.views.decorators.http import require_GET, require_POST

from zhizhi.directory.posts import office_names
from zhizhi.engine import claiming
from zhizhi.engine.models import Claim
from zhizhi.engine.states import StateConflict
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.residents.lookers import post_name, what_words, why

SHOWN = 100  # answered ones
UPHELD, REFUSED = "upheld", "refused"


class AnswerForm(forms.Form):
    """Whether an objection is justified, and what the resident is told."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Is the objection justified?"),
        choices=[
            (UPHELD, gettext_lazy("Justified: the look should not have been")),
            (REFUSED, gettext_lazy("Not justified: the look was needed")),
        ],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=gettext_lazy("Answer to the resident"),
        max_length=claiming.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("In plain words and without names; the resident reads it as it is."),
    )


@require_GET
@never_cache
@for_roles(Role.AUDITOR)
def claims(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the objections of the own area, the most pressing first."""
    rows, now = _visible(scope), timezone.now()
    waiting = rows.filter(state=Claim.State.OPEN).order_by("due_at", "pk")
    context = {
        "now": now,
        "waiting": [{"row": row, "is_late": row.is_late(now)} for row in waiting],
        "answered": rows.exclude(state=Claim.State.OPEN).order_by("-answered_at")[:SHOWN],
    }
    return render(request, "web/claims.html", context)


@require_GET
@never_cache
@for_roles(Role.AUDITOR)
def claim(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one objection with everything on record about the look."""
    return _page(request, get_object_or_404(_visible(scope), pk=pk), AnswerForm())


@require_POST
@never_cache
@for_roles(Role.AUDITOR)
def answer(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Answer an objection, once and for good."""
    row, form = get_object_or_404(_visible(scope), pk=pk), AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    is_upheld, told = form.cleaned_data["verdict"] == UPHELD, form.cleaned_data["answer"]
    try:
        claiming.answer(row, told, is_upheld=is_upheld, by=actor_of(request), now=timezone.now())
    except claiming.OwnLook:
        form.add_error(None, _("It was your own look: somebody else has to answer."))
        return _page(request, row, form, status=403)
    except StateConflict:
        messages.warning(request, _("Somebody has answered it meanwhile."))
        return redirect("web:claim", pk)
    messages.success(request, _("Answered; the resident sees it."))
    return redirect("web:claims")


def _visible(scope: Scope) -> QuerySet[Claim]:
    return Claim.objects.visible_to(scope).select_related(
        "record", "report__case", "guardianship", "key"
    )


def _page(request: HttpRequest, row: Claim, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    look, now = row.record, timezone.now()
    context: dict[str, Any] = {
        "claim": row,
        "words": claiming.words(row),
        "look": look,
        "form": form,
        "now": now,
        "is_late": row.is_late(now),
        "is_open": row.state == Claim.State.OPEN,
    }
    if look is not None:
        offices = office_names([(look.post or {}).get("office", "")])
        context |= {
            "post": post_name(look, offices),
            "fields": what_words(row.whose, look),
            "why": why(row.whose, look),
            "is_own": look.actor == actor_of(request),
        }
    return render(request, "web/claim.html", context, status=status)
