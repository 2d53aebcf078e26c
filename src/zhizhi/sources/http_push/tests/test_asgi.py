"""The address straight from the server: pieces of a body, closed connections, and memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings
from django.db import connections

from zhizhi.engine.models import InboxKey, JournalSegment
from zhizhi.sources.http_push import asgi, receiving
from zhizhi.sources.http_push.tests.sending import TOKEN, VESSELS, row, source

pytestmark = pytest.mark.django_db(transaction=True)
MIB = 1 << 20


class Talk:
    """One request as an ASGI server would play it; counts the pieces that were asked for."""

    def __init__(
        self, pieces: Iterator[bytes], headers: dict[str, str] | None = None, *, ends: bool = True
    ) -> None:
        self.pieces = pieces
        self.ends = ends
        self.asked = 0
        self.sent: list[dict[str, Any]] = []
        names = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        names |= headers or {}
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": f"{asgi.PREFIX}{VESSELS}",
            "headers": [(k.lower().encode(), v.encode()) for k, v in names.items()],
        }

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        piece = next(self.pieces, None)
        if piece is not None:
            return {"type": "http.request", "body": piece, "more_body": True}
        return {"type": "http.request", "body": b""} if self.ends else {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    def play(self) -> int:
        """Return the status of the answer, 0 for none."""

        async def whole() -> None:
            await asgi.application(self.scope, self.receive, self.send)
            await sync_to_async(connections.close_all)()

        asyncio.run(whole())
        return self.sent[0]["status"] if self.sent else 0

    def told(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.sent[1]["body"])
        return content


def test_a_body_in_pieces_is_stored_as_one_envelope() -> None:
    source()
    body = json.dumps([row(7), row(8)]).encode()

    talk = Talk(iter([body[:10], body[10:90], body[90:]]))

    assert talk.play() == 200
    assert talk.told()["accepted"] == 2
    assert JournalSegment.objects.get().rows == 2


def test_of_a_body_that_breaks_off_nothing_is_stored_and_nobody_is_answered() -> None:
    source()
    body = json.dumps([row(7)]).encode()

    talk = Talk(iter([body]), ends=False)

    assert talk.play() == 0
    assert not InboxKey.objects.exists()


def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    source()

    talk = Talk(iter([b"["] * 200), {"Content-Length": str(200 * MIB)})

    assert talk.play() == 413
    assert talk.asked == 0
    assert "64 MiB" in talk.told()["message"]


def test_a_200_mb_body_of_undeclared_length_is_dropped_at_the_limit() -> None:
    source()
    piece = b" " * MIB

    talk = Talk(piece for _ in range(200))

    assert talk.play() == 413
    assert talk.asked == 65


@pytest.mark.parametrize(("size", "status"), [(99, 200), (100, 200), (101, 413)])
def test_the_limit_counts_to_the_byte(settings: LazySettings, size: int, status: int) -> None:
    settings.MAX_INTAKE_BYTES = 100
    source()

    talk = Talk(iter([b"[]" + b" " * (size - 2)]))

    assert talk.play() == status


def test_a_stranger_is_refused_before_a_byte_is_read() -> None:
    source()

    talk = Talk(iter([b"[]"]), {"Authorization": "Bearer stranger"})

    assert talk.play() == 401
    assert talk.asked == 0


def test_bodies_together_hold_no_more_than_the_allowed_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source()
    monkeypatch.setattr(receiving, "HELD_MOST", 100)

    talk = Talk(iter([b"[" + b" " * 60, b" " * 60 + b"]"]))

    assert talk.play() == 503
    assert talk.told()["error"] == "busy"
    assert dict(talk.sent[0]["headers"])[b"retry-after"] == b"1"


@pytest.mark.parametrize("ending", ["told", "refused", "broken"])
def test_what_was_held_for_a_request_is_let_go(ending: str) -> None:
    source()
    body = b"[{]" if ending == "refused" else json.dumps([row()]).encode()

    Talk(iter([body]), ends=ending != "broken").play()

    assert receiving._held == 0


def test_a_body_that_does_not_arrive_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    source()
    monkeypatch.setattr(receiving, "BODY_WITHIN_S", 0.01)

    class Stalled(Talk):
        async def receive(self) -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

    talk = Stalled(iter([]))

    assert talk.play() == 408


def test_other_addresses_are_not_ours() -> None:
    assert asgi.is_ours({"type": "http", "path": "/api/v1/observations/x"})
    assert not asgi.is_ours({"type": "http", "path": "/api/v1/openapi.json"})
    assert not asgi.is_ours({"type": "websocket", "path": "/api/v1/observations/x"})
    assert not asgi.is_ours({"type": "lifespan"})
