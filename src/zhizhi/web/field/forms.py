"""The forms of the unit's phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.models import Area, Unit
from zhizhi.engine.models import Feedback
from zhizhi.web.words import OUTCOMES, UNDER_WAY

LATE = timedelta(minutes=1)  # what arrives sooner after it was told is no news


class DraftForm(forms.Form):
    """What every draft of a phone carries: its own name, and when it was written and sent.

    Both clocks are the phone's, so their difference holds however wrong the phone's clock is.
    """

    key = forms.CharField(required=False, max_length=64)
    device_at = forms.CharField(required=False, max_length=40)
    sent_at = forms.CharField(required=False, max_length=40)

    def clean_device_at(self) -> datetime | None:
        """Read the phone's clock; one that says nothing useful is no reason to lose a report."""
        return _moment(self.cleaned_data["device_at"])

    def clean_sent_at(self) -> datetime | None:
        return _moment(self.cleaned_data["sent_at"])

    def waited(self) -> timedelta:
        """Return how long the draft lay on the phone."""
        written, sent = self.cleaned_data["device_at"], self.cleaned_data["sent_at"]
        return max(sent - written, timedelta(0)) if written and sent else timedelta(0)

    def told_at(self, now: datetime) -> datetime | None:
        """Return when it was written, by our clock, if that was not just now."""
        waited = self.waited()
        return now - waited if waited >= LATE else None

    def problem(self) -> str:
        """Return the first thing that is wrong, with its field."""
        name, problems = next(iter(self.errors.items()))
        label = self.fields[name].label if name in self.fields else ""
        told = _("{field}: {problem}").format(field=label, problem=problems[0])
        return told if label else str(problems[0])


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


class StepForm(DraftForm):
    """Accepting and arriving: a button, and when it was pressed."""


class ReturnForm(DraftForm):
    """Why the unit cannot do it."""

    reason = forms.CharField(max_length=500)


class ReportForm(DraftForm):
    """What the unit found and did, with a photo if there is something to prove."""

    outcome = forms.ChoiceField(
        choices=[*UNDER_WAY.items(), *OUTCOMES.items()], label=gettext_lazy("Result")
    )
    note = forms.CharField(
        widget=forms.Textarea, max_length=1000, required=False, label=gettext_lazy("Note")
    )
    photo = forms.FileField(required=False, label=gettext_lazy("Photo"))
    voice = forms.FileField(required=False, label=gettext_lazy("Voice note"))
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)

    def __init__(self, *arguments: Any, is_proven: bool = False, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.is_proven = is_proven  # a photo of this task is there already

    def clean(self) -> dict[str, Any]:
        """A violation needs a photo: without proof there is no record. Nothing is no report."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("outcome") == "violation" and not (data.get("photo") or self.is_proven):
            self.add_error("photo", _("A violation needs a photo."))
        is_told = any(data.get(name) for name in ("photo", "note", "voice")) or self.errors
        if data.get("outcome") == Feedback.UNDER_WAY and not is_told:
            self.add_error("note", _("Write a word, or take a photo."))
        return data


class CheckInForm(DraftForm):
    """Where somebody of a unit is and has looked: by the phone, from the list, or in words."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=gettext_lazy("Unit"))
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    accuracy_m = forms.FloatField(required=False, min_value=0, max_value=100_000)
    fixed_at = forms.CharField(required=False, max_length=40)
    area = forms.CharField(required=False, max_length=24, label=gettext_lazy("Place"))
    place = forms.CharField(
        required=False, max_length=120, label=gettext_lazy("Or the place in words")
    )
    note = forms.CharField(
        widget=forms.Textarea, max_length=500, required=False, label=gettext_lazy("Note")
    )
    photo = forms.FileField(required=False, label=gettext_lazy("Photo"))

    def __init__(self, *arguments: Any, units: Sequence[Unit], **named: Any) -> None:
        super().__init__(*arguments, **named)
        field = self.fields["unit"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Unit.objects.filter(pk__in=[unit.pk for unit in units])

    def clean_fixed_at(self) -> datetime | None:
        return _moment(self.cleaned_data["fixed_at"])

    def clean_area(self) -> Area | None:
        code = self.cleaned_data["area"]
        found = Area.objects.in_force().filter(code=code).first() if code else None
        if code and found is None:
            raise ValidationError(_("Choose a place of the list."))
        return found

    def clean(self) -> dict[str, Any]:
        """A check-in is of a place: half a position is none, and without any there is nothing."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("lon") is None or data.get("lat") is None:
            data["lon"] = data["lat"] = data["accuracy_m"] = data["fixed_at"] = None
        is_placed = data["lon"] is not None or data.get("area") or data.get("place")
        if not is_placed and not self.errors:
            self.add_error("area", _("Say where you are: by the phone, from the list or in words."))
        return data

    def position_age(self) -> timedelta | None:
        """Return how old the phone's position was when the button was pressed."""
        fixed, pressed = self.cleaned_data["fixed_at"], self.cleaned_data["device_at"]
        return max(pressed - fixed, timedelta(0)) if fixed and pressed else None
