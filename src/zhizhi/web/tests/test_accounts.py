"""The security administrator's pages: whom they show, and a second factor taken away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from tests.district_world import World

from zhizhi.directory import second_factor
from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.directory.tests.authenticating import app_code
from zhizhi.trust.models import AuditEntry
from zhizhi.web.tests.conftest import Browse

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "MEQHGZLDOJSXIIDPMYQDEMBAMJ4XIZLT"
CHECKED = {"reason": "lost", "is_checked": "on"}


def armed(account: Account) -> Account:
    second_factor.add_app(account, SECRET, app_code(SECRET, NOON), is_first=True, now=NOON)
    return account


@pytest.fixture
def keeper(browse: Browse) -> Client:
    return browse("security_administrator")


def shown(browser: Client, query: str = "") -> set[str]:
    rows = browser.get(f"/accounts/{query}").context["rows"]
    return {one["account"].username for one in rows}


def test_the_list_shows_the_accounts_of_the_own_town_and_no_others(
    world: World, keeper: Client
) -> None:
    assert shown(keeper) == {one.username for one in world.here.values()}


def test_an_account_that_acts_in_two_towns_is_kept_by_neither(world: World, keeper: Client) -> None:
    both = world.here["leader"]
    RoleAssignment.objects.create(
        account=both, role="leader", area=world.elsewhere["leader"].roles.get().area
    )

    assert both.username not in shown(keeper)
    assert keeper.get(f"/accounts/{both.pk}/").status_code == 404


def test_who_keeps_the_whole_installation_sees_everybody(world: World, keeper: Client) -> None:
    RoleAssignment.objects.filter(account=world.here["security_administrator"]).update(area=None)

    assert shown(keeper) == set(Account.objects.values_list("username", flat=True))


def test_a_part_of_the_name_narrows_the_list(world: World, keeper: Client) -> None:
    assert shown(keeper, "?q=INSPEC") == {world.here["inspector"].username}
    assert shown(keeper, "?q=nobody-at-all") == set()


def test_the_list_says_who_has_a_factor(world: World, keeper: Client) -> None:
    operator = armed(world.here["operator"])

    rows = keeper.get("/accounts/").context["rows"]

    assert {one["account"] for one in rows if one["has_factor"]} == {operator}


def test_a_lost_factor_is_taken_away_with_a_reason_on_record(world: World, keeper: Client) -> None:
    operator = armed(world.here["operator"])

    keeper.post(f"/accounts/{operator.pk}/reset/", CHECKED)

    assert not second_factor.has_one(operator)
    last = AuditEntry.objects.get(verb="factor.reset")
    by = world.here["security_administrator"]
    assert (last.actor, last.subject, last.detail) == (
        f"account:{by.pk}", f"account:{operator.pk}", {"reason": "lost"},
    )  # fmt: skip


@pytest.mark.parametrize("body", [
    {}, {"reason": "lost"}, {"is_checked": "on"}, {"reason": "bored", "is_checked": "on"},
])  # fmt: skip
def test_without_reason_and_a_check_in_person_nothing_happens(
    body: dict[str, str], world: World, keeper: Client
) -> None:
    operator = armed(world.here["operator"])

    assert keeper.post(f"/accounts/{operator.pk}/reset/", body).status_code == 400
    assert second_factor.has_one(operator)


def test_nobody_takes_the_own_factor_away_here(world: World, keeper: Client) -> None:
    own = armed(world.here["security_administrator"])
    keeper.force_login(own, backend="django.contrib.auth.backends.ModelBackend")

    assert keeper.post(f"/accounts/{own.pk}/reset/", CHECKED).status_code == 400
    assert second_factor.has_one(own)


def test_an_account_of_another_town_is_not_there(world: World, keeper: Client) -> None:
    other = armed(world.elsewhere["operator"])

    assert keeper.post(f"/accounts/{other.pk}/reset/", CHECKED).status_code == 404
    assert second_factor.has_one(other)
