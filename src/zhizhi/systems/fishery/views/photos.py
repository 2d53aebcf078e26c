"""The photos of a violation: the working copy for all, the original for whoever hides faces."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BaseFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhizhi.engine.states import StateConflict
from zhizhi.engine.timeline import leave
from zhizhi.systems.fishery import masking
from zhizhi.systems.fishery.forms import NobodyForm, RegionForm, RegionForms
from zhizhi.systems.fishery.models import Violation, ViolationPhoto
from zhizhi.systems.fishery.views import access
from zhizhi.systems.fishery.views.frame import show
from zhizhi.systems.fishery.views.violations import conflict
from zhizhi.trust import evidence
from zhizhi.trust.audit import Leaf
from zhizhi.trust.pictures import PictureRefused
from zhizhi.trust.scoping import Scope


def _photo(scope: Scope, pk: int, photo: int) -> ViolationPhoto:
    """Return one photo of a record that ``scope`` may see, or answer 404."""
    violation = get_object_or_404(Violation.objects.visible_to(scope), pk=pk)
    return get_object_or_404(violation.photos.select_related("evidence", "violation"), pk=photo)


def _picture(content: bytes, media_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = "inline"
    return response


def _refusal_text(refused: PictureRefused) -> str:
    if refused.code == "outside":
        return _("A marked region lies outside the picture.")
    return _("The picture cannot be redrawn.")


@login_required
@require_safe
def working_copy(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """Serve the picture in which bystanders are unrecognisable; 404 before it was made."""
    found = _photo(access.scope_for(request, *access.READERS), pk, photo)
    if found.masked_at is None:
        raise Http404
    try:
        return _picture(evidence.working_copy(found.evidence), "image/jpeg")
    except evidence.EvidenceDamaged as damage:
        raise Http404 from damage


@login_required
@require_safe
def original(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """Serve the sealed original to those who hide bystanders; each look is in the audit chain."""
    found = _photo(access.scope_for(request, *access.MASKERS), pk, photo)
    try:
        content = evidence.original(found.evidence)
    except evidence.EvidenceDamaged as damage:
        raise Http404 from damage
    case = found.violation.case
    leave(
        Leaf(
            access.actor_of(request),
            "evidence.open",
            f"case:{case.pk}",
            timezone.now(),
            case.area_path,
            {"evidence": found.evidence_id},
        )
    )
    return _picture(content, found.evidence.media_type)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hide_bystanders(request: HttpRequest, pk: int, photo: int) -> HttpResponse:
    """Draw rectangles over bystanders, or type them in; the working copy is redrawn from them."""
    found = _photo(access.scope_for(request, *access.MASKERS), pk, photo)
    fields = ("left", "top", "width", "height")
    initial = [dict(zip(fields, region, strict=True)) for region in found.regions]
    rows = RegionForms(request.POST or None, initial=initial, prefix="region")
    nobody = NobodyForm(request.POST or None)
    if request.method == "POST" and rows.is_valid() and nobody.is_valid():
        answer = _mask(request, found, rows, nobody)
        if answer:
            return answer
    context = {
        "photo": found,
        "violation": found.violation,
        "rows": rows,
        "nobody": nobody,
        "is_open": found.violation.state == Violation.State.RECORDED,
    }
    return show(request, "fishery/masking.html", context, status=422 if request.POST else 200)


def _mask(
    request: HttpRequest, photo: ViolationPhoto, rows: BaseFormSet[RegionForm], nobody: NobodyForm
) -> HttpResponse | None:
    """Redraw the working copy and go back to the record; None when a message says what to mend."""
    regions = [region for region in (form.region() for form in rows) if region]
    try:
        masking.mask(
            photo,
            regions,
            shows_nobody=nobody.cleaned_data["shows_nobody"],
            by=access.actor_of(request),
            now=timezone.now(),
        )
    except masking.RegionsUnclear:
        messages.error(
            request,
            _("Mark at least one bystander, or state that the photo shows none (not both)."),
        )
    except PictureRefused as refused:
        messages.error(request, _refusal_text(refused))
    except evidence.EvidenceDamaged:
        messages.error(request, _("The sealed photo is missing or was changed."))
    except StateConflict:
        return conflict(request, photo.violation)
    else:
        return redirect("fishery:violation", pk=photo.violation_id)
    return None
