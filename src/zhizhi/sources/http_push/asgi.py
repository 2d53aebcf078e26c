"""The same address straight from the server: no middleware, and the body as it arrives.

Django would write a body of any size to disk before a view could refuse it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from zhizhi.sources.http_push.answers import Answer
from zhizhi.sources.http_push.receiving import Incoming, receive

PREFIX = "/api/v1/observations/"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class SenderGone(Exception):
    """The connection closed before the body was complete: there is nobody to answer."""


def is_ours(scope: MutableMapping[str, Any]) -> bool:
    """Say whether a request goes to the observations' address."""
    return scope["type"] == "http" and str(scope["path"]).startswith(PREFIX)


async def application(scope: MutableMapping[str, Any], receive_: Receive, send: Send) -> None:
    """Answer one request; nothing is stored of a body that did not arrive whole."""
    incoming = Incoming(
        method=scope["method"],
        stream=str(scope["path"])[len(PREFIX) :],
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        chunks=_chunks(receive_),
    )
    try:
        answer = await receive(incoming)
    except SenderGone:
        return
    await _answer(answer, send)


async def _chunks(receive_: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive_()
        if message["type"] == "http.disconnect":
            raise SenderGone
        if body := message.get("body", b""):
            yield body
        if not message.get("more_body", False):
            return


async def _answer(answer: Answer, send: Send) -> None:
    body = answer.body()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    headers += [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
