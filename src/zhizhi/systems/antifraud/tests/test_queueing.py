"""Who is called first: what is likely lost, by the minutes left; and who comes too late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from zhizhi.engine.tests.building import NOON, later
from zhizhi.systems.antifraud import queueing
from zhizhi.systems.antifraud.models import Dissuasion

NUMBERS: dict[str, Any] = {
    "antifraud.high_percent": 50, "antifraud.medium_percent": 20, "antifraud.low_percent": 5,
    "antifraud.usual_loss": 20_000, "antifraud.officers": 2, "antifraud.call_minutes": 10,
}  # fmt: skip


def row(pk: int, amount: int | None, left: float, *, tier: str = "high",
        pays_at: datetime | None = None) -> Dissuasion:  # fmt: skip
    """A dissuasion with so many minutes left."""
    return Dissuasion(pk=pk, amount=amount, tier=tier, due_at=later(minutes=left), pays_at=pays_at)


def order(*rows: Dissuasion) -> list[int]:
    return [one.row.pk for one in queueing.queued(rows, NUMBERS, now=NOON)]


@pytest.mark.parametrize(
    ("tier", "amount", "expected"),
    [
        ("high", 1001, 500), ("medium", 1001, 200), ("low", 1001, 50), ("high", None, 10_000),
        ("high", 0, 0), ("low", 19, 0), ("low", 20, 1),
    ],
)  # fmt: skip
def test_what_is_likely_lost_is_the_amount_by_the_chance_of_the_tier(
    tier: str, amount: int | None, expected: int
) -> None:
    assert queueing.expected_loss(row(1, amount, 5, tier=tier), NUMBERS) == expected


@pytest.mark.parametrize(("amount", "first"), [(1998, [2, 1]), (2000, [2, 1]), (2002, [1, 2])])
def test_twice_the_money_weighs_as_much_as_half_the_time(amount: int, first: list[int]) -> None:
    rows = [row(1, amount, 10), row(2, 1000, 5)]

    found = queueing.queued(rows, NUMBERS, now=NOON)

    assert {one.row.pk: one.pressing for one in found}[2] == 100
    assert [one.row.pk for one in found] == first


def test_of_equally_pressing_ones_the_earlier_deadline_comes_first_then_the_older() -> None:
    assert order(row(1, 2000, 10), row(2, 1000, 5), row(3, 1000, 5)) == [2, 3, 1]


def test_a_payment_that_is_expected_sooner_than_the_call_counts() -> None:
    soon = row(2, 1000, 30, pays_at=later(minutes=2))

    assert order(row(1, 1000, 5), soon, row(3, 1000, 30, pays_at=later(minutes=40))) == [2, 1, 3]


def test_what_is_late_is_as_pressing_as_one_minute_before() -> None:
    found = queueing.queued(
        [row(1, 1000, -60), row(2, 1000, 1), row(3, 1000, 2), row(4, 1000, 0.5)], NUMBERS, now=NOON
    )

    assert {one.row.pk: one.pressing for one in found} == {1: 500, 2: 500, 3: 250, 4: 500}
    assert [one.row.pk for one in found] == [1, 4, 2, 3]


@pytest.mark.parametrize(("left", "is_late"), [(-1, True), (0, False), (1, False)])
def test_it_is_late_once_the_deadline_has_passed(left: int, *, is_late: bool) -> None:
    deadline = NOON + timedelta(seconds=left)
    found = Dissuasion(pk=1, amount=1, tier="low", due_at=deadline)

    [one] = queueing.queued([found], NUMBERS, now=NOON)

    assert (one.is_late, one.comes_too_late) == (is_late, False)


@pytest.mark.parametrize(("left", "too_late"), [(9, True), (10, False), (11, False)])
def test_who_stands_behind_all_officers_comes_too_late_if_a_call_takes_longer(
    left: int, *, too_late: bool
) -> None:
    rows = [row(1, 10**6, 5), row(2, 10**6, 5), row(3, 10, left)]

    found = queueing.queued(rows, NUMBERS, now=NOON)

    assert [one.turn_at for one in found] == [NOON, NOON, later(minutes=10)]
    assert [one.comes_too_late for one in found] == [False, False, too_late]
