"""Routing decisions and the rules behind them in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from zhizhi.directory.models import Agency, Area, Team
from zhizhi.engine.models import Severity
from zhizhi.engine.routing_rules import versions
from zhizhi.engine.system import system_named
from zhizhi.kernel.routing.rule import DECLARED, NO, NOBODY, SMALLEST, YES
from zhizhi.web.words import case_kind_name

FIELDS: Mapping[str, Promise] = {
    "system": gettext_lazy("System"),
    "category": gettext_lazy("Category"),
    "area": gettext_lazy("Area"),
    "area_kind": gettext_lazy("Kind of area"),
    "severity": gettext_lazy("Severity"),
    "source": gettext_lazy("Source"),
    "working_time": gettext_lazy("Within working time"),
}
Names = Mapping[str, str]
gettext_noop("Smallest responsible unit")  # versions.PACKAGED_NAME


def decision_words(data: Mapping[str, Any]) -> list[SafeString]:
    """Return a routing decision in sentences; nothing for one from before rules were data."""
    if "version" not in data:
        return []
    agencies = agency_names(data["agencies"])
    areas = area_names(filter(None, (data["area"], data["runner_up"])))
    names = _rule_names(data["version"])
    return [
        format_html(
            _("Rule {rule}, version {version}, sends it to: {where}."),
            rule=rule_name(names.get(data["rule"], data["rule"])), version=data["version"],
            where=_where(data, agencies, areas),
        ),
        format_html(_("Decided by: {inputs}."), inputs=_inputs(data["inputs"], areas)),
        _runner_up(data, areas, names),
    ]  # fmt: skip


def _where(data: Mapping[str, Any], agencies: Names, areas: Names) -> str:
    area = areas.get(data["area"], data["area"]) or _("no area")
    lead = _(", ").join(agencies.get(code, code) for code in data["agencies"])
    team = team_name(data["team"])
    return " · ".join(filter(None, (area, lead or _("no agency"), team)))


def _inputs(inputs: Mapping[str, Any], areas: Names) -> SafeString:
    """Return what a rule could know of the case; of its categories the nearest alone.

    In the order of the fields here: PostgreSQL keeps the keys of a JSON object in its own.
    """
    told = {**inputs, "category": inputs["category"][0]}
    told["working_time"] = YES if inputs["working_time"] else NO
    pairs = (
        (words, value_name(name, told[name], areas))
        for name, words in FIELDS.items()
        if name != "area" and told.get(name)
    )
    return format_html_join(_("; "), "{} {}", pairs)


def _runner_up(data: Mapping[str, Any], areas: Names, names: Names) -> SafeString:
    other = data["runner_up_rule"]
    text = _("No other rule would have taken it.")
    if other:
        text = _("Without it rule {rule} would have decided.")
    if data["is_tie"]:
        text = _("Rule {rule} has the same place in the order: correct the rules.")
    said = format_html(text, rule=rule_name(names.get(other, other)) if other else "")
    if not data["runner_up"]:
        return said
    area = areas.get(data["runner_up"], data["runner_up"])
    beside = format_html(_("The next unit that holds the place is {area}."), area=area)
    return format_html("{} {}", said, beside)


def _rule_names(version: int) -> Names:
    """Return the names of a version's rules by their codes."""
    rules = versions.of_version(version)
    return {rule.code: rule.name for rule in rules.rules} if rules else {}


def rule_name(name: str) -> SafeString | str:
    """Return a rule's name: what the house comes with is translated, the rest is as typed."""
    return _(name) if name == versions.PACKAGED_NAME else format_html("<code>{}</code>", name)


def value_name(field: str, value: str, areas: Names) -> SafeString | str:
    """Return one value of a condition in words; the value itself where there are none."""
    if field == "system":
        system = system_named(value)
        return str(system.verbose_name) if system else value
    if field == "working_time":
        return _("yes") if value == YES else _("no")
    words: dict[str, Mapping[str, Any]] = {
        "area": areas,
        "area_kind": dict(Area.Kind.choices),
        "severity": dict(Severity.choices),
    }
    if field == "category":
        return case_kind_name(value)
    named = words.get(field, {}).get(value)
    return format_html("<code>{}</code>", value) if named is None else str(named)


def agency_name(code: str, agencies: Names) -> str:
    """Return what a rule says about the agency, in words."""
    said = {DECLARED: _("as the category says"), NOBODY: _("no agency")}
    return said.get(code) or agencies.get(code, code)


def level_name(level: str) -> str:
    """Return from which level on an area answers, in words."""
    return (
        _("smallest unit") if level == SMALLEST else str(dict(Area.Kind.choices).get(level, level))
    )


def team_name(team: str) -> str:
    """Return a kind of team in words, or nothing."""
    return str(dict(Team.Kind.choices).get(team, team))


def agency_names(codes: Iterable[str]) -> Names:
    """Return the names of agencies by their codes, by one query."""
    return dict(Agency.objects.filter(code__in=set(codes)).values_list("code", "name"))


def area_names(codes: Iterable[str]) -> Names:
    """Return the names of areas by their codes, by one query; the newest drawing counts."""
    rows = Area.objects.filter(code__in=set(codes)).order_by("version", "pk")
    return dict(rows.values_list("code", "name"))
