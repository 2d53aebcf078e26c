"""One answer for everybody who asks the same at the same time, in the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """Asks for all who wait: an answer counts for whoever came before it was asked for.

    Whoever comes later must hear what has happened until then, so an answer under way is not for
    him; the next one is, and all who come meanwhile share it.
    """

    def __init__(self, ask: Callable[[Question], Awaitable[Answer]]) -> None:
        self._ask = ask
        self._coming: dict[Question, asyncio.Task[Answer]] = {}
        self._running: dict[Question, asyncio.Task[Answer]] = {}

    async def get(self, question: Question) -> Answer:
        """Return an answer that was asked for after this call; raises what asking raises."""
        coming = self._coming.get(question)
        if coming is None:
            before = self._running.get(question)
            coming = asyncio.create_task(self._round(question, before))
            self._coming[question] = coming
        # Shielded: one who goes away must not take the answer from the others.
        return await asyncio.shield(coming)

    async def _round(self, question: Question, before: asyncio.Task[Answer] | None) -> Answer:
        if before is not None:
            await asyncio.wait({before})
        this = self._running[question] = self._coming.pop(question)
        try:
            return await self._ask(question)
        finally:
            if self._running[question] is this:
                del self._running[question]
