"""Who answers for a new case: the rules in force, asked once, and the decision on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from zhizhi.directory.models import Area
from zhizhi.engine import spans
from zhizhi.engine.routing import Route, codes_of
from zhizhi.engine.routing_rules import versions
from zhizhi.kernel.routing.rule import DECLARED, NOBODY, Matter, RoutingRule, RoutingRules
from zhizhi.kernel.working_time import YearUnknown

A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RoutingQuestion:
    """What a rule may know of a case besides place and time; ``kinds`` with those above it."""

    system: str
    kinds: tuple[str, ...]
    severity: str
    source: str
    agency: str = ""  # the code that its category or system names as lead


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """What was decided: the area that begins, the code of the lead agency, and the record."""

    area: Area | None
    lead: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Router:
    """The rules in force at one moment."""

    version: int
    rules: RoutingRules
    is_working_time: bool

    @classmethod
    def at(cls, now: datetime) -> Router:
        """Return what decides at ``now``; ask it for each case of a batch."""
        found = versions.in_force()
        return cls(found.version, found.rules, is_working_time(now))

    def decide(self, asked: RoutingQuestion, route: Route) -> RoutingDecision:
        """Return who answers for a case that lies where ``route`` was found."""
        smallest = route.area
        matter = Matter(
            asked.system, asked.kinds, codes_of(smallest.path) if smallest else (),
            smallest.kind if smallest else "", asked.severity, asked.source, self.is_working_time,
        )  # fmt: skip
        choice = self.rules.decide(matter)
        rule, runner_up = choice.rule, choice.runner_up
        area = route.at_level(rule.level)
        facts = {
            **route.facts(),
            "area": area.code if area else None,
            "area_kind": area.kind if area else None,
            "version": self.version,
            "rule": rule.code,
            "rule_number": rule.number,
            "runner_up_rule": runner_up.code if runner_up else None,
            "is_tie": choice.is_tie,
            "level": rule.level,
            "team": rule.team,
            "declared": asked.agency,
            "inputs": matter.facts(),
        }
        return RoutingDecision(area, lead_of(rule, asked.agency), facts)


def lead_of(rule: RoutingRule, declared: str) -> str:
    """Return the code of the agency that leads, or nothing."""
    return {DECLARED: declared, NOBODY: ""}.get(rule.agency, rule.agency)


def is_working_time(at: datetime) -> bool:
    """Say whether ``at`` lies in duty hours; beyond the years that are announced it does not."""
    try:
        return spans.calendar().worked(at, at + A_MOMENT) > timedelta()
    except YearUnknown:
        return False
