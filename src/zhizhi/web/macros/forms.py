"""The form of a macro: its head, and one small form for each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.models import Agency, Area, RoleAssignment, Unit
from zhizhi.engine.macros import MOST_STEPS, NOTE, SEND, TELL, MacroDraft, MacroRefused, Step
from zhizhi.engine.macros.steps import LONGEST_TEXT, TOLD_ROLES
from zhizhi.engine.models import Macro
from zhizhi.engine.models.macro import LONGEST_NAME
from zhizhi.engine.system import systems
from zhizhi.trust.scoping import Scope
from zhizhi.web.digits import whole_number
from zhizhi.web.macros.telling import refusal_words
from zhizhi.web.places import areas_in
from zhizhi.web.words import UNIT_TASKS, capability_name, case_kind_name, kind_of_unit

AREA_KINDS = (Area.Kind.DISTRICT, Area.Kind.TOWN)
Choices = list[tuple[str, Any]]


class MacroForm(forms.Form):
    """What a macro is called, whose it is, which cases it is for, and how it takes a failure."""

    name = forms.CharField(max_length=LONGEST_NAME, label=gettext_lazy("Name"))
    area = forms.ChoiceField(
        label=gettext_lazy("Area"),
        help_text=gettext_lazy("Operators of this area use it, on cases that lie in it."),
    )
    kinds = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Kinds of cases"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: for all kinds."),
    )
    is_whole = forms.ChoiceField(
        label=gettext_lazy("When a step is not possible"),
        choices=(
            ("1", gettext_lazy("nothing is done (all or nothing)")),
            ("0", gettext_lazy("the other steps are done, and it is said which was left")),
        ),
    )
    seen = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, scope: Scope, **named: Any) -> None:
        super().__init__(*arguments, **named)
        found = areas_in(scope).filter(kind__in=AREA_KINDS).order_by("path")
        self.areas = {str(area.pk): area for area in found}
        named_kinds = [(kind, case_kind_name(kind)) for kind in _kinds()]
        _choose(self.fields["area"], [(pk, area.name) for pk, area in self.areas.items()])
        _choose(self.fields["kinds"], named_kinds)

    def clean_area(self) -> Area:
        return self.areas[self.cleaned_data["area"]]


class StepForm(forms.Form):
    """One step; only the fields of its kind are there."""

    act = forms.CharField(widget=forms.HiddenInput)
    unit_kind = forms.ChoiceField(required=False, label=gettext_lazy("Kind of unit"))
    capability = forms.ChoiceField(required=False, label=gettext_lazy("Able to work"))
    task_kind = forms.ChoiceField(required=False, label=gettext_lazy("Task"))
    is_beside = forms.BooleanField(
        required=False, label=gettext_lazy("also where a unit is on it already")
    )
    to = forms.ChoiceField(required=False, label=gettext_lazy("Who is told"))
    text = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        label=gettext_lazy("Text"),
        help_text=gettext_lazy("Names and numbers of persons do not belong here."),
    )
    SHOWN: Mapping[str, tuple[str, ...]] = {
        SEND: ("unit_kind", "capability", "task_kind", "is_beside"),
        TELL: ("to", "text"),
        NOTE: ("text",),
    }

    def __init__(self, *arguments: Any, choices: Mapping[str, Choices], **named: Any) -> None:
        super().__init__(*arguments, **named)
        shown = self.SHOWN.get(str(self["act"].value() or ""), ())
        for name in [name for name in self.fields if name not in {"act", *shown}]:
            del self.fields[name]
        for name in choices.keys() & self.fields.keys():
            _choose(self.fields[name], choices[name])

    def step(self) -> Step:
        """Return the step as it was written; call it on a valid form."""
        return Step(**{name: value for name, value in self.cleaned_data.items() if value})

    @property
    def shown(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name != "act"]


def choices() -> dict[str, Choices]:
    """Return what the fields of steps offer: what the units of this installation are and can do."""
    units = list(Unit.objects.values_list("kind", "capabilities"))
    able = sorted({word for _kind, words in units for word in words})
    roles = [(f"role:{role}", RoleAssignment.Role(role).label) for role in TOLD_ROLES]
    agencies = Agency.objects.order_by("name").values_list("pk", "name")
    return {
        "unit_kind": [("", _("any")), *((kind, kind_of_unit(kind)) for kind in _sorted(units))],
        "capability": [("", _("as the case needs")), *((w, capability_name(w)) for w in able)],
        "task_kind": [("", _("the case’s first task")), *UNIT_TASKS.items()],
        "to": [(_("Agencies"), [(f"agency:{pk}", name) for pk, name in agencies]),
               (_("Posts"), roles)],
    }  # fmt: skip


def _sorted(units: Iterable[tuple[str, Any]]) -> list[str]:
    return sorted({kind for kind, _words in units})


def _kinds() -> list[str]:
    return sorted({kind for system in systems() for kind in system.case_kinds})


def _choose(field: forms.Field, offered: Choices) -> None:
    if isinstance(field, forms.ChoiceField):
        field.choices = offered


@dataclass(slots=True)
class Editor:
    """The whole form while somebody edits: head, steps, and what is wrong with them."""

    head: MacroForm
    steps: list[StepForm]

    @classmethod
    def begin(cls, scope: Scope, macro: Macro | None) -> Editor:
        """Return the form as it is first shown."""
        if macro is None:
            stored: Sequence[Mapping[str, Any]] = [{"act": "acknowledge"}, {"act": "send"}]
            return cls(MacroForm(scope=scope), _step_forms(stored))
        head = {
            "name": macro.name, "area": macro.area_id, "kinds": macro.kinds,
            "is_whole": "1" if macro.is_whole else "0", "seen": macro.version,
        }  # fmt: skip
        return cls(MacroForm(scope=scope, initial=head), _step_forms(macro.steps))

    @classmethod
    def sent(cls, scope: Scope, data: Mapping[str, Any]) -> Editor:
        """Return the form as it was sent; steps are numbered from 0 without a gap."""
        offered = choices()
        steps: list[StepForm] = []
        while len(steps) < 2 * MOST_STEPS and f"{len(steps)}-act" in data:
            steps.append(StepForm(data, prefix=str(len(steps)), choices=offered))
        return cls(MacroForm(data, scope=scope), steps)

    def changed(self, scope: Scope, change: str) -> Editor:
        """Return the form with a step more, one less, or two exchanged: "add-send", "up-2"."""
        verb, _dash, argument = change.partition("-")
        stored = [_typed(form) for form in self.steps]
        place = whole_number(argument)
        at = -1 if place is None else place
        if verb == "add" and argument in {"acknowledge", *StepForm.SHOWN}:
            stored.append({"act": argument})
        elif verb == "remove" and 0 <= at < len(stored):
            del stored[at]
        elif verb in {"up", "down"}:
            _exchange(stored, at, at - 1 if verb == "up" else at + 1)
        head = {name: self.head[name].value() for name in self.head.fields}
        return Editor(MacroForm(scope=scope, initial=head), _step_forms(stored[: 2 * MOST_STEPS]))

    def draft(self) -> MacroDraft | None:
        """Return the macro as it was written; None when something is wrong, which is then said."""
        is_well = [form.is_valid() for form in (self.head, *self.steps)]
        if not all(is_well):
            return None
        head = self.head.cleaned_data
        draft = MacroDraft(
            head["name"], head["area"], [form.step() for form in self.steps], head["kinds"],
            is_whole=head["is_whole"] == "1",
        )  # fmt: skip
        try:
            draft.check()
        except MacroRefused as refused:
            self._say(refused)
            return None
        return draft

    def _say(self, refused: MacroRefused) -> None:
        said = refusal_words(refused.code)
        if refused.step is None:
            self.head.add_error("name" if refused.code == "name" else None, said)
            return
        form = self.steps[refused.step]
        field = {"text": "text", "addressee": "to"}.get(refused.code)
        form.add_error(field if field in form.fields else None, said)


def _typed(form: StepForm) -> dict[str, Any]:
    return {name: form[name].value() for name in form.fields}


def _exchange(rows: list[Any], one: int, other: int) -> None:
    if 0 <= one < len(rows) and 0 <= other < len(rows):
        rows[one], rows[other] = rows[other], rows[one]


def _step_forms(stored: Iterable[Mapping[str, Any]]) -> list[StepForm]:
    offered = choices()
    return [
        StepForm(initial=dict(step), prefix=str(place), choices=offered)
        for place, step in enumerate(stored)
    ]
