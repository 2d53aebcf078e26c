"""Accounts, roles, and the one-click sign-in of a demonstration."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY, authenticate
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from pytest_django import DjangoAssertNumQueries

from zhizhi.directory import accounts
from zhizhi.directory.accounts import AdministratorsSeparated, DemoOnly
from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.directory.tests.places import agency, area, unit
from zhizhi.trust import audit
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.scoping import Grant, Scope

pytestmark = pytest.mark.django_db
AT = datetime(2023, 2, 24, 8, tzinfo=UTC)
GOOD = "river-lantern-7-boats"
Role = RoleAssignment.Role


def create(username: str = "desk-1", password: str | None = GOOD, **changed: Any) -> Account:
    given = {"call_sign": "Desk 1", "by": "account:1", "now": AT, **changed}
    return accounts.create_account(username, password, **given)


def request() -> HttpRequest:
    made = RequestFactory().post("/sign-in")
    made.session = SessionStore()
    return made


def test_an_account_signs_in_with_its_password_and_has_no_right() -> None:
    account = create()

    assert authenticate(request(), username="desk-1", password=GOOD) == account
    assert account.scope() == Scope(account.pk, ())
    assert AuditEntry.objects.get().verb == "account.create"


def test_django_makes_accounts_although_they_have_no_first_and_last_name() -> None:
    plain = Account.objects.create_user("clerk", "clerk@example.org", GOOD)
    chief = Account.objects.create_superuser("chief", "chief@example.org", GOOD)

    assert (plain.get_full_name(), plain.get_short_name(), str(plain)) == ("clerk",) * 3
    assert chief.scope() == Scope(chief.pk, ())  # rights are role assignments, nothing else
    assert str(create()) == "Desk 1"


@pytest.mark.parametrize(
    "weak", ["", "x" * 11, "password1234", "harbour-watch-2", "739271558201"], ids=str
)
def test_a_weak_password_is_refused(weak: str) -> None:
    with pytest.raises(ValidationError):
        create(password=weak, call_sign="Harbour watch 1")

    assert not Account.objects.exists()


def test_twelve_characters_are_enough_and_eleven_are_not() -> None:
    account = create(password="lantern-7-xy")

    with pytest.raises(ValidationError):
        accounts.change_password(account, "lantern-7-x", by="account:1", now=AT)
    assert account.check_password("lantern-7-xy")


def test_a_changed_password_replaces_the_old_one_and_is_on_record() -> None:
    account = create()

    accounts.change_password(account, "another-lantern-9", by="account:1", now=AT)

    account.refresh_from_db()
    assert account.check_password("another-lantern-9")
    leaf = AuditEntry.objects.get(verb="account.password")
    assert (leaf.subject, leaf.detail) == (f"account:{account.pk}", {})


def test_another_password_and_ended_sessions_end_the_sessions_that_are_open() -> None:
    account, other = create(), create("desk-2")
    held = [account.get_session_auth_hash()]
    assert account.get_session_auth_hash() == held[0] != other.get_session_auth_hash()

    Account.objects.filter(pk=account.pk).update(sessions_ended=1)
    account.refresh_from_db()
    held.append(account.get_session_auth_hash())
    accounts.change_password(account, "another-lantern-9", by="account:1", now=AT)
    held.append(account.get_session_auth_hash())

    assert all(held)
    assert len(set(held)) == 3


def test_a_user_name_is_taken_once() -> None:
    create()

    with pytest.raises(ValidationError):
        create()


def test_roles_become_grants_in_the_order_they_were_given() -> None:
    account = create()
    town, boat, fishery = area("town", "1", (100, 30, 101, 31)), unit("R-77"), agency()

    accounts.grant(account, Role.OPERATOR, area=town, by="account:1", now=AT)
    accounts.grant(account, Role.UNIT_MEMBER, unit=boat, by="account:1", now=AT)
    accounts.grant(account, Role.AGENCY_OFFICER, agency=fishery, area=town, by="x", now=AT)

    assert account.scope().grants == (
        Grant("operator", "/1/"),
        Grant("unit_member", "", None, boat.pk),
        Grant("agency_officer", "/1/", fishery.pk),
    )


def test_a_scope_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    account = create()
    for code in ("1", "2", "3"):
        place = area("town", code, (100, 30, 101, 31))
        accounts.grant(account, Role.OPERATOR, area=place, by="account:1", now=AT)

    with django_assert_num_queries(1):
        assert len(account.scope().grants) == 3


def test_granting_and_withdrawing_is_on_record_and_counts_at_once() -> None:
    account = create()
    row = accounts.grant(account, Role.AUDITOR, by="account:1", now=AT)
    assert account.scope().has("auditor")

    accounts.withdraw(row, by="account:2", now=AT)

    assert not account.scope().has("auditor")
    verbs = AuditEntry.objects.order_by("seq").values_list("verb", "actor")
    assert list(verbs)[1:] == [("role.grant", "account:1"), ("role.withdraw", "account:2")]
    assert list(audit.verify()) == []


@pytest.mark.parametrize("role", [Role.UNIT_MEMBER, Role.AGENCY_OFFICER, "king"])
def test_a_role_without_what_it_counts_for_is_refused(role: str) -> None:
    account = create()

    with pytest.raises(ValidationError):
        accounts.grant(account, role, by="account:1", now=AT)


@pytest.mark.parametrize("role", [Role.UNIT_MEMBER, Role.AGENCY_OFFICER])
def test_the_database_refuses_it_as_well(role: str) -> None:
    account = create()

    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.create(account=account, role=role)


def test_a_closed_account_sees_nothing_and_cannot_sign_in() -> None:
    account = create()
    accounts.grant(account, Role.OPERATOR, by="account:1", now=AT)

    accounts.close_account(account, by="account:1", now=AT)

    assert account.scope() == Scope(account.pk, ())
    assert authenticate(request(), username="desk-1", password=GOOD) is None


@override_settings(DEMO=True)
def test_a_demonstration_role_signs_in_by_one_click() -> None:
    account = create("demo-desk", None, is_demo=True)
    asking = request()

    assert accounts.sign_in_demo(asking, "demo-desk") == account
    assert asking.session[SESSION_KEY] == str(account.pk)
    assert list(accounts.demo_accounts()) == [account]


def test_outside_demo_mode_nobody_signs_in_by_one_click() -> None:
    create("demo-desk", None, is_demo=True)

    with override_settings(DEMO=False), pytest.raises(DemoOnly):
        accounts.sign_in_demo(request(), "demo-desk")


@override_settings(DEMO=True)
def test_an_account_that_was_not_made_for_it_needs_its_password() -> None:
    create()
    closed = create("demo-desk", None, is_demo=True)
    accounts.close_account(closed, by="account:1", now=AT)

    for username in ("desk-1", "demo-desk", "nobody"):
        with pytest.raises(DemoOnly):
            accounts.sign_in_demo(request(), username)


def test_nobody_signs_in_to_a_demonstration_role_with_a_password() -> None:
    create("demo-desk", None, is_demo=True)

    assert authenticate(request(), username="demo-desk", password="") is None


@override_settings(MODE="production")
def test_a_production_installation_has_no_demonstration_roles() -> None:
    with pytest.raises(DemoOnly):
        create("demo-desk", None, is_demo=True)


THREE = ("administrator", "security_administrator", "auditor")


@pytest.mark.parametrize("second", THREE)
@pytest.mark.parametrize("first", THREE)
def test_system_security_and_audit_administrator_are_three_accounts(
    first: str, second: str
) -> None:
    account, town = create(), area("town", "1", (100, 30, 101, 31))
    accounts.grant(account, first, by="account:1", now=AT)

    if first == second:
        accounts.grant(account, second, area=town, by="account:1", now=AT)
    else:
        with pytest.raises(AdministratorsSeparated):
            accounts.grant(account, second, area=town, by="account:1", now=AT)
    assert account.roles.count() == 1 + (first == second)
    assert not accounts.holding_two().exists()


@pytest.mark.parametrize("other", ["operator", "leader"])
def test_other_roles_go_with_any_of_the_three(other: str) -> None:
    account = create()
    for role in (other, "auditor", "auditor"):
        accounts.grant(account, role, by="account:1", now=AT)

    assert account.roles.count() == 3


def test_who_gave_one_of_the_three_back_may_take_another() -> None:
    account = create()
    row = accounts.grant(account, "auditor", by="account:1", now=AT)
    accounts.withdraw(row, by="account:1", now=AT)

    accounts.grant(account, "administrator", by="account:1", now=AT)


def test_two_of_the_three_written_past_the_product_are_found() -> None:
    account = create()
    for role in ("administrator", "auditor"):
        RoleAssignment.objects.create(account=account, role=role)
    RoleAssignment.objects.create(account=create("desk-2"), role="auditor")

    assert list(accounts.holding_two()) == [account]


@pytest.mark.django_db(transaction=True)
def test_of_two_grants_at_once_one_wins() -> None:
    account = create()

    def give(role: str) -> bool:
        try:
            accounts.grant(account, role, by="account:1", now=AT)
        except AdministratorsSeparated:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(give, THREE)).count(True) == 1
