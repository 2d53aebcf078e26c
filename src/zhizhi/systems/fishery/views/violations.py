"""The list of violation records, one record with its reviews, and its transfer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zhizhi.engine.states import StateConflict
from zhizhi.systems.fishery import exporting, reviewing, sharing
from zhizhi.systems.fishery.forms import ReviewForm, zone_names
from zhizhi.systems.fishery.models import Violation, ViolationReview
from zhizhi.systems.fishery.views import access
from zhizhi.systems.fishery.views.agency import agency_rows
from zhizhi.systems.fishery.views.frame import show
from zhizhi.trust.scoping import Scope
from zhizhi.web.exporting import files
from zhizhi.web.words import actor_name

PAGE = 50


def refusal_text(refused: reviewing.ReviewRefused) -> str:
    """Return what a refused review is told."""
    return {
        "photographer": _("You took a photo of this record, so somebody else must review it."),
        "handler": _("You or your unit handled this case, so somebody else must review it."),
        "second-review": _("You made the other review; the second belongs to somebody else."),
        "unprepared": _("Hide the bystanders in every photo, or state that there are none, first."),
        "no-photo": _("The record has no sealed photo; it can only be rejected."),
        "damaged": _("A sealed photo is missing or was changed; the record can only be rejected."),
    }[refused.code]


@login_required
@require_safe
def violation_list(request: HttpRequest) -> HttpResponse:
    """Show the records that the viewer may see, those that wait for somebody first."""
    scope = access.scope_for(request, *access.READERS)
    rows = Violation.objects.visible_to(scope).select_related("case", "stay")
    state = request.GET.get("state", "")
    if state in Violation.State.values:
        rows = rows.filter(state=state)
    page = Paginator(rows.order_by("-recorded_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "states": Violation.State.choices, "state": state}
    return show(request, "fishery/violations.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Send the list as CSV or as a workbook, all pages of it."""
    scope = access.scope_for(request, *access.READERS)
    state = request.GET.get("state", "")
    listing = exporting.violation_listing(
        scope, state if state in Violation.State.values else "", zone_names()
    )
    return files.send(request, listing, "xlsx" if request.GET.get("format") == "xlsx" else "csv")


@login_required
@require_safe
def violation_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one record: photos, device clock, reviews, and what the viewer may do next."""
    scope = access.scope_for(request, *access.READERS)
    violation = _record(scope, pk)
    return show(request, "fishery/violation.html", _context(request, scope, violation))


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the technical or the legal review."""
    form = ReviewForm(request.POST)
    role = access.REVIEWERS.get(request.POST.get("step", ""))
    scope = access.scope_for(request, *([role] if role else access.REVIEWERS.values()))
    violation = _record(scope, pk)
    if not form.is_valid():
        wide = access.scope_for(request, *access.READERS)
        context = {**_context(request, wide, violation), "review_form": form}
        return show(request, "fishery/violation.html", context, status=422)
    try:
        reviewing.review(
            violation,
            step=form.cleaned_data["step"],
            is_accepted=form.cleaned_data["decision"] == "accept",
            note=form.cleaned_data["note"],
            by=access.actor_of(request),
            now=timezone.now(),
        )
    except reviewing.ReviewRefused as refused:
        messages.error(request, refusal_text(refused))
    except StateConflict:
        return conflict(request, violation)
    return redirect("fishery:violation", pk=pk)


@login_required
@require_POST
def transfer(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the reviewed record to the fishery, the police and the procuratorate."""
    violation = _record(access.scope_for(request, *access.SENDERS), pk)
    try:
        sharing.transfer(violation, by=access.actor_of(request), now=timezone.now())
    except StateConflict:
        return conflict(request, violation)
    messages.success(request, _("The agencies have their tasks."))
    return redirect("fishery:violation", pk=pk)


def conflict(request: HttpRequest, violation: Violation) -> HttpResponse:
    """Say who was faster."""
    violation.refresh_from_db(from_queryset=Violation.objects.visible_to(_readers(request)))
    last = violation.reviews.last()
    who = actor_name(last.by) if last else ""
    context = {"violation": violation, "review": last, "who": who}
    return show(request, "fishery/conflict.html", context, status=409)


def _readers(request: HttpRequest) -> Scope:
    return access.scope_for(request, *access.READERS)


def _record(scope: Scope, pk: int) -> Violation:
    """Return one record that ``scope`` may see, or answer 404."""
    rows = Violation.objects.visible_to(scope).select_related("case", "stay", "feedback__task")
    return get_object_or_404(rows, pk=pk)


def _context(request: HttpRequest, scope: Scope, violation: Violation) -> dict[str, Any]:
    """Return what the record page shows."""
    step = _open_step(violation)
    mine = step if step and scope.has(access.REVIEWERS[step]) else ""
    refused = ""
    if mine:
        try:
            reviewing.check_reviewer(violation, by=access.actor_of(request))
        except reviewing.ReviewRefused as why:
            refused = refusal_text(why)
    return {
        "violation": violation,
        "photos": violation.photos.select_related("evidence"),
        "reviews": [(review, actor_name(review.by)) for review in violation.reviews.all()],
        "tasks": agency_rows(
            violation.case.tasks.filter(kind__in=sharing.Kind.values).select_related("agency")
        ),
        "step": step,
        "review_form": ReviewForm(initial={"step": mine}) if mine and not refused else None,
        "refused": refused,
        "may_mask": scope.has(*access.MASKERS) and violation.state == Violation.State.RECORDED,
        "may_transfer": (
            scope.has(*access.SENDERS) and violation.state == Violation.State.LEGALLY_REVIEWED
        ),
    }


def _open_step(violation: Violation) -> str:
    """Return the review that ``violation`` waits for."""
    starts = {start: str(step) for step, (start, _end) in ViolationReview.PASSAGE.items()}
    return starts.get(violation.state, "")
