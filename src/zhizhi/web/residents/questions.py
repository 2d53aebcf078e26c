"""The questions of a report, one to a page: what is asked, and how an answer is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory import identity
from zhizhi.directory.people import PersonalData
from zhizhi.engine import reporting
from zhizhi.engine.reporting import AHEAD, CATCH_ALL, OLDEST, ReportRefused
from zhizhi.trust import pictures
from zhizhi.web.digits import whole_number
from zhizhi.web.residents import finding
from zhizhi.web.residents.finding import Found
from zhizhi.web.residents.kinds import offered

LONGEST = 1000  # characters of what happened
LONGEST_PLACE = 120
LONGEST_SIDE = 2560  # pixels of a photo that is kept
CONSENT = "contact@2"  # change it together with the text on the contact page
NOW, EARLIER = "now", "earlier"
ANONYMOUS, REACHABLE = "anonymous", "reachable"


class KindForm(forms.Form):
    """What happened: one of the kinds that the systems offer to residents, or something else."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What happened?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what fits best.")},
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        field = self.fields["kind"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(kind.code, kind.name) for kind in offered()]

    def answer(self) -> dict[str, Any]:
        return {"kind": self.cleaned_data["kind"]}


class TellingForm(forms.Form):
    """What was seen, in the resident's own words."""

    telling = forms.CharField(
        label=gettext_lazy("What did you see?"),
        help_text=gettext_lazy("Please write no names and no telephone numbers here."),
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
    )

    def __init__(self, *arguments: Any, kind: str = "", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.kind = kind

    def clean_telling(self) -> str:
        """Something else needs words; a long text keeps every letter until it is short enough."""
        text: str = self.cleaned_data["telling"].replace("\x00", "").strip()
        if len(text) > LONGEST:
            said = _("Write at most {most} characters; these are {n}.")
            raise ValidationError(said.format(most=LONGEST, n=len(text)))
        if not text and self.kind == CATCH_ALL.code:
            raise ValidationError(_("Write in a few words what happened."))
        return text

    def answer(self) -> dict[str, Any]:
        return {"telling": self.cleaned_data["telling"]}


class PlaceForm(forms.Form):
    """Where: in words, by the telephone's position, by a tap on the map, or from the list."""

    place = forms.CharField(
        label=gettext_lazy("Address or name of the place"), required=False, strip=True
    )
    community = forms.CharField(
        label=gettext_lazy("Or choose the community"), required=False, max_length=24
    )
    found = forms.CharField(required=False, max_length=8)  # which of several places
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    accuracy = forms.FloatField(required=False, min_value=0, max_value=100_000)

    def __init__(
        self, *arguments: Any, marked: Mapping[str, Any] | None = None, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self.marked = marked  # what was tapped on the map before
        self.several: list[Found] = []
        self.at: Found | None = None

    def clean_place(self) -> str:
        text: str = self.cleaned_data["place"].replace("\x00", "")
        if len(text) > LONGEST_PLACE:
            said = _("Write at most {most} characters; these are {n}.")
            raise ValidationError(said.format(most=LONGEST_PLACE, n=len(text)))
        return text

    def clean(self) -> dict[str, Any]:
        """The surest way counts: the telephone, then the map, then the list, then the name."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        self.at = self._measured(data) or self._tapped() or self._chosen(data) or self._named(data)
        if self.at is None:
            return data
        try:
            reporting.check_place(self.at.lon, self.at.lat)
        except ReportRefused as refused:
            message = _(
                "This place is not in our district. Choose a place inside of it, or call the "
                "hotline of the place where it happened."
            )
            raise ValidationError(message, code="outside") from refused
        return data

    def _measured(self, data: dict[str, Any]) -> Found | None:
        if data.get("lon") is None or data.get("lat") is None:
            return None
        by = finding.BY.DEVICE
        return Found(round(data["lon"], 6), round(data["lat"], 6), by, data.get("accuracy"))

    def _tapped(self) -> Found | None:
        return Found(**self.marked) if self.marked else None

    def _chosen(self, data: dict[str, Any]) -> Found | None:
        if not data.get("community"):
            return None
        chosen = finding.by_code(data["community"])
        if chosen is None:
            self.add_error("community", _("Choose a community of the list."))
        return chosen

    def _named(self, data: dict[str, Any]) -> Found | None:
        if self.errors:
            return None
        if not data.get("place"):
            self.add_error("place", _("Tell us the place in one of these ways."))
            return None
        self.several = finding.named(data["place"])
        if not self.several:
            said = _("We know no place of that name. Tap on the map, or choose the community.")
            self.add_error("place", said)
            return None
        picked = whole_number(data.get("found") or "")
        if len(self.several) == 1:
            return self.several[0]
        if picked is not None and picked < len(self.several):
            return self.several[picked]
        self.add_error("place", _("Several places are called so: choose one."))
        return None

    def answer(self) -> dict[str, Any]:
        assert self.at is not None  # noqa: S101 - a valid form has a place
        return {"place": self.cleaned_data["place"], "at": self.at.written()}


class TimeForm(forms.Form):
    """When: just now, or a day and a time."""

    when = forms.ChoiceField(
        label=gettext_lazy("When was it?"),
        choices=[(NOW, gettext_lazy("Now, or just before")), (EARLIER, gettext_lazy("Earlier"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one.")},
    )
    day = forms.DateField(
        label=gettext_lazy("Day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Write the day like 2026-03-01.")},
    )
    time = forms.TimeField(
        label=gettext_lazy("Time, about"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": gettext_lazy("Write the time like 08:30.")},
    )

    def __init__(self, *arguments: Any, now: datetime, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.now = now

    def clean(self) -> dict[str, Any]:
        """A day that has not come, or long ago, is refused with what to do."""
        data: dict[str, Any] = super().clean() or {}
        data["occurred_at"] = self.now
        if data.get("when") != EARLIER or self.errors:
            return data
        if not data.get("day"):
            self.add_error("day", _("Tell us the day."))
            return data
        clock = data.get("time") or datetime.min.time().replace(hour=12)
        moment = timezone.make_aware(datetime.combine(data["day"], clock))
        if not data.get("time") and data["day"] == timezone.localdate(self.now):
            moment = min(moment, self.now)
        if moment > self.now + AHEAD:
            self.add_error("day", _("This has not happened yet: check day and time."))
        elif moment < self.now - OLDEST:
            said = _("We take what happened in the last {n} days. For older things, call us.")
            self.add_error("day", said.format(n=OLDEST // timedelta(days=1)))
        data["occurred_at"] = moment
        return data

    def answer(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "when": data["when"],
            "day": str(data.get("day") or ""),
            "time": f"{data['time']:%H:%M}" if data.get("time") else "",
            "occurred_at": data["occurred_at"].isoformat(),
        }


class PhotoForm(forms.Form):
    """A photo, if there is one; what the camera wrote into it is taken out at once."""

    photo = forms.FileField(label=gettext_lazy("Photo"), required=False)

    def clean_photo(self) -> bytes | None:
        """Return the photo redrawn, or say why it cannot be taken."""
        sent = self.cleaned_data.get("photo")
        if not sent:
            return None
        if sent.size > pictures.MAXIMUM_BYTES:
            sizes = {"size": f"{sent.size / 1024 / 1024:.1f}", "most": pictures.MAXIMUM_BYTES >> 20}
            said = _("The file has %(size)s MB; at most %(most)s MB are kept.") % sizes
            raise ValidationError(said, code="too-large")
        try:
            content = sent.read()
            pictures.media_type_of(content)
            return pictures.redraw(content, longest=LONGEST_SIDE)
        except pictures.PictureRefused as refused:
            raise ValidationError(str(refused), code=refused.code) from refused


class ContactForm(forms.Form):
    """How the reporter can be reached; nobody has to say."""

    way = forms.ChoiceField(
        label=gettext_lazy("May we call you back?"),
        choices=[
            (ANONYMOUS, gettext_lazy("No, I want to stay anonymous")),
            (REACHABLE, gettext_lazy("Yes, call me")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one.")},
    )
    name = forms.CharField(label=gettext_lazy("How we may call you"), required=False, max_length=40)
    phone = forms.CharField(
        label=gettext_lazy("Mobile number"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    consent = forms.BooleanField(
        label=gettext_lazy("I agree that name and number are kept for this report"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """Without a number and an agreement nobody can be called."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("way") != REACHABLE or self.errors:
            return data
        if not data.get("phone"):
            self.add_error("phone", _("Write your number, or choose to stay anonymous."))
            return data
        try:
            PersonalData(data.get("name", ""), data["phone"]).admit()
        except (identity.IdentityInvalid, identity.WrongWorld) as wrong:
            self.add_error("phone", str(wrong))
        if not data.get("consent"):
            self.add_error("consent", _("Without your agreement we may not keep your number."))
        return data

    def answer(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["way"] == ANONYMOUS:
            return {"way": ANONYMOUS}
        told = {"name": data["name"], "phone": data["phone"], "consent": CONSENT}
        return {"way": REACHABLE, **told}


class RatingForm(forms.Form):
    """How satisfied the reporter is with the result, and why."""

    rating = forms.TypedChoiceField(
        label=gettext_lazy("How satisfied are you?"),
        coerce=int,
        choices=[(str(stars), str(stars)) for stars in range(5, 0, -1)],
        error_messages={"required": gettext_lazy("Choose a face.")},
    )
    remark = forms.CharField(
        label=gettext_lazy("What was good, what was not?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=500,
    )
