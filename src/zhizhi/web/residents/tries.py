"""Wrong codes: how many one sender may try within an hour, and how many against one number."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from zhizhi.engine import quotas, settings_in_force
from zhizhi.web.residents import drafts

Tried = tuple[tuple[str, str], ...]


def tried(request: HttpRequest, what: str, number: str) -> Tried:
    """Return what a try with a code counts against: who sends it, and the number it is for."""
    return ("code", drafts.sender(request)), (what, number)


def has_room(those: Tried, now: datetime) -> bool:
    """Say whether another code may be tried."""
    return all(quotas.has_room(what, who, most=_most(), now=now) for what, who in those)


def note_wrong(those: Tried, now: datetime) -> None:
    """Count a code that was wrong."""
    for what, who in those:
        quotas.take(what, who, most=_most(), now=now)


def too_many(now: datetime) -> str:
    """Return what is said after too many wrong codes."""
    return again(_("Too many wrong codes. Try again at {time}, or call."), now)


def again(said: str, now: datetime) -> str:
    """Return ``said`` with the time at which the counts of this hour begin anew."""
    return said.format(time=f"{timezone.localtime(quotas.again_at(now)):%H:%M}")


def _most() -> int:
    most: int = settings_in_force.value("residents.tries_per_hour")
    return most
