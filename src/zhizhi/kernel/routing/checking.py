"""Whether routing rules fit together: ties, rules that never decide, rings, names nobody knows.

What a case can be is a product of five groups of fields. Within a group everything that is known
is listed, so that the answers are exact for what exists and not guessed from the wording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from zhizhi.kernel.routing.problems import RoutingProblem
from zhizhi.kernel.routing.rule import (
    DECLARED,
    NO,
    NOBODY,
    SMALLEST,
    YES,
    RoutingRule,
    RoutingRules,
    Values,
)

GROUPS = (
    ("system", "category"),
    ("area", "area_kind"),
    ("severity",),
    ("source",),
    ("working_time",),
)
Box = tuple[int, ...]  # for each group the bits of what a rule takes


@dataclass(frozen=True, slots=True)
class RoutingNames:
    """What exists: rules may name nothing else.

    ``categories`` are a system with a category and those above it, ``areas`` a kind of area with
    the codes from the area up.
    """

    categories: tuple[tuple[str, tuple[str, ...]], ...]
    areas: tuple[tuple[str, tuple[str, ...]], ...]
    severities: tuple[str, ...]
    sources: tuple[str, ...]
    agencies: tuple[str, ...]
    teams: tuple[str, ...]
    levels: tuple[str, ...]

    def known(self) -> Values:
        """Return what may stand in each field."""
        return {
            "system": frozenset(system for system, _way in self.categories),
            "category": frozenset(one for _system, way in self.categories for one in way),
            "area": frozenset(one for _kind, way in self.areas for one in way),
            "area_kind": frozenset(kind for kind, _way in self.areas),
            "severity": frozenset(self.severities),
            "source": frozenset(self.sources),
            "working_time": frozenset((YES, NO)),
            "agency": frozenset((*self.agencies, DECLARED, NOBODY)),
            "team": frozenset((*self.teams, "")),
            "level": frozenset((*self.levels, SMALLEST)),
        }

    def cases(self) -> tuple[list[Values], ...]:
        """Return for each group all that a case can be; nothing at all stands for the unknown."""
        return (
            [{}, *(_pair("system", one, "category", way) for one, way in self.categories)],
            [{}, *(_pair("area_kind", one, "area", way) for one, way in self.areas)],
            [{"severity": frozenset((one,))} for one in self.severities],
            [{}, *({"source": frozenset((one,))} for one in self.sources)],
            [{"working_time": frozenset((one,))} for one in (YES, NO)],
        )


def _pair(one: str, value: str, other: str, values: Sequence[str]) -> Values:
    return {one: frozenset((value,)), other: frozenset(values)}


def problems(found: RoutingRules, names: RoutingNames) -> list[RoutingProblem]:
    """Return everything that keeps the rules from being used; nothing when they may be."""
    rules = sorted(found.rules, key=lambda rule: rule.number)
    told = [*_unknown(rules, names), *_without_catch_all(rules), *_rings(rules)]
    if any(one.kind == "unknown" for one in told):
        return told  # what a wrong name would take nobody can say
    boxes = _boxes(rules, names)
    return [*told, *_ties(rules, boxes), *_unreachable(found.rules, boxes)]


def _unknown(rules: Sequence[RoutingRule], names: RoutingNames) -> Iterator[RoutingProblem]:
    known = names.known()
    codes = frozenset(rule.code for rule in rules)
    for rule in rules:
        written = {name: sorted(values) for name, values in rule.when.items()}
        written |= {"agency": [rule.agency], "team": [rule.team], "level": [rule.level]}
        if rule.then:
            written["then"] = [rule.then]
        for name, values in written.items():
            may_be = codes if name == "then" else known[name]
            for value in values:
                if value not in may_be:
                    yield _problem("unknown", rule, name, value, *sorted(may_be - {""}))


def _problem(
    kind: str, rule: RoutingRule, name: str = "", value: str = "", *known: str
) -> RoutingProblem:
    return RoutingProblem(kind, rule.number, name, rule.line, value, known)


def _without_catch_all(rules: Sequence[RoutingRule]) -> Iterator[RoutingProblem]:
    if all(rule.when for rule in rules):
        yield RoutingProblem("no-catch-all")


def _rings(rules: Sequence[RoutingRule]) -> Iterator[RoutingProblem]:
    """Yield each ring of rules that pass a case on to each other, at its first rule."""
    by_code = {rule.code: rule for rule in rules}
    for rule in rules:
        way = [rule]
        while (following := by_code.get(way[-1].then)) and following not in way:
            way.append(following)
        if following is rule and min(one.number for one in way) == rule.number:
            ring = " → ".join(str(one.number) for one in (*way, rule))
            yield _problem("ring", rule, "then", ring)


def _boxes(rules: Sequence[RoutingRule], names: RoutingNames) -> dict[int, Box]:
    """Return what each rule takes, by number: in each group one bit for what is told apart."""
    masks: dict[int, list[int]] = {rule.number: [] for rule in rules}
    for group, cases in zip(GROUPS, names.cases(), strict=True):
        asking = [rule for rule in rules if not rule.when.keys().isdisjoint(group)]
        told_apart = {tuple(_takes(rule, group, case) for rule in asking) for case in cases}
        columns = list(zip(*told_apart, strict=True)) if asking else []
        whole = (1 << len(told_apart)) - 1
        for rule in rules:
            masks[rule.number].append(whole)
        for rule, column in zip(asking, columns, strict=True):
            masks[rule.number][-1] = sum(1 << at for at, takes in enumerate(column) if takes)
    return {number: tuple(mask) for number, mask in masks.items()}


def _takes(rule: RoutingRule, group: Sequence[str], case: Values) -> bool:
    return all(rule.when[name] & case.get(name, frozenset()) for name in group if name in rule.when)


def _ties(rules: Sequence[RoutingRule], boxes: dict[int, Box]) -> Iterator[RoutingProblem]:
    for one, other in combinations(rules, 2):
        if one.order == other.order and _meet(boxes[one.number], boxes[other.number]):
            yield _problem("tie", other, "order", str(one.number))


def _unreachable(ordered: Sequence[RoutingRule], boxes: dict[int, Box]) -> Iterator[RoutingProblem]:
    for place, rule in enumerate(ordered):
        box = boxes[rule.number]
        if not all(box):
            yield _problem("never", rule, "when")
            continue
        before = [one for one in ordered[:place] if one.order < rule.order]
        others = [one for one in before if _meet(boxes[one.number], box)]
        if _is_covered(box, [boxes[one.number] for one in others]):
            numbers = ", ".join(str(one.number) for one in others)
            yield _problem("unreachable", rule, "order", numbers)


def _meet(one: Box, other: Box) -> bool:
    return all(a & b for a, b in zip(one, other, strict=True))


def _is_covered(box: Box, others: Sequence[Box]) -> bool:
    """Say whether ``others`` together take all of ``box``: what one leaves, the next ones must."""
    for place, other in enumerate(others):
        if not _meet(box, other):
            continue
        left = list(box)
        for group, (mine, its) in enumerate(zip(box, other, strict=True)):
            if outside := mine & ~its:
                piece = (*left[:group], outside, *left[group + 1 :])
                if not _is_covered(piece, others[place + 1 :]):
                    return False
            left[group] = mine & its
        return True
    return False
