"""Desks that hear the live stream fetch their state straight from the server.

Two hundred desks hear of one change at once and all fetch what it did. Session, middleware and a
thread for each cost the server two seconds; here they share one answer. Whose stream is open has
been let in by the ordinary way, and the stream asks again every beat; everybody else takes that
way, and so does every request while the database fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import Error
from django.http import HttpResponse
from django.utils.translation import get_language_from_request

from zhizhi.trust.scoping import Scope
from zhizhi.web.access import DESK_READERS
from zhizhi.web.compressing import compressed
from zhizhi.web.desk_now import DeskQuestion, answer
from zhizhi.web.live import heard_by
from zhizhi.web.query_thread import QueryThread
from zhizhi.web.together import Together

ADDRESS = "/desk/now"

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

_thread = QueryThread("desk")


async def _ask(question: DeskQuestion) -> bytes:
    return await _thread.run(answer, question)


_together = Together(_ask)


async def answer_for(scope: MutableMapping[str, Any]) -> HttpResponse | None:
    """Return the answer for a desk that hears the stream; None when the ordinary way has to."""
    if scope["type"] != "http" or scope["path"] != ADDRESS or scope["method"] != "GET":
        return None
    request = ASGIRequest(dict(scope), BytesIO())
    viewer = _let_in(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    if viewer is None:
        return None
    question = DeskQuestion.of(viewer, request.GET, get_language_from_request(request))
    try:
        body = await _together.get(question)
    except Error:
        return None
    told = compressed(request, body, "application/json")
    told["Cache-Control"] = "no-store"
    told["X-Content-Type-Options"] = "nosniff"
    return told


def _let_in(session: str) -> Scope | None:
    """Return what the desk of a session may show, if its stream is open and it has a desk."""
    scope = heard_by(session)
    grants = scope.of(*DESK_READERS) if scope else ()
    return Scope(scope.account, grants) if scope and grants else None


async def send_answer(told: HttpResponse, send: Send) -> None:
    """Send an answer as the server takes it."""
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    headers.append((b"content-length", str(len(told.content)).encode()))
    await send({"type": "http.response.start", "status": told.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": told.content})


def close_door() -> None:
    """Close the connection to the database."""
    _thread.close()
