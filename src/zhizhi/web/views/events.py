"""Server-sent events: what changed, as it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.directory.models import Account
from zhizhi.trust.scoping import Scope
from zhizhi.web import session_limits
from zhizhi.web.digits import whole_number
from zhizhi.web.live import stream


@require_GET
async def events(request: HttpRequest) -> HttpResponseBase:
    """Stream the changes that the viewer may know of; resumes after Last-Event-ID or ``?after=``.

    Browsers send the header when they reconnect by themselves; a page that takes a stream over
    from another tab can only say it in the address.
    """
    user = await request.auser()
    if not isinstance(user, Account):
        return HttpResponse(status=401)
    scope = await sync_to_async(user.scope)()
    if not scope.grants:
        return HttpResponse(status=403)
    session = request.session.session_key or ""
    heard = stream(
        scope, last_heard(request), renewed=partial(scope_of_session, session), session=session
    )
    return server_sent(heard)


def scope_of_session(session: str) -> Scope:
    """Return what a session may see by now.

    Nothing when it has ended, has lasted its time, or its password changed.
    """
    request = HttpRequest()
    request.session = SessionStore(session)
    if session_limits.is_over(request.session, now=timezone.now()):
        return Scope(None)
    user = get_user(request)
    return user.scope() if isinstance(user, Account) else Scope(None)


def last_heard(request: HttpRequest) -> int | None:
    """Return the number of the last event that the page has heard."""
    last = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    return whole_number(last)


def server_sent(heard: AsyncIterator[bytes]) -> HttpResponseBase:
    """Answer with a stream of events that no proxy holds back."""
    answer = StreamingHttpResponse(heard, content_type="text/event-stream")
    answer["Cache-Control"] = "no-cache"
    answer["X-Accel-Buffering"] = "no"
    return answer
