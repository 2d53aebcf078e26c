"""How long a session lasts: without a deed, at most, and by role; signs of life of scripts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import InterfaceError, OperationalError
from django.test import Client
from tests.district_world import World

from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.engine import settings_in_force
from zhizhi.trust.scoping import Scope
from zhizhi.web import session_limits
from zhizhi.web.tests.conftest import Browse
from zhizhi.web.views.events import scope_of_session

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURS = {"operator": 13, "unit_member": 24, "administrator": 10, "auditor": 10}


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def limited(browser: Client, account: Account) -> Client:
    session = browser.session
    session_limits.begin(session, account, now=NOON)
    session.save()
    return browser


@pytest.fixture
def operator(world: World, browse: Browse, clock: Any) -> Client:
    return limited(browse("operator"), world.here["operator"])


def is_in(browser: Client, path: str = "/messages/", **headers: Any) -> bool:
    return browser.get(path, **headers).status_code == 200


@pytest.mark.parametrize(("role", "minutes"), [
    ("operator", 120), ("unit_member", 720), ("administrator", 30), ("auditor", 30),
    ("security_administrator", 30), ("leader", 120),
])  # fmt: skip
@pytest.mark.parametrize(("seconds", "lasts"), [(-1, True), (0, False), (1, False)])
def test_a_session_ends_when_nothing_was_done_for_its_roles_time(
    role: str, minutes: int, seconds: int, lasts: bool, world: World, browse: Browse, clock: Any
) -> None:
    browser = limited(browse(role), world.here[role])

    clock.move_to(NOON + timedelta(minutes=minutes, seconds=seconds))

    assert is_in(browser) is lasts
    assert (SESSION_KEY in browser.session) is lasts


@pytest.mark.parametrize("role", sorted(HOURS))
@pytest.mark.parametrize(("seconds", "lasts"), [(-1, True), (0, False), (1, False)])
def test_a_session_ends_at_its_time_whatever_was_done(
    role: str, seconds: int, lasts: bool, world: World, browse: Browse, clock: Any
) -> None:
    browser = limited(browse(role), world.here[role])
    end = NOON + timedelta(hours=HOURS[role])
    session = browser.session
    session_limits.touch(session, world.here[role], now=end - timedelta(minutes=4))
    session.save()

    clock.move_to(end + timedelta(seconds=seconds))

    assert is_in(browser) is lasts


def test_of_several_roles_the_strictest_limits_count(world: World, clock: Any) -> None:
    both = world.here["unit_member"]
    RoleAssignment.objects.create(account=both, role="auditor")
    session = Client().session

    session_limits.begin(session, both, now=NOON)

    assert session_limits.left(session, now=NOON) == (timedelta(minutes=30), timedelta(hours=10))


@pytest.mark.parametrize(("headers", "counts"), [
    ({}, True), ({"sec-fetch-mode": "navigate"}, True), ({"sec-fetch-mode": "cors"}, False),
    ({"hx-request": "true"}, False),
])  # fmt: skip
def test_what_a_script_asks_for_is_no_sign_of_life(
    operator: Client, clock: Any, headers: dict[str, str], counts: bool
) -> None:
    clock.move_to(NOON + timedelta(minutes=100))
    operator.get("/messages/", headers=headers)

    clock.move_to(NOON + timedelta(minutes=130))

    assert is_in(operator) is counts


def test_the_sign_of_life_of_an_open_case_is_none_of_a_person(
    operator: Client, world: World, clock: Any
) -> None:
    clock.move_to(NOON + timedelta(minutes=100))
    case = world.records["case"].pk
    assert operator.post(f"/cases/{case}/present/").status_code in {200, 204}

    clock.move_to(NOON + timedelta(minutes=130))

    assert not is_in(operator)


def test_whoever_presses_stay_stays(operator: Client, clock: Any) -> None:
    clock.move_to(NOON + timedelta(minutes=119))
    by_script = {"sec-fetch-mode": "cors"}
    assert operator.get("/account/session", headers=by_script).json() == {
        "idle_s": 60,
        "whole_s": 661 * 60,
    }

    assert operator.post("/account/session").json()["idle_s"] == 7200
    clock.move_to(NOON + timedelta(minutes=238))

    assert is_in(operator)


def test_asking_how_long_it_lasts_keeps_no_session(operator: Client, clock: Any) -> None:
    clock.move_to(NOON + timedelta(minutes=100))
    operator.get("/account/session", headers={"sec-fetch-mode": "cors"})
    clock.move_to(NOON + timedelta(minutes=121))

    assert operator.get("/account/session")["Location"].startswith("/sign-in/")


def test_a_changed_setting_counts_from_the_next_deed_on(operator: Client, clock: Any) -> None:
    settings_in_force.change("sessions.desk_idle_minutes", 15, by="worker", now=NOON)
    clock.move_to(NOON + timedelta(minutes=2))
    assert is_in(operator)

    clock.move_to(NOON + timedelta(minutes=17))

    assert not is_in(operator)


def test_the_stream_of_a_session_ends_with_it(operator: Client, clock: Any) -> None:
    key = str(operator.session.session_key)
    assert scope_of_session(key).grants

    clock.move_to(NOON + timedelta(minutes=120))

    assert scope_of_session(key) == Scope(None)


def test_a_session_is_written_once_a_minute_at_most(operator: Client, clock: Any) -> None:
    def seen_after(seconds: int) -> str:
        clock.move_to(NOON + timedelta(seconds=seconds))
        operator.get("/messages/")
        return str(operator.session[session_limits.LIMITS]["seen"])

    assert seen_after(59) == NOON.isoformat()
    assert seen_after(60) == (NOON + timedelta(seconds=60)).isoformat()


def test_the_page_carries_its_warning_only_where_there_is_a_limit(
    operator: Client, browse: Browse
) -> None:
    assert 'data-session="/account/session"' in operator.get("/messages/").content.decode()
    assert "data-session=" not in browse("inspector").get("/messages/").content.decode()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_session_that_cannot_be_read_is_told_like_a_missing_database(
    error: type[Exception], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any) -> None:
        raise error

    monkeypatch.setattr(SessionStore, "get", away)

    answer = client.get("/", headers={"cookie": "sessionid=somebody"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
