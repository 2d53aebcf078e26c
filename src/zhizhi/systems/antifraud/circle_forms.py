"""What residents type to come into a protected circle, and to invite somebody into theirs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from zhizhi.directory.identity import IdentityInvalid, WrongWorld
from zhizhi.directory.people import PersonalData
from zhizhi.systems.antifraud.models import CircleMember
from zhizhi.web.digits import whole_number

LONGEST = 40


class PhoneForm(forms.Form):
    """One mobile number."""

    phone = forms.CharField(
        label=gettext_lazy("Mobile number"), max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"required": gettext_lazy("Write your number.")},
    )  # fmt: skip

    def clean_phone(self) -> str:
        """Refuse what is no number, or one that has no place here."""
        try:
            data = PersonalData(phone=self.cleaned_data["phone"])
            data.admit()
        except (IdentityInvalid, WrongWorld) as wrong:
            raise forms.ValidationError(str(wrong)) from wrong
        return data.phone


class InviteForm(PhoneForm):
    """A relative's number, and what the relative is to whoever invites."""

    relation = forms.ChoiceField(
        label=gettext_lazy("This is your"), choices=CircleMember.Relation.choices
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        field = self.fields["phone"]
        field.label = gettext_lazy("Mobile number of the relative")
        field.error_messages["required"] = gettext_lazy("Write the relative's number.")
        field.widget.attrs["autocomplete"] = "off"


class InvitationForm(forms.Form):
    """Number and code of an invitation, as the message says them."""

    number = forms.CharField(
        label=gettext_lazy("Number of the invitation"), max_length=LONGEST,
        help_text=gettext_lazy("For example R-12"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Write the number that the message says.")},
    )  # fmt: skip
    code = forms.CharField(
        label=gettext_lazy("Code from the message"), max_length=LONGEST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": gettext_lazy("Write the code that the message says.")},
    )  # fmt: skip

    @property
    def pk(self) -> int:
        """The row that the number names; 0, which is nobody's, for what is no number."""
        return whole_number(self.cleaned_data["number"].rpartition("-")[2].strip()) or 0
