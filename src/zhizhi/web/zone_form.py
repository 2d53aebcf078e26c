"""The form of one zone: its shape, drawn or typed, and everything that a rule asks of it."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from shapely.geometry.base import BaseGeometry

from zhizhi.engine import settings_in_force, zoning
from zhizhi.engine.local_time import midnight
from zhizhi.engine.models import Zone
from zhizhi.engine.system import SystemConfig, systems
from zhizhi.kernel.shapes import Bounds
from zhizhi.web import corner_text
from zhizhi.web.corner_text import CornersUnreadable
from zhizhi.web.forms import (
    MOST_BYTES,
    asked_seasons,
    fresh_key,
    offer_systems,
    reason_field,
    seasons_text,
    sound_shapes,
)
from zhizhi.web.setting_facts import plain, written

DECIMALS = 7  # of a degree: a centimetre, as the typed corners have them
A_CENTIMETRE = 1.01e-7


def kinds() -> dict[str, SystemConfig]:
    """Return the kinds of zones, each with the system whose rules watch it."""
    return {kind: system for system in systems() for kind in system.zone_kinds}


def kind_name(kind: str) -> str:
    """Return a kind of zones in words."""
    system = kinds().get(kind)
    return str(system.zone_kinds[kind]) if system else kind


def limit_name(kind: str) -> str:
    """Return the parameter of a zone that stands for its own limit; empty where it has none."""
    system = kinds().get(kind)
    return system.zone_limit.partition(".")[2] if system else ""


class DrawnZoneForm(forms.Form):
    """A new zone, or the next version of ``base``."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    tried = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=80,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As people call the place: it stands in alerts and messages."),
        error_messages={"required": gettext_lazy("Give the zone a name.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        help_text=gettext_lazy("It decides which rules watch the zone."),
    )
    shape = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        label=gettext_lazy("Corners"),
        help_text=gettext_lazy(
            "Longitude and latitude, one corner a line. An empty line begins another part; a line "
            "“hole” makes what follows a hole. GeoJSON can be pasted instead."
        ),
        error_messages={"required": gettext_lazy("Draw the zone on the map, or type its corners.")},
    )
    crs = forms.ChoiceField(
        label=gettext_lazy("Coordinate system of the corners"),
        help_text=gettext_lazy("What is drawn on the map is in WGS 84."),
    )
    limit = forms.FloatField(required=False, label=gettext_lazy("Limit of this zone"))
    seasons = forms.CharField(
        required=False,
        label=gettext_lazy("Seasons"),
        help_text=gettext_lazy(
            "First and last day as MM-DD, several with commas: 03-01 to 06-30, 11-15 to 02-15. One "
            "may run over new year. Empty: the whole year."
        ),
    )
    valid_from = forms.DateField(
        required=False,
        label=gettext_lazy("Valid from"),
        help_text=gettext_lazy(
            "Empty: at once. Otherwise from the beginning of that day; until then the version "
            "before stays in force."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Write a day as 2026-03-01.")},
    )
    reason = reason_field()

    def __init__(
        self,
        *arguments: Any,
        base: Zone | None = None,
        bounds: Bounds | None = None,
        today: date | None = None,
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        self.base, self.bounds, self.today = base, bounds, today or timezone.localdate()
        offer_systems(self.fields["crs"])
        offered: Any = self.fields["kind"]
        offered.choices = [(kind, kind_name(kind)) for kind in kinds()]
        self.fields["limit"].help_text = self._limit_help()

    def _limit_help(self) -> str:
        system = next((one for one in systems() if one.zone_limit), None)
        if system is None:
            return ""
        declared = settings_in_force.declaration(system.zone_limit)
        now = written(declared, settings_in_force.value(declared.key))
        return _("In {unit}. Empty: the setting in force, {value}.").format(
            unit=declared.unit, value=now
        )

    def clean_shape(self) -> BaseGeometry:
        """Read and check the corners; every problem is named with its line or its place."""
        text: str = self.cleaned_data["shape"].strip()
        if len(text.encode()) > MOST_BYTES:
            raise ValidationError(_("The shape is larger than 8 MB: simplify it."))
        if not text.startswith(("{", "[")):
            try:
                text = json.dumps(corner_text.read(self.cleaned_data["shape"]))
            except CornersUnreadable as refused:
                raise ValidationError(_said(refused)) from refused
        read = sound_shapes(text, self.data.get("crs") or "WGS84", self.bounds)
        whole = shapely.union_all([shapely.from_wkb(shape.boundary) for shape in read])
        whole = shapely.transform(whole, lambda corners: np.round(corners, DECIMALS))
        if not whole.is_valid:
            raise ValidationError(_("Two corners lie closer than a centimetre: remove one."))
        return shapely.remove_repeated_points(whole)

    def clean_seasons(self) -> list[list[str]]:
        return asked_seasons(self.cleaned_data["seasons"])

    def clean_limit(self) -> float | int | None:
        asked: float | None = self.cleaned_data["limit"]
        system = kinds().get(self.data.get("kind", ""))
        known = self.base.parameters.get(limit_name(self.base.kind)) if self.base else None
        if asked is None or system is None or asked == known:
            return known if asked == known else asked
        declared = settings_in_force.declaration(system.zone_limit)
        low, high = declared.minimum, declared.maximum
        if not ((low is None or low <= asked) and (high is None or asked <= high)):
            said = _("Write a number from {low} to {high}, or leave it empty.")
            raise ValidationError(said.format(low=plain(low), high=plain(high)))
        return int(asked) if asked.is_integer() else asked

    def clean_valid_from(self) -> datetime | None:
        asked: date | None = self.cleaned_data["valid_from"]
        if asked is None or asked == self.today:
            return None
        if asked < self.today:
            raise ValidationError(_("Choose today or a later day: what was, stays as it was."))
        return midnight(asked)

    def clean(self) -> dict[str, Any]:
        """Refuse a version that would be as the one before."""
        data: dict[str, Any] = super().clean() or {}
        if self.base is not None and not self.errors and self._is_same(self.base):
            raise ValidationError(_("Nothing differs from the version in force."))
        return data

    def _is_same(self, base: Zone) -> bool:
        draft = self.draft()
        return base.is_current and (
            (draft.name, draft.kind, draft.boundary) == (base.name, base.kind, bytes(base.boundary))
            and [*map(list, draft.seasons)] == [*map(list, base.seasons)]
            and dict(draft.parameters) == dict(base.parameters)
            and draft.valid_from is None
        )

    def draft(self) -> zoning.ZoneDraft:
        """Return the zone as it would be saved; what is not asked for stays as it was."""
        data, base = self.cleaned_data, self.base
        parameters = dict(base.parameters) if base else {}
        name = limit_name(data["kind"])
        parameters.pop(name, None)
        if name and data["limit"] is not None:
            parameters[name] = data["limit"]
        return zoning.ZoneDraft(
            key=base.key if base else fresh_key(data["name"]),
            kind=data["kind"],
            name=data["name"],
            boundary=self._boundary(),
            seasons=data["seasons"],
            parameters=parameters,
            area_path=base.area_path if base else "",
            based_on=data["seen"],
            valid_from=data["valid_from"],
            reason=data["reason"],
        )

    def _boundary(self) -> bytes:
        """Return the drawn border; that of the version before where it was left as it is."""
        drawn = self.cleaned_data["shape"]
        before = bytes(self.base.boundary) if self.base else b""
        if before and shapely.equals_exact(
            drawn, shapely.from_wkb(before), A_CENTIMETRE, normalize=True
        ):
            return before
        return bytes(shapely.to_wkb(drawn))

    def shown_again(self, **told: Any) -> DrawnZoneForm:
        """Return the form as it is shown after the preview: corners in WGS 84, and ``told``."""
        data: dict[str, Any] = dict(self.data.items())
        data["shape"], data["crs"] = corner_text.write(self.cleaned_data["shape"]), "WGS84"
        data |= told
        again = DrawnZoneForm(data, base=self.base, bounds=self.bounds, today=self.today)
        again.is_valid()
        return again


def beginning(zone: Zone | None, *, seen: int) -> dict[str, Any]:
    """Return what the form begins with: a version of a zone, or nothing."""
    if zone is None:
        return {"crs": "WGS84", "seen": seen}
    return {
        "seen": seen,
        "name": zone.name,
        "kind": zone.kind,
        "shape": corner_text.write(shapely.from_wkb(bytes(zone.boundary))),
        "crs": "WGS84",
        "limit": plain(zone.parameters.get(limit_name(zone.kind))),
        "seasons": seasons_text(zone.seasons),
    }


def _said(refused: CornersUnreadable) -> str:
    problems = {
        "numbers": _("Line {line} is not a corner: write longitude and latitude, 107.4, 29.7."),
        "few": _("The ring that begins in line {line} needs at least three corners."),
        "hole": _("The hole in line {line} has no outline before it."),
    }
    return problems[refused.problem].format(line=refused.line)
