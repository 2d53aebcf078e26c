"""Between password and second factor: who is at the door, kept in the session for ten minutes.

Nobody is signed in meanwhile. The session holds the account, a print of its password (a changed one
begins anew), where to go on, and the seed of the secret that an app is about to be given.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from zhizhi.directory import second_factor
from zhizhi.directory.models import Account
from zhizhi.web import session_limits

AT_THE_DOOR = "entering"
PROVED_AT = "proved_at"
PATIENCE = timedelta(minutes=10)
FRESH = timedelta(minutes=10)  # for so long the factors may be changed after one was shown


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has shown a password; ``has_codes`` once the own new codes wait to be read."""

    account: Account
    next_page: str
    seed: str
    has_codes: bool


def knock(request: HttpRequest, account: Account, *, next_page: str, now: datetime) -> None:
    """Remember who has shown a password; the session gets a new key."""
    request.session.cycle_key()
    request.session[AT_THE_DOOR] = {
        "account": account.pk,
        "print": account.get_session_auth_hash(),
        "until": (now + PATIENCE).isoformat(),
        "next": next_page,
        "seed": secrets.token_urlsafe(24),
        "codes": False,
    }


def visitor(request: HttpRequest, *, now: datetime) -> Visitor | None:
    """Return who is at the door; None when nobody is, or for too long."""
    kept: dict[str, Any] | None = request.session.get(AT_THE_DOOR)
    if kept is None or now > datetime.fromisoformat(kept["until"]):
        return None
    account = Account.objects.filter(pk=kept["account"], is_active=True, is_demo=False).first()
    if account is None or not constant_time_compare(kept["print"], account.get_session_auth_hash()):
        return None
    return Visitor(account, kept["next"], kept["seed"], kept["codes"])


def has_set_up(request: HttpRequest, account: Account) -> None:
    """Remember that the visitor has set a factor up and has new codes to read."""
    account.refresh_from_db()
    kept = request.session[AT_THE_DOOR]
    kept |= {"codes": True, "print": account.get_session_auth_hash()}
    request.session[AT_THE_DOOR] = kept


def enter(request: HttpRequest, who: Visitor, *, now: datetime) -> None:
    """Sign the visitor in."""
    request.session.pop(AT_THE_DOOR, None)
    second_factor.enter(request, who.account)
    session_limits.begin(request.session, who.account, now=now)
    confirm(request, now=now)


def confirm(request: HttpRequest, *, now: datetime) -> None:
    """Remember that a factor was shown just now."""
    request.session[PROVED_AT] = now.isoformat()


def is_fresh(request: HttpRequest, *, now: datetime) -> bool:
    """Say whether a factor was shown so lately that the factors may be changed."""
    proved = request.session.get(PROVED_AT)
    return proved is not None and now - datetime.fromisoformat(proved) <= FRESH
