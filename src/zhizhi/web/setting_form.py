"""The form that changes one setting: its field has the declared type and range."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.engine.system import DeclaredSetting
from zhizhi.web.setting_facts import facts, plain, written

LONGEST_REASON = 300
LONGEST_TEXT = 80


class SettingForm(forms.Form):
    """A new value or the default, why, and which version the writer was shown."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy(
            "It stays in the history below. Names of persons do not belong here."
        ),
        error_messages={"required": gettext_lazy("Give the reason: others will ask for it.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("seen", "value", "reason")

    def __init__(
        self, declared: DeclaredSetting, in_force: Any, *arguments: Any, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self.declared, self.in_force = declared, in_force
        self.is_reset = "reset" in self.data
        self.fields["value"] = field_of(declared, required=not self.is_reset)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Refuse what would change nothing."""
        data: dict[str, Any] = super().clean() or {}
        if self.is_reset:
            self.errors.pop("value", None)  # what stands in the field is not asked for
            data["value"] = self.declared.value
        if data.get("value") == self.in_force and "value" not in self.errors:
            said = _("{value} is in force already. Write another value, or leave this page.")
            now = written(self.declared, self.in_force)
            self.add_error("value", said.format(value=now))
        wrong = self.declared.wrong
        if wrong is not None and "value" in data and (problem := wrong(data["value"])):
            self.add_error("value", problem)
        return data


def field_of(declared: DeclaredSetting, *, required: bool = True) -> forms.Field:
    """Return the field for the declared type; whatever is wrong is told by one plain sentence."""
    said: dict[str, Any] = {
        "label": _("New value"),
        "required": required and not _may_be_empty(declared),
        "help_text": facts(declared, None)["range"],
    }
    if isinstance(declared.value, bool):
        options = [(True, _("yes")), (False, _("no"))]
        return forms.TypedChoiceField(choices=options, coerce=lambda one: one == "True", **said)
    if declared.choices:
        return forms.ChoiceField(choices=declared.choices, **said)
    if isinstance(declared.value, str):
        return forms.CharField(max_length=int(declared.maximum or LONGEST_TEXT), **said)
    is_whole = isinstance(declared.value, int)
    sentence = (
        _("Write a whole number from {low} to {high}.")
        if is_whole
        else _("Write a number from {low} to {high}.")
    )
    problem = sentence.format(low=plain(declared.minimum), high=plain(declared.maximum))
    kinds = ("required", "invalid", "min_value", "max_value")
    said["error_messages"] = dict.fromkeys(kinds, problem)
    said |= {"min_value": declared.minimum, "max_value": declared.maximum}
    if is_whole:
        return forms.IntegerField(**said)
    return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any"}), **said)


def _may_be_empty(declared: DeclaredSetting) -> bool:
    """Say whether nothing is a value too: a text may be left out."""
    return isinstance(declared.value, str) and not declared.choices and not declared.minimum
