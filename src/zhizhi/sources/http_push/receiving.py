"""Taking observations in over HTTP: from headers and body to a receipt, whatever the server.

Nothing of the body is held before its sender, kind and size are accepted, and all bodies together
stay within ``HELD_MOST``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.conf import settings

from zhizhi.engine import reading
from zhizhi.engine.committing import IntakeBusy
from zhizhi.engine.intake import Receipt
from zhizhi.engine.models import Source
from zhizhi.kernel.streams import Stream, UnknownStream, stream_named
from zhizhi.sources import bodies
from zhizhi.sources.door import door
from zhizhi.sources.http_push import answers, gathering, passes
from zhizhi.sources.http_push.answers import Answer, Refused
from zhizhi.sources.http_push.gathering import Sent

LONGEST_KEY = 255
INLINE_BYTES = 32_768  # smaller bodies are read together, larger ones beside the event loop
HELD_MOST = 192 << 20
BODY_WITHIN_S = 300.0
_BUSY = "More is being received than this machine can hold; send again later."

_beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bodies")
_held = 0


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as any server can give it; header names are in small letters."""

    method: str
    stream: str
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


async def receive(incoming: Incoming) -> Answer:
    """Take one body of observations in and answer when everything accepted is durable."""
    try:
        return answers.told(await _take(incoming))
    except Refused as refused:
        return answers.refusal(refused)
    except answers.REFUSALS as error:
        return answers.failure(error)


async def _take(incoming: Incoming) -> Receipt:
    if incoming.method != "POST":
        raise Refused(405, "method", "Observations are sent with POST.")
    headers = incoming.headers
    source = await passes.source_of(headers.get("authorization", ""))
    if source is None:
        raise Refused(401, "token", "Send the source's token: Authorization: Bearer TOKEN.")
    stream, kind, key = _stream(incoming.stream, source), _kind(headers), _key(headers)
    reader = reading.remembered() or await sync_to_async(reading.reader)()
    body = await _body(incoming)
    sent = Sent(source, stream, kind, key, headers.get("content-encoding", "").strip().lower())
    try:
        if sent.is_plain_json and len(body) <= INLINE_BYTES:
            envelope = await gathering.read_with_others(sent, body, reader)
        else:
            envelope = await asyncio.get_running_loop().run_in_executor(
                _beside, sent.envelope, body, reader
            )
    finally:
        _let_go(len(body))
    return await asyncio.wrap_future(door().submit(envelope))


def _stream(name: str, source: Source) -> Stream:
    try:
        stream = stream_named(name)
    except UnknownStream as unknown:
        raise Refused(404, "unknown-stream", str(unknown), known=list(unknown.known)) from unknown
    if stream.name not in source.streams:
        message = f"The source {source.code} may not send {stream.name}. Ask the administrator."
        raise Refused(403, "stream", message, allowed=list(source.streams))
    return stream


def _kind(headers: Mapping[str, str]) -> str:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in bodies.KINDS:
        message = f"Content-Type {kind or '(none)'} is not understood: send one of these."
        raise Refused(415, "kind", message, known=list(bodies.KINDS))
    return kind


def _key(headers: Mapping[str, str]) -> str:
    """Return the sender's key; empty means that the digest of the body is the key."""
    key = headers.get("idempotency-key", "").strip()
    if len(key) > LONGEST_KEY or not key.isprintable():
        message = f"An Idempotency-Key is at most {LONGEST_KEY} printable characters."
        raise Refused(400, "key", message)
    return key


async def _body(incoming: Incoming) -> bytes:
    """Return the body, held until ``_let_go``; raises BodyRefused before it outgrows the limit."""
    most: int = settings.MAX_INTAKE_BYTES
    declared = incoming.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise bodies.too_large(most)
    held = 0
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for chunk in incoming.chunks:
                if len(body) + len(chunk) > most:
                    raise bodies.too_large(most)
                _hold(len(chunk))
                held += len(chunk)
                body += chunk
    except BaseException:
        _let_go(held)
        raise
    return bytes(body)


def _hold(size: int) -> None:
    global _held  # noqa: PLW0603 - what all requests of this process hold together
    if _held + size > HELD_MOST:
        raise IntakeBusy(_BUSY)
    _held += size


def _let_go(size: int) -> None:
    global _held  # noqa: PLW0603 - see ``_hold``
    _held -= size
