"""One's own account: what may be changed, and that the factor has to be shown first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client
from tests.district_world import World
from tests.software_key import SoftwareKey

from zhizhi.directory import second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.tests.authenticating import app_code

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JSON = "application/json"
SECRET = "MEQHGZLDOJSXIIDPMYQDEMBAMJ4XIZLT"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def owner(world: World, clock: Any) -> Account:
    account = world.here["operator"]
    account.set_password("lantern-7-boats")
    account.save()
    then = NOON - timedelta(hours=1)
    second_factor.add_app(account, SECRET, app_code(SECRET, then), is_first=True, now=then)
    return account


@pytest.fixture
def inside(owner: Account) -> Client:
    """A browser that has come in by password and code just now."""
    browser = Client(headers={"accept-language": "en"})
    browser.post("/sign-in/", {"username": owner.username, "password": "lantern-7-boats"})
    browser.post("/sign-in/code/", {"code": app_code(SECRET, NOON)})
    assert SESSION_KEY in browser.session
    return browser


def said(browser: Client) -> str:
    return browser.get("/account/").content.decode()


def test_the_page_tells_the_factors_and_how_many_codes_are_left(inside: Client) -> None:
    page = said(inside)

    assert "Authenticator app" in page
    assert "10 of 10 are left." in page
    assert "Take away" not in page  # it is the only one


@pytest.mark.parametrize(("used", "warns"), [(6, False), (7, True), (8, True)])
def test_few_codes_are_warned_of(inside: Client, owner: Account, used: int, warns: bool) -> None:
    for code in second_factor.recovery_codes(owner)[:used]:
        second_factor.prove(owner, code, now=NOON)

    assert ("before they run out" in said(inside)) is warns


@pytest.mark.parametrize(("seconds", "may"), [(599, True), (600, True), (601, False)])
def test_for_ten_minutes_after_a_code_the_factors_may_be_changed(
    inside: Client, clock: Any, seconds: int, may: bool
) -> None:
    clock.move_to(NOON + timedelta(seconds=seconds))

    answer = inside.post("/account/recovery-codes/")

    assert answer.status_code == (200 if may else 302)


def test_a_code_opens_the_next_ten_minutes(inside: Client, clock: Any) -> None:
    now = NOON + timedelta(hours=1)
    clock.move_to(now)
    wrong = inside.post("/account/confirm/", {"code": "000000"})
    assert wrong.status_code == 422
    assert inside.post("/account/recovery-codes/").status_code == 302

    inside.post("/account/confirm/", {"code": app_code(SECRET, now)})

    assert inside.post("/account/recovery-codes/").status_code == 200


@pytest.mark.parametrize("path", [
    "/account/recovery-codes/", "/account/app/", "/account/factors/1/remove/",
])  # fmt: skip
def test_a_session_that_showed_its_factor_long_ago_changes_nothing(
    inside: Client, owner: Account, clock: Any, path: str
) -> None:
    before = second_factor.recovery_codes(owner)
    clock.move_to(NOON + timedelta(hours=1))

    assert inside.post(path, {"code": "1"})["Location"] == "/account/"
    assert second_factor.recovery_codes(owner) == before
    assert "Show a code or a passkey first." in said(inside)


def test_new_codes_are_shown_once(inside: Client, owner: Account) -> None:
    page = inside.post("/account/recovery-codes/").content.decode()

    shown = {code.replace(" ", "") for code in re.findall(r"<code>(\d{4} \d{4})</code>", page)}
    assert shown == set(second_factor.recovery_codes(owner))
    assert not any(f"{code[:4]} {code[4:]}" in said(inside) for code in shown)


def test_replacing_the_app_keeps_this_session_and_ends_the_others(
    inside: Client, owner: Account, clock: Any
) -> None:
    other = Client()
    other.post("/sign-in/", {"username": owner.username, "password": "lantern-7-boats"})
    other.post("/sign-in/code/", {"code": second_factor.recovery_codes(owner)[0]})
    assert other.get("/account/").status_code == 200
    page = inside.get("/account/app/").content.decode()
    secret = "".join(re.findall(r"<span>([A-Z2-7]{4})</span>", page))

    wrong = inside.post("/account/app/", {"code": "000000"})
    right = inside.post("/account/app/", {"code": app_code(secret, NOON)})

    assert (wrong.status_code, right["Location"]) == (422, "/account/")
    assert inside.get("/account/").status_code == 200
    assert other.get("/account/")["Location"].startswith("/sign-in/")
    assert inside.get("/account/app/").content.decode().count(secret[:4]) == 0


def test_a_passkey_is_added_and_the_app_may_then_go(inside: Client, owner: Account) -> None:
    key = SoftwareKey("testserver", "https://testserver")
    answer = key.make(inside.get("/account/passkey/question").json())

    assert inside.post("/account/passkey/", json.dumps(answer), content_type=JSON).json() == {
        "next": "/account/"
    }
    assert said(inside).count("Take away") >= 2
    app = second_factor.factors(owner).get(type="totp")
    inside.post(f"/account/factors/{app.pk}/remove/")

    assert "It is gone" in said(inside)
    assert [one.type for one in second_factor.factors(owner)] == ["webauthn"]


def test_the_last_factor_stays_and_the_page_says_so(inside: Client, owner: Account) -> None:
    [app] = second_factor.factors(owner)

    inside.post(f"/account/factors/{app.pk}/remove/")

    assert "The last factor stays" in said(inside)
    assert second_factor.has_one(owner)


def test_a_passkey_is_shown_first_where_the_code_was_long_ago(
    inside: Client, owner: Account, clock: Any
) -> None:
    key = SoftwareKey("testserver", "https://testserver")
    made = key.make(inside.get("/account/passkey/question").json())
    inside.post("/account/passkey/", json.dumps(made), content_type=JSON)
    clock.move_to(NOON + timedelta(hours=1))
    question = inside.get("/account/passkey/question").json()
    assert "user" not in question["publicKey"]

    forged = SoftwareKey("testserver", "https://testserver", key.id)
    wrong = inside.post("/account/passkey/", json.dumps(forged.sign(question)), content_type=JSON)
    question = inside.get("/account/passkey/question").json()
    right = inside.post("/account/passkey/", json.dumps(key.sign(question)), content_type=JSON)

    assert (wrong.status_code, right.status_code) == (422, 200)
    assert "user" in inside.get("/account/passkey/question").json()["publicKey"]


def test_an_account_of_the_demonstration_has_nothing_to_change(inside: Client) -> None:
    Account.objects.update(is_demo=True)

    browser = Client(headers={"accept-language": "en"})
    account = Account.objects.filter(roles__role="operator").first()
    assert account is not None
    browser.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    page = said(browser)

    assert "opened by one click" in page
    assert browser.get("/account/app/")["Location"] == "/account/"
    assert browser.post("/account/passkey/", "{}", content_type=JSON).status_code == 400
