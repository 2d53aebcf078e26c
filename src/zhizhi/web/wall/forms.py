"""The form that makes a pass, for a screen or for programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.models import Area, WallPass
from zhizhi.trust.scoping import Scope
from zhizhi.web.places import areas_in

KINDS = (Area.Kind.DISTRICT, Area.Kind.TOWN)
LONGEST = timedelta(days=366)  # of a pass for programs


class WallPassForm(forms.Form):
    """Use, name, area and end of a pass; only areas of the own scope may be given away."""

    use = forms.ChoiceField(
        choices=WallPass.Use.choices,
        required=False,
        initial=WallPass.Use.SCREEN,
        label=gettext_lazy("For"),
    )
    name = forms.CharField(
        max_length=80,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy(
            "Where the screen hangs or who reads, for example “Command centre, left”."
        ),
    )
    area = forms.ChoiceField(label=gettext_lazy("Area that it shows"))
    expires_at = forms.DateTimeField(
        required=False,
        label=gettext_lazy("Valid until"),
        help_text=gettext_lazy(
            "Of a wall, empty: until it is withdrawn. Programs: at most a year."
        ),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(
        self, *arguments: Any, scope: Scope, now: datetime | None = None, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self.now = now or timezone.now()
        areas = areas_in(scope).filter(kind__in=KINDS).order_by("path")
        self.areas: dict[str, Area] = {str(area.pk): area for area in areas}
        choice = self.fields["area"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [
                (pk, f"{area.name} ({area.get_kind_display()})") for pk, area in self.areas.items()
            ]

    def clean_use(self) -> str:
        return self.cleaned_data["use"] or WallPass.Use.SCREEN

    def clean_area(self) -> Area:
        return self.areas[self.cleaned_data["area"]]

    def clean_expires_at(self) -> datetime | None:
        end: datetime | None = self.cleaned_data["expires_at"]
        if end is not None and end <= self.now:
            raise ValidationError(_("Choose a moment that is still to come."))
        is_for_programs = self.cleaned_data.get("use") == WallPass.Use.PROGRAMS
        if is_for_programs and (end is None or end > self.now + LONGEST):
            raise ValidationError(_("A pass for programs needs an end within a year."))
        return end
