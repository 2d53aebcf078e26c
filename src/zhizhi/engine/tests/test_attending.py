"""Who has a case open: written rarely, forgotten soon, told without the one who asks."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from zhizhi.directory.models import Account
from zhizhi.engine import attending
from zhizhi.engine.models import Presence
from zhizhi.engine.tests.building import NOON, case, later

pytestmark = pytest.mark.django_db


def account(name: str, **also: bool) -> Account:
    return Account.objects.create(username=name, call_sign=f"Desk {name}", **also)


def test_others_are_told_by_their_call_signs_and_not_oneself() -> None:
    one, first, second = case(), account("1"), account("2")
    attending.enter(first.pk, "aa", one, now=NOON)
    attending.enter(second.pk, "bb", one, now=NOON)

    assert attending.others(one, first.pk, now=NOON) == ["Desk 2"]
    assert attending.others(one, None, now=NOON) == ["Desk 1", "Desk 2"]
    assert attending.others(case(key="2"), first.pk, now=NOON) == []


@pytest.mark.parametrize(("seconds", "is_there"), [(39, True), (39.9, True), (40, False)])
def test_a_tab_without_a_sign_of_life_is_gone(seconds: float, *, is_there: bool) -> None:
    one = case()
    attending.enter(account("1").pk, "aa", one, now=NOON)

    now = later(seconds=seconds)
    assert bool(attending.others(one, None, now=now)) is is_there
    assert bool(attending.attendance(now)) is is_there


@pytest.mark.parametrize(
    ("seconds", "is_written"), [(0, False), (13.9, False), (14, True), (15, True)]
)
def test_the_same_case_is_written_at_most_once_in_fourteen_seconds(
    seconds: float, *, is_written: bool
) -> None:
    one, mine = case(), account("1")
    assert attending.enter(mine.pk, "aa", one, now=NOON)

    assert attending.enter(mine.pk, "aa", one, now=later(seconds=seconds)) is is_written


def test_a_sign_of_life_that_is_not_written_costs_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    one, mine = case(), account("1")
    attending.enter(mine.pk, "aa", one, now=NOON)

    with django_assert_num_queries(1):
        attending.enter(mine.pk, "aa", one, now=later(seconds=5))


def test_a_tab_that_goes_to_another_case_leaves_the_first_at_once() -> None:
    one, other, mine = case(), case(key="2"), account("1")
    attending.enter(mine.pk, "aa", one, now=NOON)

    assert attending.enter(mine.pk, "aa", other, now=later(seconds=1))

    assert attending.others(one, None, now=later(seconds=1)) == []
    assert attending.others(other, None, now=later(seconds=1)) == ["Desk 1"]


def test_of_two_tabs_one_may_close() -> None:
    one, mine = case(), account("1")
    for tab in ("aa", "bb"):
        attending.enter(mine.pk, tab, one, now=NOON)

    attending.leave(mine.pk, "aa")
    assert attending.others(one, None, now=NOON) == ["Desk 1"]
    attending.leave(mine.pk, "bb")
    assert attending.others(one, None, now=NOON) == []


def test_nobody_closes_the_tab_of_another() -> None:
    one, mine, other = case(), account("1"), account("2")
    attending.enter(mine.pk, "aa", one, now=NOON)

    attending.leave(other.pk, "aa")

    assert attending.others(one, None, now=NOON) == ["Desk 1"]


def test_all_are_told_by_case_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    one, other, first, second = case(), case(key="2"), account("1"), account("2")
    attending.enter(first.pk, "aa", one, now=NOON)
    attending.enter(first.pk, "ab", one, now=NOON)
    attending.enter(second.pk, "bb", other, now=NOON)

    with django_assert_num_queries(1):
        told = attending.attendance(NOON)

    assert told[one.pk].who == ((first.pk, "Desk 1"),)
    assert told[other.pk].others(first.pk) == ["Desk 2"]
    assert told[one.pk].others(first.pk) == []


def test_what_is_gone_is_deleted_when_somebody_else_comes() -> None:
    one = case()
    attending.enter(account("1").pk, "aa", one, now=NOON)

    attending.enter(account("2").pk, "bb", one, now=later(seconds=40))

    assert list(Presence.objects.values_list("tab", flat=True)) == ["bb"]


def test_a_closed_account_has_nothing_open() -> None:
    one = case()
    attending.enter(account("1", is_active=False).pk, "aa", one, now=NOON)

    assert attending.others(one, None, now=NOON) == []
    assert attending.attendance(NOON) == {}
