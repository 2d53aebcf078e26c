"""From the password to the second factor, step by step, as a browser without scripts does it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY
from django.test import AsyncClient, Client, override_settings
from tests.district_world import World
from tests.software_key import SoftwareKey

from zhizhi.directory import backends, second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.tests.authenticating import app_code
from zhizhi.directory.tests.test_backends import PRODUCTION
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "MEQHGZLDOJSXIIDPMYQDEMBAMJ4XIZLT"
JSON = "application/json"
WORD = {"username": "nobody", "password": "lantern-7-boats"}


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def account(world: World, clock: Any) -> Account:
    assert world.nobody is not None
    return world.nobody


@pytest.fixture
def guarded(account: Account, clock: Any) -> Account:
    """An account whose app was set up an hour ago."""
    then = NOON - timedelta(hours=1)
    second_factor.add_app(account, SECRET, app_code(SECRET, then), is_first=True, now=then)
    return account


def door(**also: str) -> Client:
    """A browser that has shown the password."""
    stranger = Client(headers={"accept-language": "en"})
    answer = stranger.post("/sign-in/", {**WORD, **also})
    assert answer["Location"] == "/sign-in/code/"
    return stranger


def is_in(browser: Client) -> bool:
    return SESSION_KEY in browser.session


def shown_secret(page: str) -> str:
    keys = re.search(r'class="key">(.*?)</code>', page, re.DOTALL)
    assert keys
    return "".join(re.findall(r"<span>(\w+)</span>", keys[1]))


def test_the_password_alone_lets_nobody_in(guarded: Account) -> None:
    stranger = door()

    assert not is_in(stranger)
    assert stranger.get("/desk/")["Location"].startswith("/sign-in/")
    assert stranger.get("/account/")["Location"].startswith("/sign-in/")


@override_settings(AUTHENTICATION_BACKENDS=PRODUCTION)
def test_a_right_code_lets_in_and_on_to_the_page_asked_for(guarded: Account) -> None:
    stranger = door(next="/desk/?q=1")

    answer = stranger.post("/sign-in/code/", {"code": app_code(SECRET, NOON)})

    assert answer["Location"] == "/desk/?q=1"
    assert stranger.session["_auth_user_backend"] == backends.SECOND_FACTOR
    assert stranger.get("/desk/").status_code == 403  # in, and without any role


def test_a_wrong_code_says_so_and_the_door_stays_open(guarded: Account) -> None:
    stranger = door()

    wrong = stranger.post("/sign-in/code/", {"code": "000000"})

    assert wrong.status_code == 422
    assert "The code is wrong" in wrong.content.decode()
    assert not is_in(stranger)
    assert stranger.post("/sign-in/code/", {"code": app_code(SECRET, NOON)}).status_code == 302


def test_after_five_wrong_codes_the_page_says_when_to_go_on(guarded: Account) -> None:
    stranger = door()
    for _time in range(5):
        stranger.post("/sign-in/code/", {"code": "000000"})

    answer = stranger.post("/sign-in/code/", {"code": app_code(SECRET, NOON)})

    assert "The next one counts from 20:03:00 on." in answer.content.decode()
    assert not is_in(stranger)


def test_a_code_that_somebody_watched_opens_no_second_browser(guarded: Account) -> None:
    code = app_code(SECRET, NOON)
    assert door().post("/sign-in/code/", {"code": code}).status_code == 302

    second = door()

    assert second.post("/sign-in/code/", {"code": code}).status_code == 422
    assert not is_in(second)


@pytest.mark.parametrize(("seconds", "is_there"), [(599, True), (600, True), (601, False)])
def test_the_door_waits_ten_minutes(
    guarded: Account, clock: Any, seconds: int, is_there: bool
) -> None:
    stranger = door()
    clock.move_to(NOON + timedelta(seconds=seconds))

    answer = stranger.get("/sign-in/code/")

    assert answer.status_code == (200 if is_there else 302)


@pytest.mark.parametrize("change", ["password", "closed", "ended"])
def test_whoever_waits_at_the_door_begins_anew_when_the_account_changes(
    guarded: Account, change: str
) -> None:
    stranger = door()
    if change == "password":
        guarded.set_password("another-lantern-9")
        guarded.save()
    elif change == "closed":
        Account.objects.update(is_active=False)
    else:
        second_factor.end_sessions(guarded)

    answer = stranger.post("/sign-in/code/", {"code": app_code(SECRET, NOON)})

    assert answer["Location"] == "/sign-in/"
    assert not is_in(stranger)


def test_an_account_without_a_factor_sets_one_up_and_can_do_nothing_else(
    account: Account,
) -> None:
    stranger = door(next="/messages/")

    assert stranger.get("/sign-in/code/")["Location"] == "/sign-in/second-factor/"
    assert stranger.get("/desk/")["Location"].startswith("/sign-in/")
    page = stranger.get("/sign-in/second-factor/").content.decode()
    code = app_code(shown_secret(page), NOON)
    answer = stranger.post("/sign-in/second-factor/", {"code": code})
    assert answer["Location"] == "/sign-in/recovery-codes/"
    assert not is_in(stranger)
    codes = stranger.get("/sign-in/recovery-codes/").content.decode()
    assert len(re.findall(r"<code>\d{4} \d{4}</code>", codes)) == 10

    assert stranger.post("/sign-in/recovery-codes/")["Location"] == "/messages/"
    assert is_in(stranger)


def test_the_picture_holds_the_key_and_draws_without_a_style(account: Account) -> None:
    page = door().get("/sign-in/second-factor/")

    assert '<svg class="qr"' in page.content.decode()
    assert "style=" not in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_whoever_has_a_factor_does_not_set_up_another_with_the_password_alone(
    guarded: Account,
) -> None:
    stranger = door()

    assert stranger.get("/sign-in/second-factor/")["Location"] == "/sign-in/code/"
    answer = stranger.post("/sign-in/second-factor/", {"code": "1"})
    assert answer["Location"] == "/sign-in/code/"
    assert stranger.get("/sign-in/recovery-codes/")["Location"] == "/sign-in/code/"
    assert stranger.post("/sign-in/recovery-codes/")["Location"] == "/sign-in/code/"
    assert not is_in(stranger)


def test_of_two_who_set_up_at_once_the_second_is_asked_for_the_factor(account: Account) -> None:
    first, second = door(), door()
    secret = shown_secret(second.get("/sign-in/second-factor/").content.decode())
    theirs = shown_secret(first.get("/sign-in/second-factor/").content.decode())
    first.post("/sign-in/second-factor/", {"code": app_code(theirs, NOON)})

    answer = second.post("/sign-in/second-factor/", {"code": app_code(secret, NOON)})

    assert answer["Location"] == "/sign-in/"  # the first one's set-up has ended what waited
    assert second_factor.factors(account).count() == 1


def test_a_wrong_code_while_setting_up_keeps_the_same_key(account: Account) -> None:
    stranger = door()
    before = shown_secret(stranger.get("/sign-in/second-factor/").content.decode())

    answer = stranger.post("/sign-in/second-factor/", {"code": "000000"})

    assert answer.status_code == 422
    assert shown_secret(answer.content.decode()) == before
    assert not second_factor.has_one(account)


@pytest.mark.parametrize("path", [
    "/sign-in/code/", "/sign-in/second-factor/", "/sign-in/recovery-codes/",
    "/sign-in/passkey/question",
])  # fmt: skip
def test_without_a_password_there_is_no_second_step(path: str, world: World) -> None:
    assert Client().get(path)["Location"] == "/sign-in/"


def test_signing_in_gives_the_session_a_new_key_at_each_step(guarded: Account) -> None:
    stranger = Client()
    stranger.session.save()
    keys = [stranger.session.session_key]
    stranger.post("/sign-in/", WORD)
    keys.append(stranger.session.session_key)
    stranger.post("/sign-in/code/", {"code": app_code(SECRET, NOON)})
    keys.append(stranger.session.session_key)

    assert len(set(keys)) == 3


@override_settings(AUTHENTICATION_BACKENDS=PRODUCTION)
def test_no_stream_and_no_desk_opens_between_password_and_factor(
    guarded: Account, world: World
) -> None:
    operator = world.here["operator"]
    operator.set_password(WORD["password"])
    operator.save()
    then = NOON - timedelta(hours=1)
    second_factor.add_app(operator, SECRET, app_code(SECRET, then), is_first=True, now=then)
    stranger = AsyncClient()

    async def tried() -> list[int]:
        await stranger.post("/sign-in/", {**WORD, "username": operator.username})
        return [(await stranger.get(path)).status_code for path in ("/events/", "/desk/now")]

    assert async_to_sync(tried)() == [401, 302]


def test_a_passkey_of_its_own_lets_in(account: Account) -> None:
    stranger, key = door(next="/messages/"), SoftwareKey("testserver", "https://testserver")
    question = stranger.get("/sign-in/passkey/question").json()

    made = stranger.post("/sign-in/passkey/", json.dumps(key.make(question)), content_type=JSON)
    assert made.json() == {"next": "/sign-in/recovery-codes/"}
    again = door(next="/messages/")
    answer = key.sign(again.get("/sign-in/passkey/question").json())
    shown = again.post("/sign-in/passkey/", json.dumps(answer), content_type=JSON)

    assert shown.json() == {"next": "/messages/"}
    assert is_in(again)
    assert not is_in(stranger)


@pytest.mark.parametrize("body", ["", "[]", "{", "null", "[" * 100_000, '{"id": 1}', "x" * 70_000])
def test_what_is_no_answer_of_a_key_is_refused_in_words(guarded: Account, body: str) -> None:
    stranger = door()
    stranger.get("/sign-in/passkey/question")

    answer = stranger.post("/sign-in/passkey/", body, content_type=JSON)

    assert answer.status_code == 422
    assert "not recognised" in answer.json()["error"]


def test_a_door_of_a_demonstration_is_not_opened_by_a_password(world: World, clock: Any) -> None:
    Account.objects.filter(username="nobody").update(is_demo=True)

    assert door().get("/sign-in/code/")["Location"] == "/sign-in/"


def test_entering_is_on_record(guarded: Account) -> None:
    door().post("/sign-in/code/", {"code": app_code(SECRET, NOON)})

    last = AuditEntry.objects.order_by("seq").last()
    assert last is not None
    assert (last.verb, last.actor) == ("factor.prove", f"account:{guarded.pk}")
