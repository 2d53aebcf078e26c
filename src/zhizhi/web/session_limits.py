"""How long a session lasts: so long without anything done, and so long at most.

Both limits depend on the roles (the strictest counts) and are settings. What scripts ask by
themselves is nothing done: only pages opened, forms sent, and what a hand has touched count. The
limits lie in the session and are renewed with its last sign of life, once a minute at most.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from zhizhi.directory.accounts import SEPARATED
from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.engine import settings_in_force
from zhizhi.web.failures import unavailable

LIMITS = "limits"
EACH = timedelta(minutes=1)  # so often the last sign of life is written at most
BY_ITSELF = ("/presence/", "/present/", "/events/")  # signs of life of a page, not of a person
SAFE = ("GET", "HEAD", "OPTIONS")
Role = RoleAssignment.Role


def begin(session: SessionBase, account: Account, *, now: datetime) -> None:
    """Let the limits of a session run from now on."""
    session[LIMITS] = {"entered": now.isoformat(), "seen": now.isoformat(), **_limits(account)}


def touch(session: SessionBase, account: object, *, now: datetime) -> None:
    """Take a sign of life down, and the limits as they are by now."""
    kept = session.get(LIMITS)
    if kept is not None and isinstance(account, Account):
        session[LIMITS] = {**kept, "seen": now.isoformat(), **_limits(account)}


def left(session: SessionBase, *, now: datetime) -> tuple[timedelta, timedelta] | None:
    """Return how long the session lasts if nothing is done, and at most; None without limits.

    Sessions of a demonstration have none.
    """
    kept: dict[str, Any] | None = session.get(LIMITS)
    if kept is None:
        return None
    entered, seen = (datetime.fromisoformat(kept[name]) for name in ("entered", "seen"))
    whole = entered + timedelta(seconds=kept["whole_s"]) - now
    return min(whole, seen + timedelta(seconds=kept["idle_s"]) - now), whole


def is_over(session: SessionBase, *, now: datetime) -> bool:
    """Say whether one of the limits has passed."""
    found = left(session, now=now)
    return found is not None and found[0] <= timedelta(0)


class SessionLimitMiddleware:
    """Signs out whose session has lasted its time; the page then asks who it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            _hold(request)
        except (OperationalError, InterfaceError) as error:  # a middleware's own is answered here
            return unavailable(request, error)
        return self.get_response(request)


def _hold(request: HttpRequest) -> None:
    """Keep the session of a request to its limits."""
    if request.session.get(LIMITS) is None:
        return
    now = timezone.now()
    if is_over(request.session, now=now):
        logout(request)
    elif is_deed(request) and _is_due(request.session, now):
        touch(request.session, request.user, now=now)


def is_deed(request: HttpRequest) -> bool:
    """Say whether somebody has done this, and not a script by itself."""
    if any(part in request.path for part in BY_ITSELF):
        return False
    if request.method not in SAFE:
        return True
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return mode == "navigate" and "HX-Request" not in request.headers


def _is_due(session: SessionBase, now: datetime) -> bool:
    return now - datetime.fromisoformat(session[LIMITS]["seen"]) >= EACH


def _limits(account: Account) -> dict[str, float]:
    """Return the strictest limits of the account's roles, in seconds."""
    roles = set(account.roles.values_list("role", flat=True))
    kinds = {_kind(role) for role in roles} or {"desk"}
    numbers = settings_in_force.snapshot()
    return {
        "idle_s": 60 * min(numbers[f"sessions.{kind}_idle_minutes"] for kind in kinds),
        "whole_s": 3600 * min(numbers[f"sessions.{kind}_hours"] for kind in kinds),
    }


def _kind(role: str) -> str:
    if role in SEPARATED:
        return "administrator"
    return "unit" if role == Role.UNIT_MEMBER else "desk"
