"""Zones: see them, import them with a preview, try them on yesterday, then save."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import shapely
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from zhizhi.engine import zoning
from zhizhi.engine.models import Zone
from zhizhi.engine.system import systems
from zhizhi.engine.track import backtest
from zhizhi.kernel.seasons import BadSeason, open_days
from zhizhi.kernel.zones import UnreadableShapes, parse_geojson
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.places import areas_url, bounds_of

DAY = timedelta(days=1)
SYSTEMS = (
    ("WGS84", gettext_lazy("WGS 84 (GPS, GeoJSON's own)")),
    ("CGCS2000", gettext_lazy("CGCS2000 (national, in degrees)")),
    ("GCJ-02", gettext_lazy("GCJ-02 (maps on phones in China)")),
    ("BD-09", gettext_lazy("BD-09 (Baidu)")),
)


class ZoneForm(forms.Form):
    """One zone: its shape as GeoJSON text or file, its name and its seasons."""

    key = forms.SlugField(max_length=48, required=False, widget=forms.HiddenInput)
    based_on = forms.IntegerField(required=False, initial=0, widget=forms.HiddenInput)
    name = forms.CharField(max_length=80, label=gettext_lazy("Name"))
    crs = forms.ChoiceField(choices=SYSTEMS, label=gettext_lazy("Coordinate system of the file"))
    file = forms.FileField(required=False, label=gettext_lazy("GeoJSON file"))
    geojson = forms.CharField(
        widget=forms.Textarea, required=False, label=gettext_lazy("or GeoJSON text")
    )
    seasons = forms.CharField(
        required=False,
        label=gettext_lazy("Seasons"),
        help_text=gettext_lazy("First and last day as MM-DD, for example 03-01 to 06-30."),
    )

    def clean_seasons(self) -> list[list[str]]:
        """Read "03-01 to 06-30, 09-01 to 09-30"; empty means the whole year."""
        parts = self.cleaned_data["seasons"].replace("，", ",").split(",")
        found = [part.replace("~", " to ").replace("至", " to ").split(" to ") for part in parts]
        seasons = [[day.strip() for day in season] for season in found if season != [""]]
        try:
            open_days(seasons)
        except BadSeason as bad:
            raise ValidationError(str(bad)) from bad
        return seasons

    def clean(self) -> dict[str, Any]:
        """Read and check the shape; every problem is named."""
        data: dict[str, Any] = super().clean() or {}
        file = data.get("file")
        text = file.read().decode("utf-8", "replace") if file else data.get("geojson", "")
        if not text.strip():
            raise ValidationError(_("Choose a file or paste GeoJSON."))
        try:
            shapes = parse_geojson(text, crs=data.get("crs", "WGS84"), allow_inverse=True)
        except UnreadableShapes as unreadable:
            raise ValidationError(str(unreadable)) from unreadable
        problems = [problem.message for shape in shapes for problem in shape.problems]
        if problems or not shapes:
            raise ValidationError(problems or [_("The file holds no polygon.")])
        data["shape"] = shapely.union_all([shapely.from_wkb(shape.boundary) for shape in shapes])
        data["geojson"] = text
        return data

    def draft(self) -> zoning.ZoneDraft:
        """Return the zone that would be saved."""
        data = self.cleaned_data
        return zoning.ZoneDraft(
            key=data.get("key") or _fresh_key(data["name"]),
            kind="no_fishing",
            name=data["name"],
            boundary=shapely.to_wkb(data["shape"]),
            seasons=data["seasons"],
            based_on=data.get("based_on") or 0,
        )


@require_GET
@for_roles(Role.ADMINISTRATOR)
def zones(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the zones in force and offer to import one; ``?edit=key`` starts from a zone."""
    edited = Zone.objects.filter(key=request.GET.get("edit", ""), is_current=True).first()
    return _page(request, scope, ZoneForm(initial=_initial(edited) if edited else None))


@require_POST
@for_roles(Role.ADMINISTRATOR)
def import_zone(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Preview a zone with a dry run on yesterday, or save it as the next version."""
    form, now = ZoneForm(request.POST, request.FILES), timezone.now()
    if not form.is_valid():
        return _page(request, scope, form, status=400)
    draft = form.draft()
    if "save" in request.POST:
        [zone] = zoning.save([draft], by=actor_of(request), now=now)
        said = _("{name} is in force as version {version}.")
        messages.success(request, said.format(name=zone.name, version=zone.version))
        return redirect("web:zones")
    preview = {
        "draft": draft,
        "geometry": _drawn(draft),
        "text": form.cleaned_data["geojson"],
        "seasons": ", ".join(" to ".join(season) for season in draft.seasons),
        "tried": list(dry_run(draft, now=now)),
    }
    return _page(request, scope, form, preview=preview)


def dry_run(draft: zoning.ZoneDraft, *, now: datetime) -> list[dict[str, Any]]:
    """Return, for each rule, what yesterday's journal gives before and with the draft."""
    before, after = zoning.reference(zoning.current()), zoning.with_drafts([draft])
    rows = []
    for detector in (d for system in systems() for d in system.detectors()):
        found = []
        for reference in (before, after):
            table = backtest(detector, reference, since=now - DAY, until=now)
            kinds = table.column("kind").to_pylist()
            zones = table.column("zone").to_pylist()
            told = [zone for kind, zone in zip(kinds, zones, strict=True) if kind == "dwell"]
            found.append((len(told), told.count(draft.key)))
        rows.append(
            {
                "rule": detector.code,
                "before": found[0][0],
                "after": found[1][0],
                "here": found[1][1],
            }
        )
    return rows


def _page(
    request: HttpRequest,
    scope: Scope,
    form: ZoneForm,
    *,
    preview: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "zones": zoning.current(),
        "form": form,
        "preview": preview,
        "bounds": json.dumps(bounds_of(scope)),
        "areas_url": areas_url(),
    }
    return render(request, "web/zones.html", context, status=status)


def _initial(zone: Zone) -> dict[str, Any]:
    shape = shapely.from_wkb(bytes(zone.boundary))
    return {
        "key": zone.key,
        "based_on": zone.version,
        "name": zone.name,
        "crs": "WGS84",
        "geojson": shapely.to_geojson(shape),
        "seasons": ", ".join(" to ".join(season) for season in zone.seasons),
    }


def _drawn(draft: zoning.ZoneDraft) -> dict[str, Any]:
    shape = shapely.from_wkb(bytes(draft.boundary))
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": json.loads(shapely.to_geojson(shape)),
    }
    return {"type": "FeatureCollection", "bbox": list(shape.bounds), "features": [feature]}


def _fresh_key(name: str) -> str:
    """Return a key for a new zone: from its name where that is ASCII, else by counting."""
    stem = slugify(name)[:40] or "zone"
    taken = set(Zone.objects.filter(key__startswith=stem).values_list("key", flat=True))
    number = 1
    while (key := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return key
