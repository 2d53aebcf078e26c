"""Who may look: a screen shows its pass by a signed cookie, and the pass is asked for again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from zhizhi.directory import walls
from zhizhi.directory.models import WallPass
from zhizhi.trust.scoping import Scope
from zhizhi.web.digits import whole_number

COOKIE, SALT, PATH = "wall", "zhizhi.web.wall", "/wall/"
KEPT_S = 400 * 86_400  # browsers keep none longer; every visit renews it
REMEMBER_S = 2.0  # how long a withdrawn pass may still show something
MOST_KNOWN = 200
NONE = "none"
Page = Callable[..., HttpResponseBase]

_known: dict[int, tuple[float, WallPass]] = {}


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """Why a screen shows nothing: no pass, or one that has expired or was withdrawn."""

    reason: str
    row: WallPass | None = None


def admitted(request: HttpRequest) -> WallPass | NotAdmitted:
    """Return the valid pass that the screen shows, and note that it is in use today."""
    kept = request.get_signed_cookie(COOKIE, "", salt=SALT, max_age=KEPT_S) or ""
    number = whole_number(kept)
    return _judged(None if number is None else _look_up(number))


def admitted_by(token: str, use: str = WallPass.Use.SCREEN) -> WallPass | NotAdmitted:
    """Return the valid pass for ``use`` that ``token`` belongs to."""
    return _judged(walls.find(token, use) if token else None)


def _judged(row: WallPass | None) -> WallPass | NotAdmitted:
    now = timezone.now()
    if row is None:
        return NotAdmitted(NONE)
    state = row.state_at(now)
    if state != WallPass.State.VALID:
        return NotAdmitted(state, row)
    if row.opened_on != timezone.localdate(now):
        walls.note_use(row, now=now)
        row.opened_on = timezone.localdate(now)
    return row


def _look_up(pk: int) -> WallPass | None:
    """Ask the database, at most every two seconds for one pass."""
    known = _known.get(pk)
    if known and time.monotonic() - known[0] <= REMEMBER_S:
        return known[1]
    _known.pop(pk, None)
    row = walls.get(pk)
    if row is not None:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[pk] = (time.monotonic(), row)
    return row


def forget() -> None:
    """Look every pass up again."""
    _known.clear()


def scope_now(pk: int) -> Scope:
    """Return what the screen may show by now; nothing once its pass is not valid any more."""
    row = walls.get(pk)
    is_valid = row is not None and row.state_at(timezone.now()) == WallPass.State.VALID
    return row.scope() if row is not None and is_valid else Scope(None)


def for_walls(page: Page) -> Page:
    """Let a page be opened with a pass only; its first arguments are request, pass and scope."""

    @wraps(page)
    def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        row = admitted(request)
        if isinstance(row, NotAdmitted):
            return refused(request, row)
        return page(request, row, row.scope(), *arguments, **named)

    return guarded


def refused(request: HttpRequest, refusal: NotAdmitted) -> HttpResponse:
    """Say on a plain page what has happened and what to do; data is answered without words."""
    if request.path != PATH:
        return HttpResponse(status=403)
    answer = render(request, "web/wall_closed.html", {"refusal": refusal}, status=403)
    answer["Cache-Control"] = "no-store"
    return answer


def remember(answer: HttpResponse, row: WallPass) -> None:
    """Give the screen its cookie."""
    answer.set_signed_cookie(
        COOKIE,
        str(row.pk),
        salt=SALT,
        max_age=KEPT_S,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
