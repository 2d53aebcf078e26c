"""Zones drawn on the map: tried on yesterday, saved as versions, compared, taken back."""

from __future__ import annotations

import json
from typing import Any

import shapely
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhizhi.engine import zoning
from zhizhi.engine.models import Zone
from zhizhi.engine.states import StateConflict
from zhizhi.trust.scoping import Scope
from zhizhi.web import trial_seal, zone_facts
from zhizhi.web.access import Role, account_of, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.failures import conflict_facts
from zhizhi.web.places import areas_url, bounds_of
from zhizhi.web.trial import try_zones
from zhizhi.web.zone_form import DrawnZoneForm, beginning


@require_safe
@for_roles(Role.ADMINISTRATOR)
def zone_page(request: HttpRequest, scope: Scope, key: str) -> HttpResponse:
    """Show a zone with its versions; ``?version=2`` shows on the map what that one changed."""
    told = zone_facts.versions(key)
    if not told:
        raise Http404
    number = whole_number(request.GET.get("version", ""))
    compared = None if number is None else zone_facts.compared(key, number)
    last = zone_facts.standing_or_last(key)
    shown = next(one for one in told if one["zone"] == last)
    context = {
        "shown": shown,
        "versions": told,
        "compared": compared,
        "shape": zone_facts.collection([zone_facts.shape_of(shown["zone"])]),
        "bounds": json.dumps(bounds_of(scope)),
        "areas_url": areas_url(),
        "is_saved": "saved" in request.GET,
    }
    return render(request, "web/zone.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.ADMINISTRATOR)
def draw(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Draw a new zone, or with ``?zone=key`` the next version of one.

    ``?version=2`` begins with an older version. What is posted is tried on yesterday; it is saved
    only after its dry run was shown, and never over somebody else's version.
    """
    base, start = _asked(request)
    last = zoning.standing(base.key) if base else None
    seen = last.version if last else 0
    if request.method != "POST":
        form = DrawnZoneForm(initial=beginning(start, seen=seen), base=base)
        return _page(request, scope, form, start=start)
    form = DrawnZoneForm(request.POST, base=base, bounds=bounds_of(scope))
    if not form.is_valid():
        return _page(request, scope, form, status=400)
    draft = form.draft()
    if draft.based_on != seen:
        return _overtaken(request, scope, form, last or base)
    was_shown = trial_seal.was_shown(form.cleaned_data["tried"], [draft], by=actor_of(request))
    if "save" not in request.POST or not was_shown:
        return _preview(request, scope, form, draft)
    try:
        [zone] = zoning.save([draft], by=actor_of(request), now=timezone.now())
    except StateConflict as conflict:
        return _overtaken(request, scope, form, conflict.record)
    messages.success(request, _said(zone))
    return redirect(reverse("web:zone", args=[zone.key]) + "?saved=1")


def _said(zone: Zone) -> str:
    name, number = zone.name, zone.version
    if zone.is_planned and zone.valid_from:
        day = f"{timezone.localtime(zone.valid_from):%Y-%m-%d}"
        planned = _("{name}, version {number}, comes into force on {day}.")
        return planned.format(name=name, number=number, day=day)
    return _("{name}, version {number}, is in force.").format(name=name, number=number)


def _asked(request: HttpRequest) -> tuple[Zone | None, Zone | None]:
    """Return the zone that is changed, and the version that the drawing begins with."""
    key, number = request.GET.get("zone", ""), whole_number(request.GET.get("version", ""))
    if not key:
        return None, None
    base = zone_facts.standing_or_last(key)
    if base is None:
        raise Http404
    if number is None:
        return base, base
    return base, Zone.objects.filter(key=key, version=number).first() or base


def _preview(
    request: HttpRequest, scope: Scope, form: DrawnZoneForm, draft: zoning.ZoneDraft
) -> HttpResponse:
    """Show what the draft would find, with the proof that it was shown."""
    proof = trial_seal.seal([draft], by=actor_of(request))
    preview = {
        "tried": try_zones([draft], now=timezone.now()),
        "draft": draft,
        "seasons": zone_facts.seasons_said(draft.seasons),
        "is_other": "save" in request.POST,  # not what was tried before
        **zone_facts.measures(shapely.from_wkb(draft.boundary)),
    }
    if form.base is not None:
        before, after = zone_facts.shape_of(form.base), shapely.from_wkb(draft.boundary)
        preview |= zone_facts.difference(before, after)
    return _page(request, scope, form.shown_again(tried=proof), preview=preview)


def _overtaken(
    request: HttpRequest, scope: Scope, form: DrawnZoneForm, record: Zone | None
) -> HttpResponse:
    """Say who saved meanwhile and keep what was drawn; trying again then builds on theirs."""
    last = zoning.standing(record.key) if record else None
    again = form.shown_again(seen=last.version if last else 0, tried="")
    conflict = conflict_facts(StateConflict("", record=record))
    return _page(request, scope, again, status=409, conflict={**conflict, "zone": record})


def _page(
    request: HttpRequest, scope: Scope, form: DrawnZoneForm, *, status: int = 200, **shown: Any
) -> HttpResponse:
    """Show the drawing; ``shown`` is what else there is: start, preview, conflict."""
    base, start = form.base, shown.pop("start", None)
    context = {
        "form": form,
        "base": base,
        "restored": start if start is not None and start != base else None,
        "draft_key": f"{account_of(request).pk}:{base.key if base else ''}",
        "words": _words(),
        "bounds": json.dumps(bounds_of(scope)),
        "areas_url": areas_url(),
        **shown,
    }
    return render(request, "web/zone_draw.html", context, status=status)


def _words() -> dict[str, Any]:
    """Return what the drawing script says."""
    return {
        "measure": _("{area} km² · {length} km around · {corners} corners"),
        "empty": _("Nothing is drawn yet."),
        "crossing": _("The outline crosses or touches itself at {lon}, {lat}: move a corner."),
        "kept": _("Kept on this device at {at}, not yet saved."),
        "notKept": _("This browser keeps no drafts: save before you leave the page."),
        "removed": _("Corner removed."),
        "corner": _("Corner {number} of {all}: {lon}, {lat}"),
        "noPart": _("A hole must lie whole inside a part: draw it there."),
        "later": _("These corners are shown on the map after the preview."),
        "offline": _("No connection. Your drawing is kept on this device: try again later."),
        "unfinished": _("The outline is not closed yet: close it, or take it back."),
        "problems": {
            "numbers": _("Line {line} is not a corner: write longitude and latitude, 107.4, 29.7."),
            "few": _("The ring that begins in line {line} needs at least three corners."),
            "hole": _("The hole in line {line} has no outline before it."),
        },
        "tools": {
            "move": _("Drag a corner, or drag an edge to make a new corner."),
            "outline": _("Click each corner; the first one again, or Enter, closes the outline."),
            "rectangle": _("Drag from one corner to the opposite one."),
            "circle": _("Click the middle, or drag from it as far as the circle shall reach."),
        },
    }
