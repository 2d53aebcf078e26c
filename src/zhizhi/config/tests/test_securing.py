"""Every answer carries the headers that keep a browser from misusing it, whoever gives it."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import override_settings

from zhizhi.config import asgi, securing
from zhizhi.web import desk_door

Message = MutableMapping[str, Any]
NAMES = {
    "content-security-policy", "cross-origin-opener-policy", "referrer-policy",
    "x-content-type-options", "x-frame-options",
}  # fmt: skip


def told(path: str, *, application: Any = None, method: str = "GET") -> list[tuple[str, str]]:
    """Return the headers of an answer, names in small letters."""
    found: list[tuple[str, str]] = []

    async def send(message: Message) -> None:
        for name, value in message.get("headers", []):
            found.append((name.decode().lower(), value.decode()))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    asyncio.run((application or asgi.application)(scope, receive, send))
    return found


async def bare(_scope: Message, _receive: Any, send: Any) -> None:
    headers = [(b"Content-Type", b"text/html"), (b"Referrer-Policy", b"no-referrer")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x"})


def test_what_a_sender_of_observations_is_answered_has_them() -> None:
    found = told("/api/v1/observations/nothing.v1", method="POST")

    assert {name for name, _value in found} >= NAMES


def test_what_the_desks_door_answers_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def door(_scope: Message) -> HttpResponse:
        return HttpResponse(b"drawn")

    monkeypatch.setattr(desk_door, "answer_for", door)

    assert {name for name, _value in told("/desk/now")} >= NAMES


def test_what_an_answer_says_itself_stays_and_stands_there_once() -> None:
    found = told("/", application=securing.secured(bare))

    assert found.count(("referrer-policy", "no-referrer")) == 1
    assert len([name for name, _value in found if name == "referrer-policy"]) == 1
    assert ("x-content-type-options", "nosniff") in found


def test_nothing_but_this_house_is_trusted_by_a_page() -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in securing.headers()["content-security-policy"].split(";")
    )

    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert not any("unsafe" in part or "*" in part or "http" in part for part in policy.values())


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [(31_536_000, "max-age=31536000; includeSubDomains"), (0, None)],
)
def test_behind_tls_browsers_are_told_to_come_by_tls_alone(
    seconds: int, wanted: str | None
) -> None:
    with override_settings(SECURE_HSTS_SECONDS=seconds):
        found = dict(told("/", application=securing.secured(bare)))

    assert found.get("strict-transport-security") == wanted


def test_a_stream_and_the_start_of_the_server_are_left_alone() -> None:
    seen: list[Message] = []

    async def lifespan(_scope: Message, _receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})

    async def send(message: Message) -> None:
        seen.append(message)

    asyncio.run(securing.secured(lifespan)({"type": "lifespan"}, None, send))

    assert seen == [{"type": "lifespan.startup.complete"}]
