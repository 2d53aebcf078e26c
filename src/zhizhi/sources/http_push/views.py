"""POST /api/v1/observations/<stream>: observations in, a receipt out after they are durable."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from zhizhi.engine.committing import IntakeBusy, IntakeUnavailable
from zhizhi.engine.intake import Envelope, KeyReused, Receipt
from zhizhi.engine.journal import to_us
from zhizhi.engine.models import Source
from zhizhi.kernel.observations import UnknownStream
from zhizhi.kernel.streams import Stream, stream_named
from zhizhi.sources.http_push import bodies
from zhizhi.sources.http_push.door import door
from zhizhi.trust import keys

LONGEST_KEY = 255


class Refused(Exception):
    """The request is answered without taking anything; ``more`` joins the answer."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.more = more


@csrf_exempt  # a bearer token, not a cookie, says who sends
async def observations(request: HttpRequest, stream: str) -> HttpResponse:
    """Take one body of observations in.

    200 with {accepted, quarantined, offset, defects}: everything accepted is durable. 400 body not
    readable, 401 token, 403 stream not allowed, 404 stream, 409 key reused, 413 too large,
    415 kind, 503 try again.
    """
    try:
        envelope = await sync_to_async(_envelope, thread_sensitive=False)(request, stream)
        receipt: Receipt = await asyncio.wrap_future(door().submit(envelope))
    except Refused as refused:
        return _error(refused.status, str(refused), **refused.more)
    except bodies.BodyRefused as refused:
        return _error(refused.status, str(refused))
    except KeyReused as reused:
        return _error(409, str(reused))
    except (IntakeBusy, IntakeUnavailable) as unavailable:
        answer = _error(503, str(unavailable))
        answer["Retry-After"] = str(int(unavailable.retry_after.total_seconds()))
        return answer
    except (OperationalError, InterfaceError):
        answer = _error(503, "The database is not reachable. Nothing was stored; send again.")
        answer["Retry-After"] = "5"
        return answer
    return JsonResponse(receipt.as_response())


def _envelope(request: HttpRequest, name: str) -> Envelope:
    if request.method != "POST":
        raise Refused(405, "Observations are sent with POST.")
    source = _source(request)
    stream = _stream(name, source)
    kind = (request.content_type or "").lower()
    if kind not in bodies.KINDS:
        message = f"Content-Type {kind or 'is missing: it'} is not understood."
        raise Refused(415, message, known=list(bodies.KINDS))
    body = _body(request)
    digest = hashlib.sha256(body).hexdigest()
    now = timezone.now()
    plain = bodies.unpacked(
        body, request.headers.get("Content-Encoding", "").lower(), settings.MAX_INTAKE_BYTES
    )
    token_key = keys.ring().current("token").secret
    return Envelope(
        source=source,
        stream=stream.name,
        reading=bodies.reading_of(stream, kind, plain, token_key=token_key, arrival_us=to_us(now)),
        key=_key(request, digest),
        body_digest=digest,
        arrival_at=now,
    )


def _source(request: HttpRequest) -> Source:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    digest = hashlib.sha256(token.strip().encode()).hexdigest()
    if scheme.lower() == "bearer" and token.strip():
        source = Source.objects.filter(token_digest=digest, is_active=True).first()
        if source is not None and hmac.compare_digest(source.token_digest, digest):
            return source
    message = "Send the source's token: Authorization: Bearer TOKEN."
    raise Refused(401, message)


def _stream(name: str, source: Source) -> Stream:
    try:
        stream = stream_named(name)
    except UnknownStream as unknown:
        raise Refused(404, str(unknown), known=list(unknown.known)) from unknown
    if stream.name not in source.streams:
        message = f"The source {source.code} may not send {stream.name}. Ask the administrator."
        raise Refused(403, message)
    return stream


def _body(request: HttpRequest) -> bytes:
    most: int = settings.MAX_INTAKE_BYTES
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > most:
        raise bodies.too_large(most)
    return b"".join(bodies.pieces(request, most))


def _key(request: HttpRequest, digest: str) -> str:
    """Return the sender's key, or the body's digest: the same bytes are then taken once."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY:
        raise Refused(400, f"The Idempotency-Key is longer than {LONGEST_KEY} characters.")
    return key or f"sha256:{digest}"


def _error(status: int, message: str, **more: Any) -> JsonResponse:
    return JsonResponse({"error": message, **more}, status=status)
