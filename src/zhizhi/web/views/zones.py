"""Zones: see them, import them with a preview, try them on yesterday, then save."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import shapely
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from zhizhi.engine import zoning
from zhizhi.engine.models import Zone
from zhizhi.engine.states import StateConflict
from zhizhi.engine.zoning import ZoneDraft
from zhizhi.trust.scoping import Scope
from zhizhi.web import forms, trial_seal
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.failures import conflict_facts
from zhizhi.web.forms import ZoneForm
from zhizhi.web.places import areas_url, bounds_of
from zhizhi.web.trial import try_zones
from zhizhi.web.zone_facts import collection, seasons_said


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
    drafts, by = form.drafts(), actor_of(request)
    was_shown = trial_seal.was_shown(request.POST.get("tried", ""), drafts, by=by)
    if "save" not in request.POST or not was_shown:
        return _page(request, scope, form, preview=_preview(form, drafts, by=by, now=now))
    try:
        saved = zoning.save(drafts, by=by, now=now)
    except StateConflict as conflict:
        return _page(request, scope, form, conflict=conflict_facts(conflict), status=409)
    said = ngettext("{n} zone is in force.", "{n} zones are in force.", len(saved))
    names = _(", ").join(f"{zone.name} ({zone.version})" for zone in saved)
    messages.success(request, f"{said.format(n=len(saved))} {names}")
    return redirect("web:zones")


@require_POST
@for_roles(Role.ADMINISTRATOR)
def retire(request: HttpRequest, scope: Scope, key: str) -> HttpResponse:
    """Take a zone out of force; its versions stay for the alerts they explain."""
    zone = zoning.standing(key)
    in_force = zoning.current().filter(key=key).first()
    if zone is None:
        raise Http404
    if "planned" in request.POST and zone.is_planned:
        zoning.retire(zone, by=actor_of(request), now=timezone.now())
        said = _("Version {number} of {name} will not come into force.")
        messages.success(request, said.format(number=zone.version, name=zone.name))
        return redirect("web:zone", key)
    zoning.retire(in_force or zone, by=actor_of(request), now=timezone.now())
    messages.success(request, _("{name} is out of force.").format(name=zone.name))
    return redirect("web:zones")


def _preview(
    form: ZoneForm, drafts: Sequence[ZoneDraft], *, by: str, now: datetime
) -> dict[str, Any]:
    return {
        "proof": trial_seal.seal(drafts, by=by),
        "drafts": drafts,
        "geometry": collection(shapely.from_wkb(draft.boundary) for draft in drafts),
        "seen": forms.seen_versions(drafts),
        "seasons": forms.seasons_text(form.cleaned_data["seasons"]),
        "seasons_said": seasons_said(form.cleaned_data["seasons"]),
        "tried": try_zones(drafts, now=now),
    }


def _page(
    request: HttpRequest, scope: Scope, form: ZoneForm, *, status: int = 200, **shown: Any
) -> HttpResponse:
    """Show the zones; ``shown`` is what else there is: edited, preview, conflict."""
    context = {
        "zones": zoning.current(),
        "planned": Zone.objects.filter(is_planned=True).order_by("key"),
        "form": form,
        "bounds": json.dumps(bounds_of(scope)),
        "areas_url": areas_url(),
        **shown,
    }
    return render(request, "web/zones.html", context, status=status)
