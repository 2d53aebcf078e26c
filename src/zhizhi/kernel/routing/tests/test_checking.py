"""Whether rules fit together, against a naive look at every case that there can be."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.routing.checking import problems
from zhizhi.kernel.routing.rule import Matter, RoutingRule, RoutingRules, Values
from zhizhi.kernel.routing.tests.building import NAMES, rule, rules, text, told


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("code: a, name: A, order: 1, when: {severity: urgent}", []),
        ("code: a, name: A, order: 1, when: {system: traffic}", [("unknown", 1, "system")]),
        ("code: a, name: A, order: 1, when: {category: grid.x}", [("unknown", 1, "category")]),
        ("code: a, name: A, order: 1, when: {area: 98}", [("unknown", 1, "area")]),
        ("code: a, name: A, order: 1, when: {area_kind: house}", [("unknown", 1, "area_kind")]),
        ("code: a, name: A, order: 1, when: {severity: bad}", [("unknown", 1, "severity")]),
        ("code: a, name: A, order: 1, when: {source: fax}", [("unknown", 1, "source")]),
        ("code: a, name: A, order: 1, to: {agency: navy}", [("unknown", 1, "agency")]),
        ("code: a, name: A, order: 1, to: {team: choir}", [("unknown", 1, "team")]),
        ("code: a, name: A, order: 1, to: {level: planet}", [("unknown", 1, "level")]),
        ("code: a, name: A, order: 1, then: b", [("unknown", 1, "then")]),
        ("code: a, name: A, order: 1, then: a", [("ring", 1, "then"), ("unreachable", 2, "order")]),
        ("code: a, name: A, order: 900", [("tie", 2, "order")]),
        ("code: a, name: A, order: 901", [("unreachable", 1, "order")]),
        ("code: a, name: A, order: 1, when: {system: grid, category: illegal-fishing}",
         [("never", 1, "when")]),
        ("code: a, name: A, order: 1, when: {area: 9901, area_kind: exclusive_area}",
         [("never", 1, "when")]),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_is_told(written: str, found: list[tuple[str, int, str]]) -> None:
    assert told(text(written)) == found


def test_there_must_be_a_rule_for_everything() -> None:
    found = told(
        "rules: [{code: a, name: A, order: 1, when: {severity: [urgent, important, normal]}}]"
    )

    assert found == [("no-catch-all", 0, "")]


def test_what_a_category_takes_its_children_are_taken_too() -> None:
    clean = "code: a, name: A, order: 1, when: {category: grid.clean}"
    litter = "code: b, name: B, order: %s, when: {category: grid.litter}"
    lamp = "code: b, name: B, order: 1, when: {category: grid.lamp}"

    assert told(text(clean, litter % 1)) == [("tie", 2, "order")]
    assert told(text(clean, litter % 2)) == [("unreachable", 2, "order")]
    assert told(text(clean, litter % 0)) == []
    assert told(text(clean, lamp)) == []


def test_several_rules_together_hide_one() -> None:
    town = "code: a, name: A, order: 1, when: {area: 9901, severity: urgent}"
    rest = "code: b, name: B, order: 2, when: {area: 9901, severity: [important, normal]}"
    cell = "code: c, name: C, order: 3, when: {area: 990101}"

    assert told(text(town, rest, cell)) == [("unreachable", 3, "order")]
    assert told(text(town, cell)) == []


def test_the_ring_is_named_once_at_its_first_rule_and_ways_into_it_are_not() -> None:
    asked = rules(
        rule(1, 1, then="r2", severity={"urgent"}),
        rule(2, 2, then="r4", system={"grid"}),
        rule(3, 3, then="r2", source={"resident-page"}),
        rule(4, 4, then="r2"),
    )

    found = [one for one in problems(asked, NAMES) if one.kind == "ring"]

    assert [(one.rule, one.value) for one in found] == [(2, "2 → 4 → 2")]


def test_what_hides_a_rule_and_what_may_be_written_instead_is_told() -> None:
    [hidden] = problems(rules(rule(1, 1), rule(2, 5), rule(3, 7)), NAMES)[1:]
    [unknown] = problems(rules(rule(1), rule(2, 1, severity={"bad"})), NAMES)

    assert (hidden.rule, hidden.value) == (3, "1, 2")
    assert (unknown.value, unknown.known) == ("bad", ("important", "normal", "urgent"))


def cases() -> Iterator[Values]:
    """Yield every case that there can be in the small world, and those with nothing known."""
    for parts in itertools.product(*NAMES.cases()):
        empty = dict.fromkeys(
            ("system", "category", "area", "area_kind", "source"), frozenset[str]()
        )
        yield {**empty, **{name: values for part in parts for name, values in part.items()}}


CASES = list(cases())


def naive(asked: RoutingRules) -> set[tuple[str, int, str]]:
    """Return ties, rules that take nothing and rules that never come first, case by case."""
    found, first = set(), set()
    taken: dict[int, int] = dict.fromkeys((one.number for one in asked.rules), 0)
    for case in CASES:
        matching = [one for one in asked.rules if one.matches(case)]
        for one in matching:
            taken[one.number] += 1
            first |= {one.number} if one.order == matching[0].order else set()
            for other in matching:
                if other.order == one.order and other.number < one.number:
                    found.add(("tie", one.number, str(other.number)))
    for one in asked.rules:
        if not taken[one.number]:
            found.add(("never", one.number, ""))
        elif one.number not in first:
            found.add(("unreachable", one.number, ""))
    return found


def some(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), min_size=1, max_size=3)


WHENS = st.fixed_dictionaries(
    {},
    optional={
        "system": some("grid", "fishery"),
        "category": some("grid.clean", "grid.litter", "grid.lamp", "illegal-fishing"),
        "area": some("99", "9901", "990101", "9902x"),
        "area_kind": some("district", "town", "grid_cell", "exclusive_area"),
        "severity": some("urgent", "important", "normal"),
        "source": some("resident-page", "fishery.dwell"),
        "working_time": some("yes", "no"),
    },
)
DRAWN = st.lists(st.tuples(st.integers(0, 4), WHENS), min_size=1, max_size=7)


def made(drawn: list[tuple[int, dict[str, frozenset[str]]]]) -> list[RoutingRule]:
    return [RoutingRule(at, f"r{at}", "", order, when) for at, (order, when) in enumerate(drawn, 1)]


@given(DRAWN)
def test_ties_and_rules_that_never_decide_are_those_that_a_naive_look_finds(
    drawn: list[tuple[int, dict[str, frozenset[str]]]],
) -> None:
    asked = rules(*made(drawn))

    found = {
        (one.kind, one.rule, one.value if one.kind == "tie" else "")
        for one in problems(asked, NAMES)
        if one.kind in {"tie", "never", "unreachable"}
    }

    assert found == naive(asked)


MATTERS = [
    Matter(system, way, area, kind, severity, source, is_working)
    for (system, way), (kind, area), severity, source, is_working in itertools.product(
        NAMES.categories, NAMES.areas, NAMES.severities, NAMES.sources, (True, False)
    )
]


@given(DRAWN, st.sampled_from(MATTERS))
def test_the_rule_that_decides_is_the_first_that_a_naive_look_finds(
    drawn: list[tuple[int, dict[str, frozenset[str]]]], case: Matter
) -> None:
    last = RoutingRule(99, "rest", "", 9999, {})
    asked = [*made(drawn), last]
    said = {**case.facts(), "working_time": "yes" if case.working_time else "no"}
    best = sorted((one.order, one.number) for one in asked if takes(one.when, said))

    choice = rules(*asked).decide(case)

    found = [one for one in (choice.rule, choice.runner_up) if one]
    assert [(one.order, one.number) for one in found] == best[:2]


def takes(when: Values, said: dict[str, Any]) -> bool:
    """Say whether every field has one of its values in what is said, one value or a list."""
    for name, wanted in when.items():
        known = said[name] if isinstance(said[name], list) else [said[name]]
        if not any(value in known for value in wanted):
            return False
    return True
