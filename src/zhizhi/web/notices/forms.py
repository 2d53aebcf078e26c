"""What an officer types into a notice; who it is addressed to goes into the vault."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from zhizhi.directory.identity import IdentityInvalid, WrongWorld
from zhizhi.directory.people import PersonalData
from zhizhi.engine.system import DeclaredNotice

LONGEST = 1500


class NoticeForm(forms.Form):
    """The kind, the facts, the deadline and, if known, the person."""

    key = forms.CharField(max_length=32, min_length=32, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of notice"), widget=forms.RadioSelect)
    found = forms.CharField(
        label=gettext_lazy("What was found"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("No names or numbers of people here: this text is sealed for good."),
    )
    due_on = forms.DateField(
        label=gettext_lazy("To be done by"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: at once."),
    )
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"), max_length=80, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    identity_number = forms.CharField(
        label=gettext_lazy("Identity number"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    phone = forms.CharField(
        label=gettext_lazy("Telephone"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )  # fmt: skip

    PARTY = ("name", "identity_number", "phone")

    def __init__(
        self, *arguments: Any, kinds: Sequence[DeclaredNotice], today: date, **named: Any
    ) -> None:
        named["initial"] = {"key": uuid.uuid4().hex, **named.get("initial", {})}
        super().__init__(*arguments, **named)
        self.today = today
        choice = self.fields["kind"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(kind.code, kind.name) for kind in kinds]

    def clean_due_on(self) -> date | None:
        day: date | None = self.cleaned_data["due_on"]
        if day is not None and day < self.today:
            raise forms.ValidationError(_("Choose a day that is still to come."))
        return day

    def clean(self) -> dict[str, Any]:
        """A person has a name, and numbers that can be."""
        found = super().clean() or {}
        given = {name: found.get(name, "") for name in self.PARTY}
        if any(given.values()) and not given["name"]:
            self.add_error("name", _("Write the name as well, or leave all three empty."))
        for name in ("identity_number", "phone"):
            if given[name]:
                self._check(name, given[name])
        return found

    def _check(self, name: str, value: str) -> None:
        try:
            PersonalData(**{name: value}).admit()
        except (IdentityInvalid, WrongWorld) as wrong:
            self.add_error(name, str(wrong))

    def party(self) -> PersonalData | None:
        """Return who the notice is addressed to, if somebody was named."""
        given = {name: self.cleaned_data[name] for name in self.PARTY}
        return PersonalData(**given) if given["name"] else None


class PurposeForm(forms.Form):
    """Why somebody's data is looked at."""

    PURPOSES = (
        ("serve-notice", gettext_lazy("To serve the notice")),
        ("decide-penalty", gettext_lazy("To decide on a penalty")),
    )

    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=PURPOSES)
