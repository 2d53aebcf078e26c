"""Where a matter goes: the first known combination decides, then habit, then the commonest unit."""

from __future__ import annotations

import numpy as np
import pytest

from zhizhi.kernel.assigning import field_part, habit_rule, queue_parts, routing_parts

LAMP_N = {"kind": "lamp", "area": "north"}
LAMP_S = {"kind": "lamp", "area": "south"}
TREE_N = {"kind": "tree", "area": "north"}
RECORDS = [LAMP_N, LAMP_N, LAMP_S, LAMP_S, LAMP_S, TREE_N]
UNITS = ["power", "power", "works", "works", "power", "garden"]


@pytest.mark.parametrize(
    ("record", "unit"),
    [
        (LAMP_N, "power"),
        (LAMP_S, "works"),
        ({"kind": "lamp", "area": "west"}, "power"),  # the kind alone is known
        ({"kind": "noise", "area": "north"}, "power"),  # neither: where most went
    ],
)
def test_the_most_specific_known_combination_decides(record: dict[str, str], unit: str) -> None:
    rule = habit_rule(RECORDS, UNITS, [("kind", "area"), ("kind",)])

    assert rule.unit(record) == unit


@pytest.mark.parametrize("units", [["b", "a"], ["a", "b"]])
def test_of_equal_habits_the_first_of_the_alphabet_counts(units: list[str]) -> None:
    assert habit_rule([LAMP_N, LAMP_N], units, [("kind",)]).unit(LAMP_N) == "a"


def test_the_same_value_of_another_field_is_another_feature() -> None:
    rows = field_part([{"a": "x", "b": "y"}, {"a": "y", "b": "x"}], [("a",), ("b",), ("a", "b")])

    begin, column = rows.counted.begin, rows.counted.column
    assert np.diff(begin).tolist() == [3, 3]
    assert not set(column[:3].tolist()) & set(column[3:].tolist())


def test_records_give_a_row_each_in_every_part() -> None:
    record = {"text": "路灯不亮", "category": "lamp", "cell": "3:4", "TYPE": "t", "ward": "w"}

    assert {len(part.counted) for part in routing_parts([record] * 3, ["cell"])} == {3}
    assert [len(part.counted.column) for part in queue_parts([record], ["TYPE"], ["ward"])] == [
        1,
        1,
    ]
