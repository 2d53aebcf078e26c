"""The form of the zone page: GeoJSON in a declared coordinate system becomes zone drafts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import shapely
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.engine import zoning
from zhizhi.engine.models import Zone
from zhizhi.kernel.crs import InverseNotAllowed, UnknownCrs
from zhizhi.kernel.seasons import BadSeason, open_days
from zhizhi.kernel.shapes import Bounds, Problem
from zhizhi.kernel.zones import UnreadableShapes, ZoneShape, parse_geojson

KIND = "no_fishing"
FIRST_GRID, FIRST_MERIDIAN, GRIDS = 4534, 75, 21  # CGCS2000, three-degree zones
MOST_BYTES = 8 * 1024 * 1024
PAGES = ("draw", "import")  # what stands below /zones/ beside the zones


def _systems() -> list[tuple[Any, Any]]:
    grids = [
        (f"EPSG:{FIRST_GRID + n}", f"{FIRST_MERIDIAN + 3 * n}°E (EPSG:{FIRST_GRID + n})")
        for n in range(GRIDS)
    ]
    return [
        ("WGS84", gettext_lazy("WGS 84 (GPS, GeoJSON's own)")),
        ("CGCS2000", gettext_lazy("CGCS2000 (national, in degrees)")),
        (gettext_lazy("CGCS2000 Gauss-Krüger, 3-degree zone, central meridian"), grids),
        (
            gettext_lazy("Offset maps (only where the deployer permits it)"),
            [
                ("GCJ-02", gettext_lazy("GCJ-02 (maps on phones in China)")),
                ("BD-09", gettext_lazy("BD-09 (Baidu)")),
            ],
        ),
    ]


def seasons_of(text: str) -> list[list[str]]:
    """Read "03-01 to 06-30, 09-01 to 09-30"; empty means the whole year. Raises BadSeason."""
    parts = re.split("[,，、;；]", text)
    found = [re.split(" to |[~–至]", part) for part in parts]
    seasons = [[day.strip() for day in season] for season in found if "".join(season).strip()]
    open_days(seasons)
    return seasons


def seasons_text(seasons: Sequence[Sequence[str]]) -> str:
    """Write seasons as the form reads them, in the reader's language."""
    told = [_("{first} to {last}").format(first=first, last=last) for first, last in seasons]
    return _(", ").join(told)


def reason_field() -> forms.CharField:
    """Return the field that asks why a zone becomes as it will be."""
    return forms.CharField(
        max_length=300,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy(
            "It stays with the version: for example the notice that draws the border. Names of "
            "persons do not belong here."
        ),
        error_messages={"required": gettext_lazy("Give the reason: others will ask for it.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def offer_systems(field: forms.Field) -> None:
    """Let ``field`` offer the coordinate systems that an import may declare."""
    if isinstance(field, forms.ChoiceField):
        field.choices = _systems()


def asked_seasons(text: str) -> list[list[str]]:
    """Read typed seasons; raises ValidationError with the remedy."""
    try:
        return seasons_of(text)
    except BadSeason as bad:
        message = _("Write each season as two days of the year, for example 03-01 to 06-30.")
        raise ValidationError(message) from bad


def sound_shapes(text: str, crs: str, bounds: Bounds | None) -> list[ZoneShape]:
    """Read GeoJSON whose shapes can be zones; raises ValidationError naming shape and place."""
    shapes = _shapes(text, crs, bounds)
    problems = [_problem(shape, problem) for shape in shapes for problem in shape.problems]
    if not problems and not shapes:
        problems = [_("The file holds no polygon.")]
    if problems:
        raise ValidationError(problems)
    return shapes


def _shapes(text: str, crs: str, bounds: Bounds | None) -> list[ZoneShape]:
    permitted = bool(settings.ALLOW_OFFSET_MAPS)
    try:
        return parse_geojson(text, crs=crs, allow_inverse=permitted, bounds=bounds)
    except UnreadableShapes as unreadable:
        message = _(
            "This is not GeoJSON with polygons: choose a Polygon, MultiPolygon, Feature or "
            "FeatureCollection in UTF-8."
        )
        raise ValidationError(message) from unreadable
    except InverseNotAllowed as refused:
        message = _(
            "Offset coordinates (GCJ-02, BD-09) may be turned back only where the deployer "
            "has permitted it. Ask for the file in CGCS2000 or WGS 84."
        )
        raise ValidationError(message) from refused
    except UnknownCrs as unknown:
        message = _("The file names a coordinate system that is not known here.")
        raise ValidationError(message) from unknown


class ZoneForm(forms.Form):
    """Zones to import, or the one zone (``key``) that is redrawn."""

    key = forms.SlugField(max_length=48, required=False, widget=forms.HiddenInput)
    seen = forms.JSONField(required=False, widget=forms.HiddenInput)  # versions by key, previewed
    file = forms.FileField(required=False, label=gettext_lazy("GeoJSON file"))
    geojson = forms.CharField(
        widget=forms.Textarea, required=False, label=gettext_lazy("or GeoJSON text")
    )
    crs = forms.ChoiceField(label=gettext_lazy("Coordinate system of the file"))
    name = forms.CharField(
        max_length=80,
        required=False,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Empty: each shape keeps the name that the file gives it."),
    )
    seasons = forms.CharField(
        required=False,
        label=gettext_lazy("Seasons"),
        help_text=gettext_lazy(
            "First and last day as MM-DD, for example 03-01 to 06-30; several with commas. "
            "Empty: the whole year."
        ),
    )

    reason = reason_field()

    def __init__(self, *arguments: Any, bounds: Bounds | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.bounds = bounds
        offer_systems(self.fields["crs"])

    def clean_seasons(self) -> list[list[str]]:
        return asked_seasons(self.cleaned_data["seasons"])

    def clean(self) -> dict[str, Any]:
        """Read and check the shapes; every problem is named with its shape and place."""
        data: dict[str, Any] = super().clean() or {}
        shapes = sound_shapes(self._text(data), data.get("crs", "WGS84"), self.bounds)
        unnamed = [shape for shape in shapes if not (data.get("name") or shape.name)]
        if unnamed:
            self.add_error("name", _("Give a name: the file names no zone."))
        data["shapes"] = shapes
        return data

    def _text(self, data: dict[str, Any]) -> str:
        file = data.get("file")
        if file and file.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than 8 MB: simplify or split it."))
        text: str = file.read().decode("utf-8", "replace") if file else data.get("geojson", "")
        if not text.strip():
            raise ValidationError(_("Choose a file or paste GeoJSON."))
        data["geojson"] = text
        return text

    def drafts(self) -> list[zoning.ZoneDraft]:
        """Return the zones that would be saved: one when a zone is redrawn, else one a shape."""
        data = self.cleaned_data
        shapes: list[ZoneShape] = data["shapes"]
        known = {zone.key: zone for zone in zoning.current()}
        if data.get("key") or len(shapes) == 1 or data["name"]:
            whole = shapely.union_all([shapely.from_wkb(shape.boundary) for shape in shapes])
            key = data.get("key") or fresh_key(shapes[0].key or data["name"], known)
            name = data["name"] or shapes[0].name
            return [self._draft(key, name, shapely.to_wkb(whole), known)]
        drafts: dict[str, zoning.ZoneDraft] = {}
        for shape in shapes:
            taken = {**known, **drafts}
            key = shape.key if shape.key in known else fresh_key(shape.key or shape.name, taken)
            drafts[key] = self._draft(key, shape.name, shape.boundary, known)
        return list(drafts.values())

    def _draft(
        self, key: str, name: str, boundary: bytes, known: dict[str, Zone]
    ) -> zoning.ZoneDraft:
        """Keep what the form does not ask for from the version that is replaced."""
        replaced, last = known.get(key), zoning.standing(key)
        seen = self.cleaned_data.get("seen") or {}
        return zoning.ZoneDraft(
            key=key,
            kind=replaced.kind if replaced else KIND,
            name=name,
            boundary=boundary,
            seasons=self.cleaned_data["seasons"],
            parameters=replaced.parameters if replaced else {},
            area_path=replaced.area_path if replaced else "",
            based_on=int(seen.get(key, last.version if last else 0)),
            reason=self.cleaned_data["reason"],
        )


def initial(zone: Zone) -> dict[str, Any]:
    """Return the form's beginning for redrawing ``zone``."""
    last = zoning.standing(zone.key)
    return {
        "key": zone.key,
        "seen": {zone.key: last.version if last else 0},
        "name": zone.name,
        "crs": "WGS84",
        "geojson": shapely.to_geojson(shapely.from_wkb(bytes(zone.boundary))),
        "seasons": seasons_text(zone.seasons),
    }


def seen_versions(drafts: Sequence[zoning.ZoneDraft]) -> str:
    """Write down which versions a preview replaces; a later one is then noticed."""
    return json.dumps({draft.key: draft.based_on for draft in drafts})


def _problem(shape: ZoneShape, problem: Problem) -> str:
    place = "" if problem.lon is None else f" ({problem.lon:.5f}, {problem.lat:.5f})"
    said = _("Shape {number} {name}: {problem}").format(
        number=shape.number + 1,
        name=f"“{shape.name}”" if shape.name else "",
        problem=_(problem.message),
    )
    return said.replace("  ", " ").replace(" :", ":") + place


def fresh_key(wanted: str, taken: Any = ()) -> str:
    """Return a key that no zone ever had: from its name where that is ASCII, else by counting."""
    stem = slugify(wanted)[:40] or "zone"
    used = {
        *taken,
        *PAGES,
        *Zone.objects.filter(key__startswith=stem).values_list("key", flat=True),
    }
    number = 1
    while (key := stem if number == 1 else f"{stem}-{number}") in used:
        number += 1
    return key
