"""Zones: see them, import them with a preview, try them on yesterday, then save."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import shapely
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from zhizhi.engine import zoning
from zhizhi.engine.models import Zone
from zhizhi.engine.zoning import ZoneDraft
from zhizhi.trust.scoping import Scope
from zhizhi.web import forms
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.forms import ZoneForm
from zhizhi.web.places import areas_url, bounds_of
from zhizhi.web.trial import try_zones


@require_GET
@for_roles(Role.ADMINISTRATOR)
def zones(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the zones in force and offer to import some; ``?edit=key`` redraws one."""
    edited = zoning.current().filter(key=request.GET.get("edit", "")).first()
    start = forms.initial(edited) if edited else {"crs": "WGS84"}
    return _page(request, scope, ZoneForm(initial=start), edited=edited)


@require_POST
@for_roles(Role.ADMINISTRATOR)
def import_zones(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Preview zones with a dry run on yesterday, or save them as the next versions."""
    form, now = ZoneForm(request.POST, request.FILES, bounds=bounds_of(scope)), timezone.now()
    if not form.is_valid():
        edited = zoning.current().filter(key=request.POST.get("key", "")).first()
        return _page(request, scope, form, edited=edited, status=400)
    drafts = form.drafts()
    if "save" not in request.POST:
        return _page(request, scope, form, preview=_preview(form, drafts, now=now))
    saved = zoning.save(drafts, by=actor_of(request), now=now)
    said = ngettext("{n} zone is in force.", "{n} zones are in force.", len(saved))
    names = _(", ").join(f"{zone.name} ({zone.version})" for zone in saved)
    messages.success(request, f"{said.format(n=len(saved))} {names}")
    return redirect("web:zones")


@require_POST
@for_roles(Role.ADMINISTRATOR)
def retire(request: HttpRequest, scope: Scope, key: str) -> HttpResponse:
    """Take a zone out of force; its versions stay for the alerts they explain."""
    zone = get_object_or_404(zoning.current(), key=key)
    zoning.retire(zone, by=actor_of(request), now=timezone.now())
    messages.success(request, _("{name} is out of force.").format(name=zone.name))
    return redirect("web:zones")


def _preview(form: ZoneForm, drafts: Sequence[ZoneDraft], *, now: datetime) -> dict[str, Any]:
    return {
        "drafts": drafts,
        "geometry": _drawn(drafts),
        "seen": forms.seen_versions(drafts),
        "seasons": forms.seasons_text(form.cleaned_data["seasons"]),
        "tried": try_zones(drafts, now=now),
    }


def _page(
    request: HttpRequest,
    scope: Scope,
    form: ZoneForm,
    *,
    edited: Zone | None = None,
    preview: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "zones": zoning.current(),
        "form": form,
        "edited": edited,
        "preview": preview,
        "bounds": json.dumps(bounds_of(scope)),
        "areas_url": areas_url(),
    }
    return render(request, "web/zones.html", context, status=status)


def _drawn(drafts: Sequence[ZoneDraft]) -> dict[str, Any]:
    shapes = [shapely.from_wkb(draft.boundary) for draft in drafts]
    features = [
        {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(shape))}
        for shape in shapes
    ]
    bounds = [float(side) for side in shapely.total_bounds(shapes)]
    return {"type": "FeatureCollection", "bbox": bounds, "features": features}
