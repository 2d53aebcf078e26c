"""Which rule decides, and which would have."""

from __future__ import annotations

from typing import Any

import pytest

from zhizhi.kernel.routing.tests.building import matter, rule, rules


@pytest.mark.parametrize(
    ("when", "said", "is_matching"),
    [
        ({}, {}, True),
        ({"system": {"grid"}}, {}, True),
        ({"system": {"fishery"}}, {}, False),
        ({"system": {"fishery", "grid"}}, {}, True),
        ({"category": {"grid.litter"}}, {}, True),
        ({"category": {"grid.clean"}}, {}, True),
        ({"category": {"grid.litter"}}, {"category": ("grid.clean",)}, False),
        ({"area": {"9901"}}, {}, True),
        ({"area": {"9902"}}, {}, False),
        ({"area": {"99"}}, {"area": ()}, False),
        ({"area_kind": {"town"}}, {}, False),
        ({"severity": {"urgent", "normal"}}, {}, True),
        ({"source": {"fishery.dwell"}}, {}, False),
        ({"working_time": {"yes"}}, {}, True),
        ({"working_time": {"yes"}}, {"working_time": False}, False),
        ({"working_time": {"no"}}, {"working_time": False}, True),
        ({"system": {"grid"}, "severity": {"urgent"}}, {}, False),
    ],
)
def test_a_rule_takes_what_has_one_of_its_values_in_every_field(
    when: dict[str, Any], said: dict[str, Any], is_matching: bool
) -> None:
    assert rule(1, **when).matches(matter(**said).values()) is is_matching


def test_the_lowest_order_decides_and_the_next_is_the_runner_up() -> None:
    asked = rules(rule(1, 30), rule(2, 10, severity={"urgent"}), rule(3, 20, system={"grid"}))

    usual, urgent = asked.decide(matter()), asked.decide(matter(severity="urgent"))

    assert (usual.rule.number, usual.runner_up and usual.runner_up.number) == (3, 1)
    assert (urgent.rule.number, urgent.runner_up and urgent.runner_up.number) == (2, 3)


def test_a_lonely_rule_has_no_runner_up_and_no_rule_is_an_error() -> None:
    choice = rules(rule(1)).decide(matter())

    assert (choice.runner_up, choice.is_tie) == (None, False)
    with pytest.raises(LookupError):
        rules(rule(1, system={"fishery"})).decide(matter())


def test_of_two_with_one_order_the_place_decides_and_the_choice_says_so() -> None:
    choice = rules(rule(2, 10), rule(1, 10)).decide(matter())

    assert (choice.rule.number, choice.is_tie) == (1, True)
    assert not rules(rule(1, 10), rule(2, 11)).decide(matter()).is_tie


def test_the_chain_of_those_whose_time_is_over_is_walked_step_by_step() -> None:
    asked = rules(rule(1, then="r2"), rule(2, then="r3"), rule(3))

    found = [asked.after("r1", steps) for steps in (1, 2, 3)]

    assert [one.number if one else None for one in found] == [2, 3, None]
    assert asked.after("gone", 1) is None


def test_what_a_case_was_known_by_can_be_written_down() -> None:
    assert matter().facts() == {
        "system": "grid", "category": ["grid.litter", "grid.clean"],
        "area": ["990101", "9901", "99"], "area_kind": "grid_cell", "severity": "normal",
        "source": "resident-page", "working_time": True,
    }  # fmt: skip
