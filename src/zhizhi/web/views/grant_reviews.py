"""Emergencies afterwards: the auditor's queue of looks without a second person, and each review."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from zhizhi.directory import granting
from zhizhi.directory.granting import NotSecond
from zhizhi.directory.models import AccessGrant
from zhizhi.engine.states import StateConflict
from zhizhi.trust.models import AccessRecord
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, account_of, for_roles
from zhizhi.web.grant_words import DENIED, grant_facts

SHOWN = 100  # reviewed ones


class ReviewForm(forms.Form):
    """Whether it was an emergency, in words."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Was it an emergency?"),
        choices=[
            ("justified", gettext_lazy("Yes: nobody could wait for a second person")),
            ("unjustified", gettext_lazy("No: the look should not have been")),
        ],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=gettext_lazy("What you found"), max_length=granting.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


@require_safe
@never_cache
@for_roles(Role.AUDITOR)
def reviews(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the emergencies of the own area, the most pressing first."""
    rows, now = _emergencies(scope), timezone.now()
    waiting = rows.filter(review=AccessGrant.Review.PENDING).order_by("review_due_at", "pk")
    done = rows.exclude(review=AccessGrant.Review.PENDING).order_by("-reviewed_at")[:SHOWN]
    context = {
        "waiting": [grant_facts(row, now) for row in waiting],
        "done": [grant_facts(row, now) for row in done],
    }
    return render(request, "web/grant_reviews.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(Role.AUDITOR)
def review(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one emergency, or review it once and for good."""
    row = get_object_or_404(_emergencies(scope), pk=pk)
    form = ReviewForm(request.POST or None)
    if request.method != "POST":
        return _page(request, row, form)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    is_justified, found = form.cleaned_data["verdict"] == "justified", form.cleaned_data["words"]
    try:
        granting.review(
            row, found, is_justified=is_justified, by=account_of(request), now=timezone.now()
        )
    except NotSecond as denied:
        form.add_error(None, str(DENIED[denied.code]))
        return _page(request, row, form, status=403)
    except StateConflict:
        messages.warning(request, _("Somebody has reviewed it meanwhile."))
        return redirect("web:grant-review", pk)
    messages.success(request, _("Reviewed."))
    return redirect("web:grant-reviews")


def _emergencies(scope: Scope) -> QuerySet[AccessGrant]:
    rows = AccessGrant.objects.visible_to(scope).filter(is_emergency=True)
    return rows.select_related("asked_by", "reviewed_by", "key")


def _page(
    request: HttpRequest, row: AccessGrant, form: ReviewForm, *, status: int = 200
) -> HttpResponse:
    looks = AccessRecord.objects.filter(grant=row.pk).order_by("pk")
    context = {
        **grant_facts(row, timezone.now()),
        "words": granting.words(row),
        "looks": looks,
        "form": form,
        "is_open": row.review == AccessGrant.Review.PENDING,
        "is_own": row.asked_by_id == account_of(request).pk,
    }
    return render(request, "web/grant_review.html", context, status=status)
