"""What the pages of the routing rules show: rules in words, what is wrong, what a trial found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.engine.routing_rules.comparing import Destination, RoutingTrial
from zhizhi.kernel.routing.problems import RoutingProblem
from zhizhi.kernel.routing.rule import RoutingRule, RoutingRules
from zhizhi.web.routing_words import (
    FIELDS,
    Names,
    agency_name,
    agency_names,
    area_names,
    level_name,
    rule_name,
    team_name,
    value_name,
)
from zhizhi.web.words import case_kind_name

SHOWN = 100  # cases that would go elsewhere
MOST_KNOWN = 12  # names offered instead of a wrong one
PROBLEMS: Mapping[str, tuple[Promise, Promise]] = {
    "unreadable": (
        gettext_lazy("This cannot be read as YAML."),
        gettext_lazy("Mind the indentation and the blank behind a colon; give each name once."),
    ),
    "no-rules": (
        gettext_lazy("There is no list of rules."),
        gettext_lazy("Begin with a line “rules:” and write each rule behind a hyphen."),
    ),
    "too-many": (
        gettext_lazy("There are more than {value} rules."),
        gettext_lazy("Join rules that send to the same place."),
    ),
    "too-long-text": (
        gettext_lazy("The text has more than {value} letters."),
        gettext_lazy("Shorten it."),
    ),
    "no-mapping": (
        gettext_lazy("Names with values belong here."),
        gettext_lazy("Write lines such as “order: 10”."),
    ),
    "unknown-field": (
        gettext_lazy("Nothing is called so."),
        gettext_lazy("Use one of: {known}."),
    ),
    "missing": (gettext_lazy("It is missing."), gettext_lazy("Add the line.")),
    "no-single-value": (
        gettext_lazy("One value belongs here."),
        gettext_lazy("Write it without brackets, or leave the line out."),
    ),
    "no-code": (
        gettext_lazy("“{value}” cannot be a code."),
        gettext_lazy("Write it with a to z, 0 to 9 and hyphens, like street-lamp."),
    ),
    "too-long": (
        gettext_lazy("It has more than {known} letters."),
        gettext_lazy("Shorten it."),
    ),
    "no-number": (
        gettext_lazy("“{value}” is no number of the order."),
        gettext_lazy("Write a whole number from 0 to {known}, in half-width digits."),
    ),
    "no-values": (
        gettext_lazy("There is no value."),
        gettext_lazy("Write one, or several in brackets, or leave the line out."),
    ),
    "no-answer": (
        gettext_lazy("“{value}” is no answer."),
        gettext_lazy("Write yes or no."),
    ),
    "code-twice": (
        gettext_lazy("Rule {value} has the same code."),
        gettext_lazy("Give each rule a code of its own."),
    ),
    "unknown": (
        gettext_lazy("“{value}” is not known here."),
        gettext_lazy("Use one of: {known}."),
    ),
    "no-catch-all": (
        gettext_lazy("No rule takes what the others leave."),
        gettext_lazy("Add a last rule without conditions, so that nothing stays unrouted."),
    ),
    "ring": (
        gettext_lazy("The rules pass a case on in a circle: {value}."),
        gettext_lazy("Take “then” out of one of them."),
    ),
    "tie": (
        gettext_lazy("It has the same order as rule {value}, and a case can match both."),
        gettext_lazy("Give one of the two another order, or conditions that exclude each other."),
    ),
    "never": (
        gettext_lazy("No case can meet all its conditions."),
        gettext_lazy("Take one of them out: such a category or area does not exist together."),
    ),
    "unreachable": (
        gettext_lazy("It never decides: rules {value} come before and take all that it would."),
        gettext_lazy("Give it a smaller order, or take it out."),
    ),
}


def problem_facts(problems: Iterable[RoutingProblem]) -> list[dict[str, Any]]:
    """Return what is wrong with each rule and what to do, in words."""
    return [_problem(one) for one in problems]


def _problem(one: RoutingProblem) -> dict[str, Any]:
    what, remedy = PROBLEMS[one.kind]
    known = _(", ").join(one.known[:MOST_KNOWN]) + (" …" if len(one.known) > MOST_KNOWN else "")
    filled = {"value": one.value, "known": known}
    return {
        "rule": one.rule, "field": one.field, "line": one.line,
        "what": str(what).format(**filled), "remedy": str(remedy).format(**filled),
    }  # fmt: skip


def rule_rows(rules: RoutingRules) -> list[dict[str, Any]]:
    """Return the rules in their order, in words."""
    agencies = agency_names(rule.agency for rule in rules.rules)
    areas = area_names(code for rule in rules.rules for code in rule.when.get("area", ()))
    names = {rule.code: rule_name(rule.name) for rule in rules.rules}
    return [_rule(rule, agencies, areas, names) for rule in rules.rules]


def _rule(
    rule: RoutingRule, agencies: Names, areas: Names, names: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "rule": rule,
        "name": names[rule.code],
        "when": [
            (FIELDS[name], [value_name(name, one, areas) for one in sorted(values)])
            for name, values in rule.when.items()
        ],
        "agency": agency_name(rule.agency, agencies),
        "level": level_name(rule.level),
        "team": team_name(rule.team),
        "then": names.get(rule.then, ""),
    }


def trial_facts(trial: RoutingTrial, *rules: RoutingRules) -> dict[str, Any]:
    """Return what a trial found: cases with from and to, and how many each rule takes."""
    shown = trial.rerouted[:SHOWN]
    ends = [end for one in shown for end in (one.was, one.will)]
    agencies = agency_names(end.agency for end in ends)
    areas = area_names(end.area for end in ends)
    names = {rule.code: rule.name for found in rules for rule in found.rules}
    counts = [
        {"name": rule_name(names[code]), "before": trial.before.get(code, 0),
         "after": trial.after.get(code, 0)}
        for code in dict.fromkeys([*trial.before, *trial.after])
    ]  # fmt: skip
    return {
        "count": trial.count,
        "changed": len(trial.rerouted),
        "is_cut": len(trial.rerouted) > SHOWN,
        "counts": counts,
        "rows": [
            {
                "case": one.case,
                "kind": case_kind_name(one.case.kind),
                "was": _end(one.was, agencies, areas),
                "will": _end(one.will, agencies, areas),
                "old": rule_name(one.old.name),
                "new": rule_name(one.new.name),
            }
            for one in shown
        ],
    }


def _end(end: Destination, agencies: Names, areas: Names) -> str:
    area = areas.get(end.area, end.area) or _("no area")
    agency = agencies.get(end.agency, end.agency) or _("no agency")
    return " · ".join(filter(None, (agency, area, team_name(end.team))))
