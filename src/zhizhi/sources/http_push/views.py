"""POST /api/v1/observations/<stream> as a Django view, and the description of the API.

``zhizhi web`` answers the same address before Django's middleware (``asgi.py``); this view is for
every other server and for tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from zhizhi.sources.http_push.describing import description
from zhizhi.sources.http_push.receiving import Incoming, receive

_PIECE = 1 << 16


@csrf_exempt  # a bearer token, not a cookie, says who sends
async def observations(request: HttpRequest, stream: str) -> HttpResponse:
    """Take one body of observations in; see ``receiving.receive``."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = await receive(Incoming(request.method or "", stream, headers, _chunks(request)))
    return HttpResponse(
        answer.body(),
        status=answer.status,
        content_type="application/json",
        headers=dict(answer.headers),
    )


@require_GET
def openapi(request: HttpRequest) -> JsonResponse:
    """Describe the API for programs."""
    return JsonResponse(description())


async def _chunks(request: HttpRequest) -> AsyncIterator[bytes]:
    while piece := request.read(_PIECE):
        yield piece
