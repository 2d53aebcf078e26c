"""Server-sent events: what changed, as it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from zhizhi.directory.models import Account
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
    return server_sent(stream(scope, last_heard(request)))


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
