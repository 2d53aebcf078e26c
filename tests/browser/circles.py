"""A protected circle in the browser's installation, and the browser of whose it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

OWNER, CONFIRMED, WAITING, INVITER = (f"1200000004{n}" for n in range(4))


def settle(now: datetime) -> dict[str, str]:
    """Let somebody join, be confirmed by one relative, wait for another, and help a third.

    Returns the cookie of that somebody's browser.
    """
    from django.conf import settings
    from django.contrib.sessions.backends.db import SessionStore

    from zhizhi.systems.antifraud import circling
    from zhizhi.systems.antifraud.views.circle import ENTERED

    owner, inviter = _joined(OWNER, now), _joined(INVITER, now)
    for who, phone, relation in ((owner, CONFIRMED, "child"), (inviter, OWNER, "friend")):
        row = circling.invite(who, phone, relation, now=now)
        circling.confirm(row.pk, circling.secret_of(row), now=now)
    circling.invite(owner, WAITING, "spouse", now=now)
    session = SessionStore()
    session[ENTERED] = owner.pk
    session.save()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key)}


def _joined(phone: str, now: datetime) -> Any:
    """Join as the page does, without waiting for the message."""
    from zhizhi.engine import timeline
    from zhizhi.systems.antifraud import joining
    from zhizhi.systems.antifraud.models import CirclePerson

    with timeline.writing():
        row = joining.known(phone, now=now)
        CirclePerson.objects.filter(pk=row.pk).update(joined_at=now)
        joining.agree(row, now=now)
    return row
