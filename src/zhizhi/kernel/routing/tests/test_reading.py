"""The text of routing rules."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from zhizhi.kernel.routing.problems import RoutingWrong
from zhizhi.kernel.routing.reading import read
from zhizhi.kernel.routing.tests.building import text, told

WHOLE = """
rules:
  # what lies about in a market
  - code: market-litter
    name: Litter in a market
    order: 10
    when:
      system: grid
      category: [grid.litter, grid.lamp]
      area: 990101
      area_kind: exclusive_area
      severity: [urgent, important]
      source: resident-page
      working_time: yes
    to:
      agency: urban
      team: grid_worker
      level: town
    then: rest
  - {code: rest, name: Everything else, order: 900, to: {}}
"""


def test_everything_that_a_rule_may_say_is_read() -> None:
    first, rest = read(WHOLE).rules

    assert first.when == {
        "system": {"grid"}, "category": {"grid.litter", "grid.lamp"}, "area": {"990101"},
        "area_kind": {"exclusive_area"}, "severity": {"urgent", "important"},
        "source": {"resident-page"}, "working_time": {"yes"},
    }  # fmt: skip
    assert (first.number, first.code, first.name, first.order, first.line) == (
        1, "market-litter", "Litter in a market", 10, 4,
    )  # fmt: skip
    assert (first.agency, first.team, first.level, first.then) == (
        "urban", "grid_worker", "town", "rest",
    )  # fmt: skip
    assert (rest.number, rest.when, rest.agency, rest.team, rest.level, rest.then) == (
        2, {}, "declared", "", "smallest", "",
    )  # fmt: skip


def test_rules_are_asked_by_their_order_whatever_their_place() -> None:
    found = read(text("code: b, name: B, order: 20", "code: a, name: A, order: 3"))

    assert [rule.code for rule in found.rules] == ["a", "b", "rest"]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", ("no-rules", 0, "")),
        ("rules:", ("no-rules", 0, "")),
        ("rules: []", ("no-rules", 0, "")),
        ("rules: [{}]\nmore: 1", ("no-rules", 0, "")),
        ("rules: [{}]\n---\nrules: [{}]", ("no-rules", 0, "")),
        ("rules: [a", ("unreadable", 0, "")),
        ("rules:\n- {code: a, code: b}", ("unreadable", 0, "")),
        ("rules: [&a {}, *a]", ("unreadable", 0, "")),
        ("rules: [text]", ("no-mapping", 1, "")),
        (text("code: a, name: A, order: 1, wen: {}"), ("unknown-field", 1, "wen")),
        (text("code: a, name: A, order: 1, when: {colour: red}"), ("unknown-field", 1, "colour")),
        (text("code: a, name: A, order: 1, to: {unit: x}"), ("unknown-field", 1, "unit")),
        (text("code: a, name: A, order: 1, when: text"), ("no-mapping", 1, "when")),
        (text("code: a, name: A, order: 1, to: [urban]"), ("no-mapping", 1, "to")),
        (text("name: A, order: 1"), ("missing", 1, "code")),
        (text("code: a, order: 1"), ("missing", 1, "name")),
        (text("code: a, name: A"), ("missing", 1, "order")),
        (text("code: A!, name: A, order: 1"), ("no-code", 1, "code")),
        (text("code: a, name: A, order: -1"), ("no-number", 1, "order")),
        (text("code: a, name: A, order: \uff11"), ("no-number", 1, "order")),
        (text("code: a, name: A, order: 10000"), ("no-number", 1, "order")),
        (text("code: a, name: [A], order: 1"), ("no-single-value", 1, "name")),
        (text("code: a, name: '', order: 1"), ("no-single-value", 1, "name")),
        (text("code: a, name: A, order: 1, when: {system: []}"), ("no-values", 1, "system")),
        (text("code: a, name: A, order: 1, when: {system: [[x]]}"), ("no-values", 1, "system")),
        (text("code: a, name: A, order: 1, when: {system: }"), ("no-values", 1, "system")),
        (
            text("code: a, name: A, order: 1, when: {working_time: noon}"),
            ("no-answer", 1, "working_time"),
        ),
        (text("code: rest, name: A, order: 1"), ("code-twice", 2, "code")),
    ],
)
def test_a_mistake_is_told_with_its_rule_and_its_field(
    written: str, problem: tuple[str, int, str]
) -> None:
    assert told(written) == [problem]


@pytest.mark.parametrize(("length", "found"), [(79, 0), (80, 0), (81, 1)])
def test_a_name_may_have_eighty_letters(length: int, found: int) -> None:
    assert (
        len(told(text(f"code: a, name: {'n' * length}, order: 1, when: {{severity: urgent}}")))
        == found
    )


@pytest.mark.parametrize(("order", "found"), [(9998, 1), (9999, 1), (10000, 0)])
def test_an_order_has_four_digits(order: int, found: int) -> None:
    problems = told(text(f"code: a, name: A, order: {order}"))

    assert problems.count(("unreachable", 1, "order")) == found


@pytest.mark.parametrize(("count", "found"), [(99, 0), (100, 0), (101, 1)])
def test_there_are_a_hundred_rules_at_most(count: int, found: int) -> None:
    written = text(*(f"code: r{n}, name: R, order: {n}" for n in range(count - 1)))

    assert told(written).count(("too-many", 0, "")) == found


@pytest.mark.parametrize("word", ["yes", "true", "Yes", "TRUE"])
def test_working_time_is_answered_with_yes_or_no(word: str) -> None:
    asked = "code: a, name: A, order: 1, when: {working_time: %s}"

    assert read(text(asked % word)).rules[0].when == {"working_time": {"yes"}}
    assert read(text(asked % "no")).rules[0].when == {"working_time": {"no"}}


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    with pytest.raises(RoutingWrong) as wrong:
        read(
            "rules:\n  - code: A\n    name: A\n    order: x\n"
            "  - {code: b, name: B, order: 1, to: {what: b}}"
        )

    assert [(one.kind, one.rule, one.line, one.value) for one in wrong.value.problems] == [
        ("no-code", 1, 2, "A"), ("no-number", 1, 4, "x"), ("unknown-field", 2, 5, "b"),
    ]  # fmt: skip
    assert wrong.value.problems[2].known == ("agency", "team", "level")


def test_the_example_in_the_document_can_be_read() -> None:
    document = (Path(__file__).parents[5] / "docs" / "routing.md").read_text(encoding="utf-8")
    example = textwrap.dedent(
        "\n".join(line for line in document.splitlines() if line.startswith("    "))
    )

    found = read(example).rules

    assert [rule.code for rule in found] == ["night-noise", "district", "rest"]
    assert found[0].when["area"] == {"990101001000000"}
