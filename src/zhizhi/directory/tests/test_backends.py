"""By which doors a session lets somebody in, in each mode of the installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.contrib.auth import get_user, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import override_settings

from zhizhi.directory import accounts, backends, second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.tests.test_accounts import AT, create, request

pytestmark = pytest.mark.django_db
AXES = "axes.backends.AxesStandaloneBackend"
PRODUCTION = [AXES, backends.PASSWORD, backends.SECOND_FACTOR]


def came_in(account: Account, door: str) -> HttpRequest:
    asking = request()
    login(asking, account, backend=door)
    asking.session.save()
    again = request()
    again.session = SessionStore(asking.session.session_key)
    return again


def doors(mode: str) -> list[str]:
    """Return the doors of an installation that runs in ``mode``, asked as a process of its own."""
    script = (
        "import json; from django.conf import settings;"
        "print(json.dumps(settings.AUTHENTICATION_BACKENDS))"
    )
    environment = {**os.environ, "ZHIZHI_MODE": mode}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_production_has_no_other_doors_than_these() -> None:
    assert doors("production") == PRODUCTION
    assert doors("demo") == [*PRODUCTION, backends.DEMO]


@override_settings(AUTHENTICATION_BACKENDS=PRODUCTION)
def test_a_session_with_a_password_alone_belongs_to_nobody() -> None:
    assert isinstance(get_user(came_in(create(), backends.PASSWORD)), AnonymousUser)


@override_settings(AUTHENTICATION_BACKENDS=PRODUCTION)
def test_a_session_of_an_earlier_version_belongs_to_nobody() -> None:
    old = "django.contrib.auth.backends.ModelBackend"

    assert isinstance(get_user(came_in(create(), old)), AnonymousUser)


@override_settings(AUTHENTICATION_BACKENDS=PRODUCTION)
def test_a_session_with_a_second_factor_belongs_to_its_account() -> None:
    account = create()

    assert get_user(came_in(account, backends.SECOND_FACTOR)) == account


@override_settings(AUTHENTICATION_BACKENDS=PRODUCTION, DEMO=True)
def test_production_opens_no_door_to_a_session_of_a_demonstration() -> None:
    account = create("demo-desk", None, is_demo=True)

    for door in (backends.DEMO, backends.SECOND_FACTOR):
        assert isinstance(get_user(came_in(account, door)), AnonymousUser)


@pytest.mark.parametrize(("is_demo_mode", "is_demo_account", "is_let_in"), [
    (True, True, True), (True, False, False), (False, True, False), (False, False, False),
])  # fmt: skip
def test_the_demonstrations_door_is_for_its_accounts_in_its_mode(
    is_demo_mode: bool, is_demo_account: bool, is_let_in: bool
) -> None:
    account = create(is_demo=is_demo_account)
    session = came_in(account, backends.DEMO)

    with override_settings(DEMO=is_demo_mode):
        assert get_user(session).is_authenticated is is_let_in


def test_a_closed_account_and_ended_sessions_let_nobody_in() -> None:
    account, other = create(), create("desk-2")
    first, second = (came_in(one, backends.SECOND_FACTOR) for one in (account, other))

    accounts.close_account(account, by="account:1", now=AT)
    second_factor.end_sessions(other)

    assert not get_user(first).is_authenticated
    assert not get_user(second).is_authenticated


def test_no_door_but_the_first_takes_a_password() -> None:
    create()
    given = {"username": "desk-1", "password": "river-lantern-7-boats"}

    for door in (backends.SecondFactorDoor(), backends.DemoDoor()):
        assert door.authenticate(None, **given) is None
    assert backends.PasswordDoor().authenticate(request(), **given) is not None
