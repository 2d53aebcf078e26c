"""Quotas: so many in an hour, counted without keeping who it was."""

from __future__ import annotations

import pytest

from zhizhi.engine import quotas
from zhizhi.engine.models import Quota
from zhizhi.engine.tests.building import NOON, later
from zhizhi.engine.tests.racing import race

pytestmark = pytest.mark.django_db
WHO = "198.51.100.7"


@pytest.mark.parametrize("most", [1, 3])
def test_just_so_many_are_let_in_and_the_next_is_not(most: int) -> None:
    taken = [quotas.take("report", WHO, most=most, now=NOON) for _ in range(most + 2)]

    assert taken == [True] * most + [False] * 2


def test_others_and_other_things_are_counted_apart() -> None:
    assert quotas.take("report", WHO, most=1, now=NOON)

    assert quotas.take("report", "198.51.100.8", most=1, now=NOON)
    assert quotas.take("photo", WHO, most=1, now=NOON)
    assert not quotas.take("report", WHO, most=1, now=NOON)


@pytest.mark.parametrize(("minutes", "free"), [(59, False), (60, True)])
def test_the_next_hour_is_free_again(minutes: int, *, free: bool) -> None:
    quotas.take("report", WHO, most=1, now=NOON)

    assert quotas.take("report", WHO, most=1, now=later(minutes=minutes)) is free
    assert quotas.again_at(NOON) == later(hours=1)


def test_the_table_does_not_know_who_it_was() -> None:
    quotas.take("report", WHO, most=1, now=NOON)
    quotas.take("report", WHO, most=1, now=later(hours=1))

    first, second = Quota.objects.values_list("bucket", flat=True)
    assert WHO not in first
    assert first != second, "two hours of one sender cannot be joined"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_only_one_takes_the_last() -> None:
    quotas.take("report", WHO, most=2, now=NOON)

    def again() -> bool:
        return quotas.take("report", WHO, most=2, now=NOON)

    results = race(again, again)

    assert sorted(results) == [False, True]
