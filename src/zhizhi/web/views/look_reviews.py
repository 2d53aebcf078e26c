"""Reviews of the staff's looks at people: the queue, each verdict, and what the account sees."""

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
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhizhi.directory import granting, look_reviews
from zhizhi.directory.models import LookReview
from zhizhi.engine import lookups
from zhizhi.engine.states import StateConflict
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import EVERYBODY, account_of, for_roles
from zhizhi.web.grant_words import WHY
from zhizhi.web.residents.lookers import PURPOSES

State = LookReview.State
SHOWN = 100  # reviewed ones


class VerdictForm(forms.Form):
    """Whether the looks were needed, in words."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Were these looks needed?"),
        choices=[
            (State.EXPLAINED, gettext_lazy("Yes, or they are explained")),
            (State.HANDED_OVER, gettext_lazy("No: hand over to discipline")),
        ],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=gettext_lazy("What you found; the account reads it"), max_length=granting.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


class AnswerForm(forms.Form):
    """What the account says to the verdict."""

    words = forms.CharField(
        label=gettext_lazy("What you say to it"), max_length=granting.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


@require_safe
@never_cache
@for_roles(*LookReview.WATCHERS)
def reviews(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the reviews of the own area, the most pressing first."""
    rows, now = _watched(request, scope), timezone.now()
    waiting = rows.filter(state=State.OPEN).order_by("due_at", "pk")
    context = {
        "waiting": [{"review": row, "is_late": row.is_late(now)} for row in waiting],
        "done": rows.exclude(state=State.OPEN).order_by("-decided_at", "-pk")[:SHOWN],
    }
    return render(request, "web/look_reviews.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(*LookReview.WATCHERS)
def review(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one review with its explanation and its looks, or decide it once and for good."""
    row = get_object_or_404(_watched(request, scope), pk=pk)
    form = VerdictForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, row, form, status=422 if request.method == "POST" else 200)
    is_explained, found = (
        form.cleaned_data["verdict"] == State.EXPLAINED,
        form.cleaned_data["words"],
    )
    try:
        look_reviews.decide(
            row, found, is_explained=is_explained, by=account_of(request), now=timezone.now()
        )
    except StateConflict:
        messages.warning(request, _("Somebody has reviewed it meanwhile."))
        return redirect("web:look-review", pk)
    messages.success(request, _("Reviewed; the account sees it."))
    return redirect("web:look-reviews")


@require_safe
@never_cache
@for_roles(*EVERYBODY)
def own(request: HttpRequest, _scope: Scope) -> HttpResponse:
    """Show the decided reviews of the own looks, with everything they rest on."""
    return _own_page(request)


@require_POST
@never_cache
@for_roles(*EVERYBODY)
def answer(request: HttpRequest, _scope: Scope, pk: int) -> HttpResponse:
    """Say once what one has to say to the verdict on the own looks."""
    row, form = get_object_or_404(_decided(request), pk=pk), AnswerForm(request.POST)
    if not form.is_valid():
        return _own_page(request, (pk, form), status=422)
    told = form.cleaned_data["words"]
    try:
        look_reviews.answer(row, told, by=account_of(request), now=timezone.now())
    except StateConflict:
        messages.warning(request, _("You have answered it before."))
    else:
        messages.success(request, _("Your answer is kept with the review."))
    return redirect("web:account-looks")


def _watched(request: HttpRequest, scope: Scope) -> QuerySet[LookReview]:
    rows = LookReview.objects.visible_to(scope).exclude(account=account_of(request))
    return rows.select_related("account", "decided_by", "key")


def _decided(request: HttpRequest) -> QuerySet[LookReview]:
    who = account_of(request)
    rows = LookReview.objects.visible_to(Scope(who.pk)).filter(account=who)
    return rows.select_related("account", "key")


def _own_page(
    request: HttpRequest, tried: tuple[int, AnswerForm] | None = None, status: int = 200
) -> HttpResponse:
    told = []
    for row in _decided(request).order_by("-decided_at", "-pk")[:SHOWN]:
        form = tried[1] if tried and tried[0] == row.pk else AnswerForm(auto_id=f"{row}_%s")
        told.append({**_facts(row), "form": form})
    return render(request, "web/account_looks.html", {"reviews": told}, status=status)


def _page(
    request: HttpRequest, row: LookReview, form: VerdictForm, *, status: int = 200
) -> HttpResponse:
    looks = [
        {"look": one.record, "is_linked": one.is_linked,
         "why": WHY.get(one.record.purpose, PURPOSES.get(one.record.purpose, one.record.purpose))}
        for one in lookups.looks_of(row)
    ]  # fmt: skip
    context = {**_facts(row), "looks": looks, "form": form, "now": timezone.now()}
    return render(request, "web/look_review.html", context, status=status)


def _facts(row: LookReview) -> dict[str, Any]:
    """Return what pages show of a review: numbers and moments, never a person."""
    days = row.evidence.get("days", [])
    return {
        "review": row,
        "words": look_reviews.words(row),
        "days": days,
        "last": days[-1] if days else None,
        "drawn": None if days else row.evidence,
        "is_open": row.state == State.OPEN,
    }
