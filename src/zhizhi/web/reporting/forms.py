"""Which area and which days somebody wants to see figures of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.models import Area
from zhizhi.trust.scoping import Scope
from zhizhi.web.places import areas_in
from zhizhi.web.spans import Span

KINDS = (Area.Kind.DISTRICT, Area.Kind.TOWN)
LONGEST = timedelta(days=366)
USUAL_DAYS = 7


def _day() -> forms.DateInput:
    """Return a date field as browsers want it, whatever the reader's language."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class SpanForm(forms.Form):
    """The days that figures are counted over: forward, and at most a year."""

    first = forms.DateField(label=gettext_lazy("First day"), widget=_day())
    last = forms.DateField(label=gettext_lazy("Last day"), widget=_day())

    def clean(self) -> dict[str, Any]:
        """Refuse a span that runs backward or is too long."""
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if isinstance(first, date) and isinstance(last, date):
            if last < first:
                self.add_error("last", _("The last day lies before the first."))
            elif last - first > LONGEST:
                self.add_error("last", _("At most one year can be counted at once."))
        return found

    @property
    def span(self) -> Span:
        return Span(self.cleaned_data["first"].isoformat(), self.cleaned_data["last"].isoformat())


class AreaSpanForm(SpanForm):
    """An area of the own scope, and the days."""

    area = forms.ChoiceField(label=gettext_lazy("Area"))
    field_order = ("area", "first", "last")

    def __init__(self, asked: dict[str, Any], *, scope: Scope, today: date) -> None:
        rows = areas_in(scope).filter(kind__in=KINDS).order_by("path")
        self.areas: dict[str, Area] = {area.path: area for area in rows}
        usual = {
            "area": next(iter(self.areas), ""),
            "first": (today - timedelta(days=USUAL_DAYS - 1)).isoformat(),
            "last": today.isoformat(),
        }
        super().__init__({name: asked.get(name) or value for name, value in usual.items()})
        choice = self.fields["area"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(path, area.name) for path, area in self.areas.items()]

    @property
    def place(self) -> Area:
        return self.areas[self.cleaned_data["area"]]


def presets(today: date) -> list[tuple[str, str, str]]:
    """Return the usual reports: name, first and last day."""
    monday = today - timedelta(days=today.weekday())
    before = today.replace(day=1) - timedelta(days=1)
    rows = [
        (_("Today"), today, today),
        (_("Yesterday"), today - timedelta(days=1), today - timedelta(days=1)),
        (_("Last week"), monday - timedelta(days=7), monday - timedelta(days=1)),
        (_("This month"), today.replace(day=1), today),
        (_("Last month"), before.replace(day=1), before),
    ]
    return [(name, first.isoformat(), last.isoformat()) for name, first, last in rows]
