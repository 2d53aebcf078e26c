"""Tokens that come back evenly: what is taken, what is left, and what a race leaves over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from zhizhi.trust import allowances
from zhizhi.trust.allowances import Rate
from zhizhi.trust.models import Allowance

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RATE = Rate(most=3, within=timedelta(minutes=9))  # one comes back every three minutes


def take(who: str = "account:1", *, minutes: float = 0, what: str = "look") -> bool:
    return allowances.take(what, who, rate=RATE, now=NOON + timedelta(minutes=minutes))


def test_so_many_may_be_taken_at_once_and_no_more() -> None:
    assert [take() for _time in range(5)] == [True, True, True, False, False]


@pytest.mark.parametrize(("minutes", "is_there"), [(2.99, False), (3, True), (3.01, True)])
def test_one_comes_back_after_its_share_of_the_time(minutes: float, is_there: bool) -> None:
    for _time in range(3):
        take()

    assert take(minutes=minutes) is is_there
    assert not take(minutes=minutes)


@pytest.mark.parametrize(("minutes", "left"), [(8.99, 2), (9, 3), (9.01, 3), (90, 3)])
def test_after_the_whole_time_all_are_back_and_never_more(minutes: float, left: int) -> None:
    for _time in range(3):
        take()

    assert [take(minutes=minutes) for _time in range(5)].count(True) == left


def test_a_single_token_is_one() -> None:
    rate = Rate(most=1, within=timedelta(minutes=1))
    taken = [allowances.take("w", "a", rate=rate, now=NOON) for _time in range(2)]

    assert taken == [True, False]
    assert allowances.take("w", "a", rate=rate, now=NOON + timedelta(minutes=1))


def test_actors_and_purposes_have_an_allowance_of_their_own() -> None:
    for _time in range(3):
        take()

    assert not take()
    assert take("account:2")
    assert take(what="export")


def test_it_says_when_the_next_one_comes() -> None:
    assert allowances.again_at("look", "account:1", rate=RATE, now=NOON) == NOON
    for _time in range(3):
        take()

    assert allowances.again_at("look", "account:1", rate=RATE, now=NOON) == NOON + timedelta(
        minutes=3
    )


def test_filling_gives_everything_back() -> None:
    for _time in range(3):
        take()
    allowances.fill("look", "account:1")

    assert [take() for _time in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("taken", [1, 2, 3])
def test_one_that_was_taken_for_nothing_comes_back(taken: int) -> None:
    for _time in range(taken):
        take()

    allowances.give_back("look", "account:1", rate=RATE, now=NOON)

    assert [take() for _time in range(4)].count(True) == 3 - taken + 1


def test_giving_back_gives_no_more_than_there_were() -> None:
    take()
    for _time in range(3):
        allowances.give_back("look", "account:1", rate=RATE, now=NOON)

    assert [take() for _time in range(5)].count(True) == 3


def test_only_full_buckets_are_forgotten_and_none_says_whose_it_is() -> None:
    take("account:1")
    take("account:2", minutes=1)

    assert "account" not in str(list(Allowance.objects.values_list("bucket", flat=True)))
    assert allowances.forget_full(now=NOON + timedelta(minutes=3)) == 1
    assert take("account:1", minutes=3)
    assert Allowance.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_race_takes_no_more_than_there_are() -> None:
    def once(_number: int) -> bool:
        try:
            return take()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(once, range(24))).count(True) == 3
