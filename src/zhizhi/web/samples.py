"""Invented facts for the style page: the database is neither read nor written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.models import Area, Unit
from zhizhi.engine.models import Alert, Case, Severity, Task
from zhizhi.web.charts import Columns, Series
from zhizhi.web.contrast import SHAPE, TEXT, contrast, sizes, themes
from zhizhi.web.field.navigating import APPS, links
from zhizhi.web.icons import ICONS
from zhizhi.web.queue import QueueFilter
from zhizhi.web.spans import Span
from zhizhi.web.words import RATINGS

NOON = datetime(2026, 1, 15, 4, tzinfo=UTC)
GROUNDS = ("bg", "panel")
ALONE_ON = {"on-accent": "accent"}
WEST, SOUTH, SIDE = 107.0, 29.0, 0.1  # the invented map: a board of three by two fields


class SampleForm(forms.Form):
    """A field that was filled in well and one that was not."""

    place = forms.CharField(
        label=gettext_lazy("Name of the place"),
        help_text=gettext_lazy("As it stands on the sign."),
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Limit"),
        min_value=5,
        max_value=60,
        error_messages={"max_value": gettext_lazy("Write a number from 5 to 60.")},
    )


def facts(theme: str) -> dict[str, Any]:
    """Return what the samples show in ``theme``."""
    case = _case(1, Severity.URGENT, Case.State.OPEN)
    return {
        "theme": theme,
        "now": NOON,
        "colours": list(colours(theme)),
        "sizes": list(sizes().items()),
        "icons": list(ICONS),
        "faces": list(RATINGS.items()),
        "severities": Severity.values,
        "cases": [_case(number, Severity.NORMAL, state) for number, state in enumerate(_states())],
        "rows": list(_rows()),
        "wanted": QueueFilter(),
        "chart": _chart(),
        "case": case,
        "task": {
            "task": _task(case),
            "zone": _("Sample water"),
            "links": links(WEST, SOUTH, APPS["phone"]),
        },
        "timeline": list(_timeline()),
        "tabs": list(_tabs()),
        "severity_tabs": [
            {"value": value, "address": "#tabs", "is_current": value == Severity.URGENT}
            for value in Severity.values
        ],
        "form": SampleForm({"place": _("Sample jetty"), "minutes": "90"}),
        "bounds": f"[{WEST}, {SOUTH}, {WEST + 3 * SIDE}, {SOUTH + 2 * SIDE}]",
        **_explained(),
    }


def colours(theme: str) -> Iterator[dict[str, Any]]:
    """Yield each colour with its contrast against the two grounds, and what it is fit for.

    A colour that lies on another one alone is judged by that one.
    """
    told = themes()[theme]
    for name, colour in told.items():
        ratios = [contrast(colour, told[ground]) for ground in GROUNDS]
        lies_on = ALONE_ON.get(name, "")
        least = contrast(colour, told[lies_on]) if lies_on else min(ratios)
        yield {
            "name": name,
            "colour": colour,
            "ratios": ratios,
            "fit": fit_for(least),
            "lies_on": lies_on,
            "least": least,
        }


def fit_for(ratio: float) -> str:
    """Say what a contrast is enough for: text, shape or ground."""
    if ratio >= TEXT:
        return "text"
    return "shape" if ratio >= SHAPE else "ground"


def shapes() -> dict[str, Any]:
    """Return the layers of the invented map, as scripts of real pages get them."""
    fields = [_field(column, row) for row in range(2) for column in range(3)]
    zone = {
        **_square(WEST + 1.2 * SIDE, SOUTH + 0.4 * SIDE, 1.2 * SIDE),
        "properties": {"name": _("Sample zone"), "open": True},
    }
    alerts = [(0.6, 1.4, 0), (1.8, 1.0, 1), (2.5, 0.5, 2)]
    units = [(0.5, 0.5, 0), (2.3, 1.5, 1)]
    return {
        "areas": {"type": "FeatureCollection", "features": fields},
        "zones": {"type": "FeatureCollection", "features": [zone]},
        "counts": {"1": 1, "2": 2, "4": 4, "5": 7},
        "alerts": _points(alerts),
        "units": _points(units),
    }


def _points(places: list[tuple[float, float, int]]) -> dict[str, Any]:
    return {
        "id": list(range(len(places))),
        "lon": [WEST + column * SIDE for column, _row, _kind in places],
        "lat": [SOUTH + row * SIDE for _column, row, _kind in places],
        "kind": [kind for _column, _row, kind in places],
    }


def _field(column: int, row: int) -> dict[str, Any]:
    square = _square(WEST + column * SIDE, SOUTH + row * SIDE, SIDE)
    return {**square, "id": str(3 * row + column), "properties": {"kind": "grid_cell"}}


def _square(west: float, south: float, side: float) -> dict[str, Any]:
    ring = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    corners = [[west + side * x, south + side * y] for x, y in ring]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [corners]}}


def _states() -> list[str]:
    return [str(state) for state in Case.State.values]


def _case(number: int, severity: str, state: str) -> Case:
    return Case(
        pk=number, system="sample", severity=severity, state=state, zone="sample", lon=WEST,
        lat=SOUTH, opened_at=NOON - timedelta(minutes=7 * number), area=Area(name=_("Sample town")),
    )  # fmt: skip


def _rows() -> Iterator[dict[str, Any]]:
    shown: tuple[tuple[int, str, str, list[str]], ...] = (
        (1, Severity.URGENT, Case.State.OPEN, []),
        (2, Severity.IMPORTANT, Case.State.DISPATCHED, [_("Sample boat")]),
        (3, Severity.NORMAL, Case.State.HANDLED, []),
    )
    for number, severity, state, units in shown:
        yield {
            "case": _case(number, severity, state),
            "zone": _("Sample water"),
            "units": units,
            "is_overdue": number == 1,
        }


def _task(case: Case) -> Task:
    return Task(
        pk=1, case=case, unit=Unit(name=_("Sample boat")), state=Task.State.OFFERED,
        offered_at=NOON, due_at=NOON + timedelta(minutes=5),
    )  # fmt: skip


def _chart() -> Columns:
    """Return a week of invented cases and alerts."""
    return Columns(
        _("Cases opened and alerts raised"),
        Span("2026-01-09", "2026-01-15").parts(),
        Series(_("Cases"), [3, 5, 2, 0, 6, 4, 1]),
        Series(_("Alerts"), [4, 7, 2, 1, 9, 4, 2]),
    )


def _timeline() -> Iterator[dict[str, Any]]:
    """Yield lines of a history, the newest first."""
    boat, desk = _("Sample boat"), _("Sample desk")
    told = (
        (9, boat, _("Unit arrived"), "", True),
        (3, desk, _("Unit sent"), boat, True),
        (0, _("Automatic"), _("Alert raised"), "", False),
    )
    for minute, who, what, target, is_person in told:
        yield {
            "at": NOON + timedelta(minutes=minute),
            "who": who,
            "what": what,
            "target": target,
            "is_person": is_person,
            "note": _("Two people on the jetty.") if minute == 9 else "",
        }


def _tabs() -> Iterator[dict[str, Any]]:
    for number, label in enumerate((_("In work"), _("Waits for a unit"), _("All"))):
        count = None if number == 2 else 3 - number
        yield {"label": label, "count": count, "address": "#tabs", "is_current": number == 0}


def _explained() -> dict[str, Any]:
    """Return why there is the invented alert."""
    inputs = [("time in the zone", 34.5, 30, "minutes"), ("positions inside", 12, 3, "")]
    return {
        "explanation": {
            "rule": "sample.rule",
            "version": 1,
            "params_hash": "0123456789abcdef",
            "journal": {"first": 1, "last": 12},
            "inputs": [
                {"name": name, "value": value, "threshold": limit, "unit": unit, "meets": True}
                for name, value, limit, unit in inputs
            ],
            "not_used": ["identity", "telephone number"],
            "alternatives": ["the position is off by more than it says"],
        },
        "certainty": Alert.Certainty.LIKELY.label,
        "who_sees": [_("Sample desk"), _("Sample boat")],
        "may": {},
    }
