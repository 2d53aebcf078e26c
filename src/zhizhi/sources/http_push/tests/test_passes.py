"""Who sends is asked once for all who wait, and asked again soon enough."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

from zhizhi.engine import reading
from zhizhi.engine.models import Source
from zhizhi.sources.http_push import passes
from zhizhi.sources.http_push.tests.sending import TOKEN, source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grow by one whenever the database is asked who sends."""
    questions: list[None] = []

    def counted() -> None:
        questions.append(None)
        close_old_connections()

    # Each question is preceded by this call.
    monkeypatch.setattr(f"{passes.__name__}.close_old_connections", counted)
    return questions


def senders(*headers: str) -> list[Source | None]:
    """Return who sends each of these headers, all at once."""

    async def at_once() -> list[Source | None]:
        found = await asyncio.gather(*[passes.source_of(header) for header in headers])
        await sync_to_async(connections.close_all)()
        return found

    return asyncio.run(at_once())


def test_many_who_wait_are_answered_by_one_question(asked: list[None]) -> None:
    known = source()

    found = senders(*[f"Bearer {TOKEN}"] * 8)

    assert found == [known] * 8
    assert len(asked) == 1


def test_a_withdrawn_token_is_refused_when_it_is_forgotten(
    asked: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = source()
    assert senders(f"Bearer {TOKEN}") == [known]
    Source.objects.update(is_active=False)
    assert senders(f"Bearer {TOKEN}") == [known]
    assert len(asked) == 1

    monkeypatch.setattr(passes, "REMEMBER_S", -1.0)

    assert senders(f"Bearer {TOKEN}") == [None]
    assert len(asked) == 2


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", f"Basic {TOKEN}", "Bearer other"])
def test_nobody_is_known_without_the_right_token(header: str) -> None:
    source()

    assert senders(header) == [None]


def test_the_reader_is_made_once_for_all_who_wait() -> None:
    def made(_number: int) -> int:
        try:
            return id(reading.reader())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(made, range(8)))) == 1
