"""``zhizhi account``: the first accounts of an installation, and what was lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from zhizhi.config import cli
from zhizhi.config.commands.account import REASONS
from zhizhi.directory import second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.tests.places import agency, area, unit
from zhizhi.directory.tests.test_second_factor import with_app
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.scoping import Grant

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def booted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhizhi.config.commands.account.boot", lambda: None)


def account(*words: str) -> int:
    return cli.main(["account", *words])


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_an_account_is_made_with_a_password_that_is_shown_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert account("desk-1", "--call-sign", "Desk 1", "--json") == 0

    made = told(capsys)
    row = Account.objects.get(username="desk-1")
    assert row.check_password(made["password"])
    assert len(made["password"]) == 20
    account("desk-1", "--json")
    assert told(capsys) == {
        "username": "desk-1", "call_sign": "Desk 1", "active": True, "roles": [],
        "second_factor": [],
    }  # fmt: skip


def test_roles_are_given_with_what_narrows_them() -> None:
    town, boat, fishery = area("town", "1", (100, 30, 101, 31)), unit("R-77"), agency()
    given = ("--role", "operator", "--area", town.code)

    assert account("desk-1", "--call-sign", "Desk 1", *given) == 0
    assert account("desk-1", "--role", "unit_member", "--unit", boat.code) == 0
    assert account("desk-1", "--role", "agency_officer", "--agency", fishery.code) == 0

    assert Account.objects.get().scope().grants == (
        Grant("operator", "/1/"), Grant("unit_member", "", None, boat.pk),
        Grant("agency_officer", "", fishery.pk),
    )  # fmt: skip


@pytest.mark.parametrize("words", [
    ("nobody",), ("desk-1", "--role", "king"), ("desk-1", "--role", "operator", "--area", "9"),
    ("desk-1", "--role", "unit_member"), ("two words", "--call-sign", "x"),
])  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_done(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    account("desk-1", "--call-sign", "Desk 1")
    before = AuditEntry.objects.count()

    assert account(*words) == 2
    assert capsys.readouterr().err.startswith("zhizhi account: ")
    assert AuditEntry.objects.count() == before


def test_what_was_lost_is_replaced_and_the_reason_is_on_record(
    capsys: pytest.CaptureFixture[str],
) -> None:
    account("desk-1", "--call-sign", "Desk 1")
    row = with_app(Account.objects.get())
    capsys.readouterr()

    account("desk-1", "--new-password", "--reset-second-factor", "stolen", "--json")

    row.refresh_from_db()
    assert row.check_password(told(capsys)["password"])
    assert not second_factor.has_one(row)
    last = AuditEntry.objects.get(verb="factor.reset")
    assert (last.actor, last.detail) == ("cli", {"reason": "stolen"})


def test_the_reasons_of_the_command_are_those_of_the_house() -> None:
    assert REASONS == second_factor.REASONS


def test_a_closed_account_opens_nothing() -> None:
    account("desk-1", "--call-sign", "Desk 1")
    account("desk-1", "--close")

    assert not Account.objects.get().is_active
