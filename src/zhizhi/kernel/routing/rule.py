"""Ordered routing rules: what one asks of a case, what it decides, and which of them decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FIELDS = ("system", "category", "area", "area_kind", "severity", "source", "working_time")
YES, NO = "yes", "no"
DECLARED, NOBODY = "declared", "none"  # agencies: as the category or system says; nobody
SMALLEST = "smallest"  # the level of the smallest unit that answers for the place
Values = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a case when it is routed; categories and areas with those above them."""

    system: str
    category: tuple[str, ...]  # its own first
    area: tuple[str, ...]  # codes, the smallest unit first; nothing without areas
    area_kind: str  # of the smallest unit
    severity: str
    source: str
    working_time: bool

    def values(self) -> Values:
        """Return for each field everything that the case counts as."""
        return {
            "system": frozenset((self.system,)),
            "category": frozenset(self.category),
            "area": frozenset(self.area),
            "area_kind": frozenset((self.area_kind,)),
            "severity": frozenset((self.severity,)),
            "source": frozenset((self.source,)),
            "working_time": frozenset((YES if self.working_time else NO,)),
        }

    def facts(self) -> dict[str, Any]:
        """Return it for the record of a decision."""
        told = asdict(self)
        return {**told, "category": list(self.category), "area": list(self.area)}


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One rule: whom a case goes to that has one of the values in every field it names."""

    number: int  # its place in the text, from 1
    code: str
    name: str
    order: int
    when: Values
    agency: str = DECLARED
    team: str = ""  # a kind of team
    level: str = SMALLEST
    then: str = ""  # the code of the rule whose agency joins once the time is over
    line: int = 0

    def matches(self, values: Values) -> bool:
        return all(wanted & values[field] for field, wanted in self.when.items())


@dataclass(frozen=True, slots=True)
class RoutingChoice:
    """The rule that decides, and the one that would have decided without it."""

    rule: RoutingRule
    runner_up: RoutingRule | None

    @property
    def is_tie(self) -> bool:
        """Say whether only the place in the text decided: names have moved since the check."""
        return self.runner_up is not None and self.runner_up.order == self.rule.order


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """All rules in the order in which they are asked."""

    rules: tuple[RoutingRule, ...]

    @classmethod
    def ordered(cls, rules: list[RoutingRule]) -> RoutingRules:
        return cls(tuple(sorted(rules, key=lambda rule: (rule.order, rule.number))))

    def decide(self, matter: Matter) -> RoutingChoice:
        """Return the first rule that matches, with the next; raises LookupError for none."""
        values = matter.values()
        matching = (rule for rule in self.rules if rule.matches(values))
        first = next(matching, None)
        if first is None:
            message = "no routing rule matches"
            raise LookupError(message)
        return RoutingChoice(first, next(matching, None))

    def after(self, code: str, steps: int) -> RoutingRule | None:
        """Return the rule that is ``steps`` further in the chain of those whose time is over."""
        by_code = {rule.code: rule for rule in self.rules}
        rule = by_code.get(code)
        for _step in range(steps):
            rule = by_code.get(rule.then) if rule else None
        return rule
