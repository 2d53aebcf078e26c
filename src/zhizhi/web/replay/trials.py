"""What the pages show of trials: counts, differences for these eyes, and how much more to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from zhizhi.engine import settings_in_force, trials
from zhizhi.engine.models import Trial
from zhizhi.engine.system import DeclaredSetting, systems
from zhizhi.kernel.detection import Detector
from zhizhi.trust.scoping import Scope
from zhizhi.web.replay import marks, moments
from zhizhi.web.setting_facts import plain, written
from zhizhi.web.setting_form import field_of

LISTED = 30
SHOWN = 300
NEW, GONE = trials.NEW, trials.GONE
PERIODS = (  # days, in words
    (1, gettext_lazy("the last day")),
    (3, gettext_lazy("the last 3 days")),
    (7, gettext_lazy("the last 7 days")),
)


def rules() -> dict[str, tuple[Detector, list[DeclaredSetting]]]:
    """Return every rule of the installed systems with the settings that it depends on."""
    found = {}
    values = settings_in_force.snapshot()
    for system in systems():
        for number, detector in enumerate(system.detectors(values)):
            asked = [
                one
                for one in system.settings
                if not isinstance(one.value, str)
                and system.detectors({**values, one.key: _other(one, values[one.key])})[number]
                != detector
            ]
            found[detector.code] = (detector, asked)
    return found


def _other(one: DeclaredSetting, value: Any) -> Any:
    """Return another allowed value: a rule that changes with it depends on the setting."""
    if isinstance(value, bool):
        return not value
    low, high = type(value)(one.minimum or 0), type(value)(one.maximum or 0)
    return high if low == value else low


class TrialForm(forms.Form):
    """Which settings of a rule to try with another value, and on which days."""

    days = forms.TypedChoiceField(choices=PERIODS, coerce=int, label=gettext_lazy("Period"))

    def __init__(self, asked: Sequence[DeclaredSetting], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.asked = {one.key: one for one in asked}
        self.values = settings_in_force.snapshot()
        for one in asked:
            field = field_of(one)
            field.label = f"{one.name} ({one.unit})" if one.unit else str(one.name)
            field.initial = plain(self.values[one.key])
            self.fields[one.key] = field
        self.order_fields([*self.asked, "days"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not self.changes():
            raise forms.ValidationError(_("Change at least one value: as it is, nothing differs."))
        return data

    def changes(self) -> dict[str, Any]:
        """Return the values that differ from those in force."""
        told = {key: self.cleaned_data.get(key) for key in self.asked}
        return {key: value for key, value in told.items() if value != self.values[key]}


def listed() -> list[dict[str, Any]]:
    """Return the newest trials."""
    rows = Trial.objects.defer("result").order_by("-pk")[:LISTED]
    return [{"trial": one, "changes": changes_of(one)} for one in rows]


def changes_of(trial: Trial) -> list[dict[str, Any]]:
    """Return each changed setting in words: what was in force, and what is tried."""
    known = settings_in_force.declared()
    return [
        {
            "key": key,
            "name": known[key].name,
            "was": written(known[key], trial.numbers.get(key)),
            "will": written(known[key], value),
            "value": plain(value),
        }
        for key, value in trial.changes.items()
        if key in known
    ]


def facts(scope: Scope, trial: Trial) -> dict[str, Any]:
    """Return what one finished trial showed, as far as these eyes may see it."""
    result: Mapping[str, Any] = trial.result or {}
    rows = [_read(one) for one in result.get("differences", ()) if _is_visible(scope, one)]
    counts = Counter(one["change"] for one in rows)
    history = moments.History(trial.since, trial.until)
    return {
        "result": result,
        "said": said(trial, counts),
        "counts": {NEW: counts[NEW], GONE: counts[GONE]},
        "differences": rows[:SHOWN],
        "is_cut": len(rows) > SHOWN,
        "hidden": len(result.get("differences", ())) - len(rows),
        "days": _table(rows, lambda one: f"{timezone.localtime(one['found_at']):%Y-%m-%d}"),
        "areas": _table(rows, lambda one: one["area"] or "–"),
        "dispatches": dispatches(result, counts),
        "ticks": marks.ticks(((one["raised_at"], one["change"]) for one in rows), history),
        "points": _points(rows[:SHOWN]),
    }


def _is_visible(scope: Scope, one: Mapping[str, Any]) -> bool:
    return any(one["path"].startswith(grant.area_path) for grant in scope.grants)


def _read(one: Mapping[str, Any]) -> dict[str, Any]:
    read = {
        name: datetime.fromisoformat(one[name]) if one[name] else None
        for name in ("started_at", "found_at", "raised_at", "left_at", "earlier")
    }
    told: dict[str, Any] = {**one, **read}
    told["written"] = moments.write(told["raised_at"])
    told["decisive"] = [row for row in one["inputs"] if row["met"] != row["meets"]]
    return told


def said(trial: Trial, counts: Mapping[str, int]) -> str:
    """Say in one sentence what differs: "With 20 minutes: +14 alerts, -3"."""
    values = _(", ").join(f"{one['name']} {one['will']}" for one in changes_of(trial))
    more, less = counts[NEW], counts[GONE]
    if not more and not less:
        return _("With {values}: the same alerts.").format(values=values)
    told = (
        ngettext("+{n} alert", "+{n} alerts", more).format(n=more) if more else "",
        ngettext("−{n} alert", "−{n} alerts", less).format(n=less) if less else "",
    )
    changes = _(", ").join(filter(None, told))
    return _("With {values}: {changes}.").format(values=values, changes=changes)


def dispatches(result: Mapping[str, Any], counts: Mapping[str, int]) -> int | None:
    """Return how many more dispatches the difference would lead to, by the share of the period."""
    if not result.get("cases"):
        return None
    share: float = result["sent"] / result["cases"]
    return round((counts[NEW] - counts[GONE]) * share)


def _table(rows: Sequence[Mapping[str, Any]], named: Any) -> list[dict[str, Any]]:
    found: dict[str, Counter[str]] = {}
    for one in rows:
        found.setdefault(named(one), Counter())[one["change"]] += 1
    return [
        {"name": name, NEW: found[name][NEW], GONE: found[name][GONE]} for name in sorted(found)
    ]


def _points(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the differences as columns for the map, as a dry run shows them."""
    drawn = {}
    for name, change in (("found", NEW), ("gone", GONE)):
        mine = [one for one in rows if one["change"] == change and one["lon"] is not None]
        drawn[name] = {
            "id": list(range(len(mine))),
            "lon": [one["lon"] for one in mine],
            "lat": [one["lat"] for one in mine],
            "kind": [1] * len(mine),
        }
    return drawn


def period(days: int, now: datetime) -> datetime:
    """Return when the period begins, not before anything was observed."""
    return max(now - timedelta(days=days), moments.History.until(now).first)
