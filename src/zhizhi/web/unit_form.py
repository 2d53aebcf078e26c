"""The forms of a unit: what it is, and why it leaves or comes back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.models import Agency, Area, Unit
from zhizhi.trust.scoping import Scope
from zhizhi.web.places import areas_in
from zhizhi.web.setting_facts import plain
from zhizhi.web.words import CAPABILITIES, UNIT_KINDS, capability_name, kind_of_unit

CALL_SIGN = RegexValidator(r"^[0-9A-Za-z-]+$", gettext_lazy("Use letters, digits and hyphens."))


class UnitForm(forms.Form):
    """A new unit, or what is known of one."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    code = forms.CharField(
        max_length=32,
        validators=[CALL_SIGN],
        label=gettext_lazy("Call sign"),
        help_text=gettext_lazy("As it is called on the radio; no two units share one."),
        error_messages={"required": gettext_lazy("Give the unit a call sign.")},
    )
    name = forms.CharField(
        max_length=80,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("The name of the post; names of persons do not belong here."),
        error_messages={"required": gettext_lazy("Give the unit a name.")},
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    agency = forms.ModelChoiceField(
        queryset=Agency.objects.none(), required=False, label=gettext_lazy("Agency")
    )
    area = forms.CharField(
        max_length=24,
        label=gettext_lazy("Code of the home area"),
        help_text=gettext_lazy(
            "15 digits, a town for example: whoever answers for it sees the unit."
        ),
        error_messages={"required": gettext_lazy("Write the code of the home area.")},
    )
    capabilities = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Capabilities"),
        help_text=gettext_lazy("A unit is suggested only for what it can do."),
    )
    speed_kmh = forms.FloatField(
        min_value=1,
        max_value=300,
        initial=30,
        label=gettext_lazy("Speed"),
        help_text=gettext_lazy("In km/h, from 1 to 300: the time on the way is reckoned with it."),
    )

    def __init__(self, *arguments: Any, scope: Scope, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.scope = scope
        units = Unit.objects.all()
        kinds = {*UNIT_KINDS, *units.values_list("kind", flat=True).distinct()}
        kind: Any = self.fields["kind"]
        kind.choices = [(one, kind_of_unit(one)) for one in sorted(kinds)]
        able: Any = self.fields["capabilities"]
        known = {*CAPABILITIES, *(self.initial.get("capabilities") or ())}
        able.choices = [(one, capability_name(one)) for one in sorted(known)]
        agency: Any = self.fields["agency"]
        agency.queryset = Agency.objects.order_by("name")

    def clean_area(self) -> Area:
        area = areas_in(self.scope).filter(code=self.cleaned_data["area"].strip()).first()
        if area is None:
            raise ValidationError(_("No area in force that you answer for has this code."))
        return area


class ServiceForm(forms.Form):
    """Why a unit leaves the service or comes back."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=200,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It is shown with the unit. Names of persons do not belong here."),
        error_messages={"required": gettext_lazy("Give the reason: others will ask for it.")},
    )


def beginning(unit: Unit | None) -> dict[str, Any]:
    """Return what the form begins with."""
    if unit is None:
        return {"seen": 0, "speed_kmh": 30}
    return {
        "seen": unit.version,
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "agency": unit.agency_id,
        "area": unit.area.code,
        "capabilities": unit.capabilities,
        "speed_kmh": plain(unit.speed_kmh),
    }
