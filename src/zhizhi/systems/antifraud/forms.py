"""What the staff type on the page of the scam lists."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhizhi.kernel.identifiers import READERS, Identifier
from zhizhi.systems.antifraud import checking
from zhizhi.systems.antifraud.checking import MOST_BYTES, NotReadable, Written
from zhizhi.systems.antifraud.models import ListEntry, ListKind
from zhizhi.web.residents.questions import LONGEST

USUAL_DAYS, MOST_DAYS = 180, 3650
LONG = "too-long"
UNREADABLE = _("This cannot be read as what you chose.")


class ThingForm(forms.Form):
    """One number, account, address or app."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ListKind)
    written = forms.CharField(label=_("Number, account, address or name"), max_length=2048)
    thing: Identifier

    def clean(self) -> dict[str, Any]:
        """Read what was written as what it is said to be."""
        found = super().clean() or {}
        if "kind" in found and "written" in found:
            read = READERS[found["kind"]](found["written"])
            if read is None:
                self.add_error("written", UNREADABLE)
            else:
                self.thing = read
        return found


class CheckForm(forms.Form):
    """What a resident wants to know about; nothing of it is kept."""

    written = forms.CharField(
        label=_("What do you want to know about?"),
        error_messages={"required": _("Paste a message, or type a number, address or name.")},
    )
    kind = forms.ChoiceField(
        label=_("What is it?"),
        required=False,
        choices=[("", _("Find out by itself")), *ListKind.choices],
    )

    def clean_written(self) -> str:
        """Refuse what is too long, and say how long it is."""
        text: str = self.cleaned_data["written"].replace("\x00", "")
        size = len(text.encode(errors="replace"))
        if size > MOST_BYTES:
            said = _("At most {most} bytes can be checked at once; these are {n}.")
            raise forms.ValidationError(str(said).format(most=MOST_BYTES, n=size), LONG)
        return text


class ReportForm(CheckForm):
    """A scam that a resident reports: short, and with something in it that can be looked for."""

    read: Written

    def clean_written(self) -> str:
        """Refuse more than a report holds, and say how long it is."""
        text: str = super().clean_written().strip()
        if len(text) > LONGEST:
            said = _("Report at most {most} characters; these are {n}. Take the part that counts.")
            raise forms.ValidationError(str(said).format(most=LONGEST, n=len(text)), LONG)
        return text

    def clean(self) -> dict[str, Any]:
        """Read it; what holds nothing that we can look for is no report of a scam."""
        found = super().clean() or {}
        if "written" not in found or "kind" not in found:
            return found
        try:
            self.read = checking.read(found["written"], found["kind"])
        except NotReadable:
            self.add_error("written", UNREADABLE)
            return found
        if not self.read.things and not self.read.phrases:
            said = _(
                "There is no number, account, address or app in it, and no words of a trick that "
                "we know. Add the number or address that it came from."
            )
            self.add_error("written", said)
        return found


class DecisionForm(ThingForm):
    """What the staff say of it, why, and for how long."""

    stance = forms.ChoiceField(label=_("Decision"), choices=ListEntry.Stance)
    name = forms.CharField(label=_("Who is behind it (if verified)"), max_length=80, required=False)
    reason = forms.CharField(
        label=_("Reasons"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    days = forms.IntegerField(
        label=_("Days in force"), min_value=1, max_value=MOST_DAYS, initial=USUAL_DAYS
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Whoever calls something verified says who is behind it."""
        found = super().clean()
        if found.get("stance") == ListEntry.Stance.ALLOW and not found.get("name"):
            self.add_error("name", _("Say who is behind it."))
        return found

    def expires_at(self, now: datetime) -> datetime:
        return now + timedelta(days=self.cleaned_data["days"])
