"""Which part of the product a request reaches first."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from django.http import HttpResponse

from zhizhi.config import asgi
from zhizhi.web import desk_door, live

Message = MutableMapping[str, Any]
ASKED: Message = {
    "type": "http", "method": "GET", "path": "/desk/now", "query_string": b"", "headers": [],
}  # fmt: skip


def reached(monkeypatch: pytest.MonkeyPatch, at_the_door: HttpResponse | None) -> list[str]:
    """Return who has answered: what was sent, or that Django was asked."""
    seen: list[str] = []

    async def door(_scope: Message) -> HttpResponse | None:
        return at_the_door

    async def django(_scope: Message, _receive: Any, _send: Any) -> None:
        seen.append("django")

    async def send(message: Message) -> None:
        seen.append(message.get("body", b"").decode())

    monkeypatch.setattr(desk_door, "answer_for", door)
    monkeypatch.setattr(asgi, "_django", django)
    asyncio.run(asgi.application(dict(ASKED), None, send))
    return seen


def test_what_the_door_answers_is_sent_and_django_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert reached(monkeypatch, HttpResponse(b"drawn")) == ["", "drawn"]


def test_what_the_door_does_not_answer_takes_the_ordinary_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert reached(monkeypatch, None) == ["django"]


@pytest.mark.parametrize(
    ("asked", "woken"),
    [({"method": "POST"}, 1), ({"method": "GET"}, 0), ({"method": "HEAD"}, 0),
     ({"type": "websocket", "method": None}, 0)],
)  # fmt: skip
def test_after_an_act_the_open_pages_are_told_at_once(
    asked: Message, woken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(live, "wake", lambda: told.append(1))

    async def django(_scope: Message, _receive: Any, _send: Any) -> None:
        assert not told, "only when the act is committed"

    monkeypatch.setattr(asgi, "_django", django)
    asyncio.run(asgi.application({**ASKED, "path": "/cases/1/dismiss/", **asked}, None, None))

    assert len(told) == woken
