"""What the desk types about wards, their companions, their tags, and the places of readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.identity import IdentityInvalid, WrongWorld
from zhizhi.directory.models import Area, Guardianship, Person
from zhizhi.directory.people import PersonalData
from zhizhi.systems.guardian.enrolling import Habit
from zhizhi.systems.guardian.models import Companion, Enrolment, Tag
from zhizhi.systems.guardian.tagging import LONGEST
from zhizhi.trust.scoping import Scope
from zhizhi.web.places import areas_in

OBJECTS = "objects"
WARD = "ward"
MOST_AREAS = 8  # rows of the list that are seen at once


class HabitForm(forms.Form):
    """When and where a ward may be alone."""

    hours_from = forms.TimeField(
        label=gettext_lazy("May be alone from"), required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy(
            "Both empty: at any time. Outside of it the relatives are asked sooner."
        ),
    )  # fmt: skip
    hours_to = forms.TimeField(
        label=gettext_lazy("May be alone until"), required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )  # fmt: skip
    areas = forms.MultipleChoiceField(
        label=gettext_lazy("May be alone in"), required=False,
        widget=forms.SelectMultiple(attrs={"size": MOST_AREAS}),
        help_text=gettext_lazy("None chosen: everywhere. Choose several with Ctrl or by touch."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, scope: Scope, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = areas_in(scope).filter(kind=Area.Kind.COMMUNITY).order_by("path")
        self.known = {area.code: area for area in rows.only("code", "name")}
        choices = [(code, area.name) for code, area in self.known.items()]
        self.fields["areas"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Demand both hours or none."""
        found = super().clean() or {}
        first, last = found.get("hours_from"), found.get("hours_to")
        if not self.errors and (first is None) != (last is None):
            missing = "hours_from" if first is None else "hours_to"
            self.add_error(missing, _("Give both times, or leave both empty."))
        return found

    def habit(self) -> Habit:
        """Return what was written, once the form is right."""
        told = self.cleaned_data
        hours = None if told["hours_from"] is None else (told["hours_from"], told["hours_to"])
        return Habit(hours, [self.known[code] for code in told["areas"]])


class EnrolForm(HabitForm):
    """What is asked at the desk before somebody is enrolled."""

    assent = forms.ChoiceField(
        label=gettext_lazy("What the ward says"),
        choices=[("", gettext_lazy("Choose")), *Enrolment.Assent.choices,
                 (OBJECTS, gettext_lazy("Does not want it"))],
        help_text=gettext_lazy("Ask the ward in plain words, also when the guardian has agreed."),
    )  # fmt: skip
    is_companion = forms.BooleanField(
        label=gettext_lazy("The guardian is here and agrees to be known as a companion"),
        required=False,
    )
    field_order = ("assent", "is_companion", "hours_from", "hours_to", "areas")

    def clean_assent(self) -> str:
        """Enrol nobody who does not want it."""
        said: str = self.cleaned_data["assent"]
        if said == OBJECTS:
            text = _("Whoever does not want it is not enrolled, whatever the guardian says.")
            raise forms.ValidationError(text)
        return said


class CompanionForm(forms.Form):
    """Somebody at the desk who walks along and agrees to be known by a tag."""

    guardian = forms.ChoiceField(label=gettext_lazy("Who walks along"), required=False)
    name = forms.CharField(
        label=gettext_lazy("Name, if it is somebody else"), max_length=80, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    phone = forms.CharField(
        label=gettext_lazy("Number, if it is somebody else"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    agrees = forms.BooleanField(
        label=gettext_lazy("Is here and agrees that the own tag is known beside the ward")
    )
    who: Person | PersonalData

    def __init__(self, *arguments: Any, bonds: Sequence[Guardianship], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.bonds = {str(bond.pk): bond for bond in bonds}
        choices = [(pk, _("Guardian {code}").format(code=bond)) for pk, bond in self.bonds.items()]
        self.fields["guardian"].choices = [*choices, ("", _("Somebody else"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Take the guardian, or the person as written; what is wrong stands at the number."""
        found = super().clean() or {}
        bond = self.bonds.get(found.get("guardian", ""))
        if bond is not None:
            self.who = bond.guardian
        elif not found.get("name") or not found.get("phone"):
            self.add_error("phone", _("Write name and number, or choose a guardian."))
        else:
            self._take(found["name"], found["phone"])
        return found

    def _take(self, name: str, phone: str) -> None:
        try:
            self.who = PersonalData(name, phone)
            self.who.admit()
        except (IdentityInvalid, WrongWorld) as error:
            self.add_error("phone", str(error))


class TagForm(forms.Form):
    """A tag, and who carries it."""

    holder = forms.ChoiceField(label=gettext_lazy("Who carries it"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind of tag"), choices=Tag.Kind.choices)
    code = forms.CharField(
        label=gettext_lazy("Code of the tag"), max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("As a reader reads it. It is kept as a keyed hash: note it down."),
    )  # fmt: skip

    def __init__(
        self, *arguments: Any, row: Enrolment, companions: Sequence[Companion], **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self.people = {WARD: row.ward} | {str(one.pk): one.person for one in companions}
        choices = [(WARD, _("The ward")), *companion_names(companions)]
        self.fields["holder"].choices = choices  # type: ignore[attr-defined]

    @property
    def person(self) -> Person:
        return self.people[self.cleaned_data["holder"]]


class ReaderForm(forms.Form):
    """A place where tags are read."""

    code = forms.CharField(
        label=gettext_lazy("Code of the reader"), max_length=32,
        help_text=gettext_lazy("As its source names it; a known code moves that reader."),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("Name of the place"), max_length=80)
    lon = forms.FloatField(
        label=gettext_lazy("Longitude (WGS 84)"), min_value=-180, max_value=180,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    lat = forms.FloatField(
        label=gettext_lazy("Latitude (WGS 84)"), min_value=-90, max_value=90,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    is_dangerous = forms.BooleanField(label=gettext_lazy("Near water or traffic"), required=False)


def companion_names(companions: Sequence[Companion]) -> list[tuple[str, str]]:
    """Return how the companions of a ward are told apart without their names."""
    return [
        (str(one.pk), _("Companion {n}").format(n=number))
        for number, one in enumerate(companions, 1)
    ]
