"""Guessing at the door: what one address may try, when to come back, and what nobody learns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from tests.district_world import World

from zhizhi.directory import second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.tests.authenticating import app_code
from zhizhi.trust.models import Allowance
from zhizhi.web.guesses import TurnedAway, counted

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "MEQHGZLDOJSXIIDPMYQDEMBAMJ4XIZLT"
RIGHT = {"username": "nobody", "password": "lantern-7-boats"}
OFFICE, HOME = "198.51.100.9", "198.51.100.10"


@pytest.fixture
def clock(world: World) -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def guarded(world: World, clock: Any) -> Account:
    assert world.nobody is not None
    then = NOON - timedelta(hours=1)
    code = app_code(SECRET, then)
    second_factor.add_app(world.nobody, SECRET, code, is_first=True, now=then)
    return world.nobody


def browser(address: str = OFFICE) -> Client:
    return Client(REMOTE_ADDR=address, headers={"accept-language": "en"})


def guessed(times: int) -> None:
    """Let the office have sent so many wrong passwords, without the work of hashing each."""
    asking = RequestFactory().post("/sign-in/", REMOTE_ADDR=OFFICE)
    for _time in range(times):
        counted(asking, lambda: TurnedAway("wrong"))


def wrong_password(name: str) -> int:
    return browser().post("/sign-in/", {"username": name, "password": "x"}).status_code


@pytest.mark.parametrize(("wrong", "status"), [(29, 302), (30, 429), (31, 429)])
def test_thirty_wrong_passwords_close_the_door_to_an_address(
    clock: Any, wrong: int, status: int
) -> None:
    guessed(28)
    tried = [wrong_password(f"desk-{number}") for number in range(28, wrong)]
    assert tried == [422, 422, 429][: wrong - 28]

    assert browser().post("/sign-in/", RIGHT).status_code == status
    assert browser(HOME).post("/sign-in/", RIGHT).status_code == 302


@pytest.mark.parametrize(("seconds", "status"), [(29, 429), (30, 302), (31, 302)])
def test_the_address_is_told_when_to_come_back(clock: Any, seconds: int, status: int) -> None:
    guessed(30)
    refused = browser().post("/sign-in/", RIGHT)
    assert (refused.status_code, refused["Retry-After"]) == (429, "30")
    assert "The next one counts from 20:00:30 on." in refused.content.decode()

    clock.move_to(NOON + timedelta(seconds=seconds))

    assert browser().post("/sign-in/", RIGHT).status_code == status


def test_whoever_signs_in_rightly_uses_nothing_up(guarded: Account, clock: Any) -> None:
    guessed(29)
    for step in range(3):
        now = NOON + timedelta(seconds=30 * step)
        clock.move_to(now)
        member = browser(HOME)
        assert member.post("/sign-in/", RIGHT).status_code == 302
        assert member.post("/sign-in/code/", {"code": app_code(SECRET, now)}).status_code == 302

    kept = Allowance.objects.filter(full_at__gt=NOON + timedelta(minutes=1))
    assert kept.count() == 1  # the office's; the home has nothing to wait for


def test_wrong_codes_count_against_the_address_as_well(guarded: Account) -> None:
    guessed(28)
    member = browser()
    member.post("/sign-in/", RIGHT)

    tried = [member.post("/sign-in/code/", {"code": "000000"}).status_code for _time in range(3)]

    assert tried == [422, 422, 429]
    assert browser(HOME).post("/sign-in/", RIGHT).status_code == 302


@pytest.mark.parametrize(("wrong", "status", "wait"), [
    (4, 422, None), (5, 429, "180"), (6, 429, "180"),
])  # fmt: skip
def test_after_five_wrong_codes_the_answer_says_how_long_to_wait(
    guarded: Account, wrong: int, status: int, wait: str | None
) -> None:
    member = browser()
    member.post("/sign-in/", RIGHT)
    for _time in range(wrong):
        member.post("/sign-in/code/", {"code": "000000"})

    answer = member.post("/sign-in/code/", {"code": "000000"})

    assert (answer.status_code, answer.get("Retry-After")) == (status, wait)


@pytest.mark.parametrize(("wrong", "status"), [(4, 302), (5, 429), (6, 429)])
def test_five_wrong_passwords_lock_a_name_at_an_address(
    clock: Any, wrong: int, status: int
) -> None:
    for _time in range(wrong):
        browser().post("/sign-in/", {**RIGHT, "password": "x"})

    answer = browser().post("/sign-in/", RIGHT)

    assert answer.status_code == status
    assert answer.get("Retry-After") == (None if status == 302 else "900")
    assert ("Wait fifteen minutes" in answer.content.decode()) is (status == 429)
    assert browser(HOME).post("/sign-in/", RIGHT).status_code == 302


def told(name: str, times: int) -> list[tuple[int, str]]:
    """Show a wrong password so often; returns the answers without what the asker typed."""
    found = []
    for _time in range(times):
        answer = browser().post("/sign-in/", {"username": name, "password": "x"})
        page = re.sub(r'value="[^"]*"|nonce="[^"]*"|\w{64}', "", answer.content.decode())
        found.append((answer.status_code, page))
    return found


def test_nobody_learns_which_names_there_are(guarded: Account, world: World) -> None:
    closed, demo = world.here["leader"], world.here["auditor"]
    Account.objects.filter(pk=closed.pk).update(is_active=False, password=guarded.password)
    Account.objects.filter(pk=demo.pk).update(is_demo=True)

    there = told("nobody", 6)

    assert [status for status, _page in there] == [422] * 4 + [429] * 2
    for name in ("not-there", closed.username, demo.username):
        Allowance.objects.all().delete()
        assert told(name, 6) == there


def test_a_closed_account_is_not_told_apart_by_its_own_password(world: World) -> None:
    Account.objects.filter(username="nobody").update(is_active=False)

    right, wrong = (
        browser().post("/sign-in/", {**RIGHT, **also}) for also in ({}, {"password": "x"})
    )

    assert right.status_code == wrong.status_code == 422
