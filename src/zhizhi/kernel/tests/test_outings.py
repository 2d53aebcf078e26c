"""The model of outings: the same for the same seed, and every count has something to count."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from zhizhi.kernel.outings import Habits, simulated
from zhizhi.kernel.solitude import Solitude

NUMBERS: dict[str, dict[str, float]] = {
    "outing": {
        "minutes": 50, "encounter_minutes": 4, "visible": 0.9,
        "person_known": 0.75, "companion_known": 0.7,
    },
    "lost": {"a_person_day": 0.1, "minutes": 240},
    "matcher": {"strangers_a_day": 1},
    "relatives": {"answer": 0.9, "answer_minutes": 1, "notice": 0.5, "notice_minutes": 2},
}  # fmt: skip


def figures(rule: Solitude | None = None, /, seed: int = 1, **more: float) -> dict[str, Any]:
    """Play 20 people for 10 days; "outing__visible=0.5" changes a number."""
    numbers = {section: dict(part) for section, part in NUMBERS.items()}
    for name, number in more.items():
        section, _, key = name.partition("__")
        numbers[section][key] = number
    habits = Habits.read(numbers)
    return simulated(rule or Solitude(), habits, people=20, days=10, seed=seed).figures()


def test_the_same_seed_counts_the_same_and_another_does_not() -> None:
    assert figures() == figures()
    assert figures() != figures(seed=2)


def test_a_companion_who_is_always_known_leaves_nothing_to_ask() -> None:
    found = figures(
        outing__visible=1, outing__companion_known=1, lost__a_person_day=0,
        matcher__strangers_a_day=0,
    )  # fmt: skip

    assert found["false_to_relatives"] == found["false_to_officer"] == 0
    assert found["naive"]["false_to_relatives"] == 0
    assert found["minutes_to_first"] == {"median": None, "p95": None}


def test_whoever_is_met_while_lost_is_not_missed() -> None:
    found = figures()

    assert found["losses"] > 5
    assert found["missed"] == 0
    assert found["minutes_to_first"]["median"] < found["minutes_to_officer"]["median"]
    assert found["naive"]["minutes_to_first"]["median"] < found["minutes_to_first"]["median"]
    assert found["naive"]["false_to_relatives"] > 10 * found["false_to_relatives"] > 0


def test_whoever_is_never_known_is_missed() -> None:
    found = figures(outing__person_known=0, matcher__strangers_a_day=0)

    assert found["missed"] == found["naive"]["missed"] == found["losses"] > 5


def test_relatives_who_never_answer_send_the_officer_after_the_wait() -> None:
    found = figures(
        Solitude(to_officer=1000, patience=timedelta(0)), relatives__answer=0,
        lost__a_person_day=0,
    )  # fmt: skip

    assert found["false_to_officer"] == found["false_to_relatives"] > 0


def test_who_answers_while_the_wait_runs_keeps_the_officer_at_home() -> None:
    found = figures(
        Solitude(to_officer=1000, patience=timedelta(hours=9)), lost__a_person_day=0
    )  # fmt: skip

    assert found["false_to_relatives"] > 0
    assert found["false_to_officer"] == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [({"lost": {"minutes": 240.0}}, "lost_a_person_day"), ({"x": {"y": 1.0}}, "x_y")],
)
def test_numbers_that_are_missing_or_unknown_are_named(
    change: dict[str, dict[str, float]], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        Habits.read({**NUMBERS, **change})
