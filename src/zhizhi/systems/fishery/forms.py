"""What people type on the fishery's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Zone
from zhizhi.systems.fishery import wording
from zhizhi.systems.fishery.apps import FisheryConfig
from zhizhi.systems.fishery.masking import MAXIMUM_REGIONS
from zhizhi.systems.fishery.models import ViolationReview
from zhizhi.trust.pictures import Region
from zhizhi.web.reporting.forms import SpanForm

COMPLAINTS = {
    "empty": _("Write something: an empty text cannot be sent."),
    "too-long": _("The text has %(detail)s characters; at most 500 can be sent."),
    "field": _("Unknown place {%(detail)s}. Use {zone} and {minutes} only."),
    "braces": _("A brace is alone. Write {zone} or {minutes}, or leave the brace out."),
}


class ReviewForm(forms.Form):
    """A decision on one step of a violation record."""

    step = forms.ChoiceField(choices=ViolationReview.Step, widget=forms.HiddenInput)
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("accept", _("Accept")), ("reject", _("Reject"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Reasons"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        """A rejection needs reasons."""
        found = super().clean() or {}
        if found.get("decision") == "reject" and not found.get("note"):
            self.add_error("note", _("Give the reasons for the rejection."))
        return found


class RegionForm(forms.Form):
    """One rectangle to hide, in pixels of the upright picture."""

    left = forms.IntegerField(label=_("Left edge"), min_value=0, max_value=100_000)
    top = forms.IntegerField(label=_("Top edge"), min_value=0, max_value=100_000)
    width = forms.IntegerField(label=_("Width"), min_value=4, max_value=100_000)
    height = forms.IntegerField(label=_("Height"), min_value=4, max_value=100_000)

    def region(self) -> Region | None:
        """Return the rectangle, or None for a row that was left empty."""
        found = self.cleaned_data
        if not found:
            return None
        return Region(found["left"], found["top"], found["width"], found["height"])


class NobodyForm(forms.Form):
    """The statement that a photo shows no bystander."""

    shows_nobody = forms.BooleanField(label=_("This photo shows no bystander"), required=False)


RegionForms = forms.formset_factory(
    RegionForm, extra=6, max_num=MAXIMUM_REGIONS, validate_max=True, absolute_max=MAXIMUM_REGIONS
)


class WordingForm(forms.Form):
    """The next version of a message's words, in both languages."""

    after = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    zh_hans = forms.CharField(
        label=_("Chinese text"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    en = forms.CharField(
        label=_("English text"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_zh_hans(self) -> str:
        return _checked(self.cleaned_data["zh_hans"])

    def clean_en(self) -> str:
        return _checked(self.cleaned_data["en"])

    def texts(self) -> dict[str, str]:
        """Return the texts by language code."""
        return {"zh-hans": self.cleaned_data["zh_hans"], "en": self.cleaned_data["en"]}


def _checked(text: str) -> str:
    try:
        return wording.check(text)
    except wording.WordingInvalid as invalid:
        raise forms.ValidationError(
            COMPLAINTS[invalid.code], code=invalid.code, params={"detail": invalid.detail}
        ) from invalid


class StaySpanForm(SpanForm):
    """Which stays the statistics count."""

    zone = forms.ChoiceField(label=_("Zone"), required=False)

    def __init__(self, *args: Any, zones: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["zone"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("All zones")), *zones.items()]


class AgencyResultForm(forms.Form):
    """What an agency's officer reports at the end of the agency's task."""

    OUTCOMES = tuple(
        (name, FisheryConfig.outcome_names[name])
        for name in ("penalised", "filed", "not_filed", "supervised", "no_action")
    )

    outcome = forms.ChoiceField(label=_("Result"), choices=OUTCOMES)
    note = forms.CharField(
        label=_("Note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


def zone_names() -> dict[str, str]:
    """Return the names of the current zones by their key."""
    rows = Zone.objects.filter(is_current=True).order_by("name")
    return dict(rows.values_list("key", "name"))
