"""What whoever is on duty types about somebody at risk of a scam."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.identity import IdentityInvalid, WrongWorld
from zhizhi.directory.models import Area
from zhizhi.directory.people import PersonalData
from zhizhi.systems.antifraud.dissuading import MOST_YUAN, Risk
from zhizhi.systems.antifraud.lessons import LESSONS
from zhizhi.systems.antifraud.models import Dissuasion
from zhizhi.trust.scoping import Scope
from zhizhi.web.places import areas_in

MOST_MINUTES = 7 * 24 * 60
LONGEST, LONGEST_PLACE = 1000, 200
Outcome = Dissuasion.Outcome


def _yuan(label: Any, least: int) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric"})
    return forms.IntegerField(
        label=label, required=False, min_value=least, max_value=MOST_YUAN, widget=widget
    )


class RiskForm(forms.Form):
    """Who is at risk, and how the warning is judged."""

    phone = forms.CharField(
        label=gettext_lazy("Number of whoever is at risk"), max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("Name, if it is known"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    tier = forms.ChoiceField(label=gettext_lazy("How pressing"), choices=Dissuasion.Tier.choices)
    warned_by = forms.ChoiceField(
        label=gettext_lazy("Who warned"), choices=Dissuasion.WarnedBy.choices,
        initial=Dissuasion.WarnedBy.BANK,
    )  # fmt: skip
    rule = forms.RegexField(
        r"^[\w.@:-]*$", label=gettext_lazy("Rule that warned, if it has a name"), max_length=64,
        required=False,
        error_messages={"invalid": gettext_lazy("Letters, digits and . @ : - only.")},
    )  # fmt: skip
    typology = forms.ChoiceField(
        label=gettext_lazy("Trick"), required=False,
        choices=[("", gettext_lazy("Not known")),
                 *((code, lesson.name) for code, lesson in LESSONS.items())],
    )  # fmt: skip
    amount = _yuan(gettext_lazy("Yuan at risk, if that is known"), 1)
    pays_in = forms.IntegerField(
        label=gettext_lazy("Minutes until the payment, if that is known"), required=False,
        min_value=0, max_value=MOST_MINUTES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    person: PersonalData | None = None

    def clean(self) -> dict[str, Any]:
        """Take the person as it was written; what is wrong stands at the number."""
        found = super().clean() or {}
        if found.get("phone"):
            try:
                self.person = PersonalData(found.get("name", ""), found["phone"])
                self.person.admit()
            except (IdentityInvalid, WrongWorld) as error:
                self.add_error("phone", str(error))
        return found

    def risk(self, now: datetime) -> Risk:
        told, minutes = self.cleaned_data, self.cleaned_data["pays_in"]
        pays_at = None if minutes is None else now + timedelta(minutes=minutes)
        return Risk(
            told["tier"], told["warned_by"], told["rule"], told["typology"], told["amount"], pays_at
        )


class CaseRiskForm(RiskForm):
    """Somebody at risk in a case that is there already: perhaps whoever has reported it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["phone"].required = False
        self.fields["phone"].help_text = _("Empty: whoever has reported the case.")
        self.fields["warned_by"].initial = Dissuasion.WarnedBy.RESIDENT


class WarningForm(RiskForm):
    """A warning that is written down: also where, and what was told."""

    community = forms.ChoiceField(label=gettext_lazy("Community where the person lives"))
    place = forms.CharField(
        label=gettext_lazy("Address, for a visit"), max_length=LONGEST_PLACE, required=False
    )
    telling = forms.CharField(
        label=gettext_lazy("What was told"), max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Please write no account numbers; the words are kept encrypted."),
    )  # fmt: skip
    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, scope: Scope, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = areas_in(scope).filter(kind=Area.Kind.COMMUNITY).order_by("path")
        self.areas = {area.code: area for area in rows.only("code", "name", "lon", "lat")}
        choices = [("", _("Choose")), *((code, area.name) for code, area in self.areas.items())]
        self.fields["community"].choices = choices  # type: ignore[attr-defined]

    @property
    def area(self) -> Area:
        return self.areas[self.cleaned_data["community"]]


class OutcomeForm(forms.Form):
    """How it ended, in whole yuan."""

    outcome = forms.ChoiceField(label=gettext_lazy("Result"), choices=Outcome.choices)
    amount = _yuan(gettext_lazy("Yuan at risk"), 0)
    lost = _yuan(gettext_lazy("Yuan paid"), 0)
