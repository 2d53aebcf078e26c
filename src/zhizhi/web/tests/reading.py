"""Reading what a page sends while it is being made."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync


def body(answer: Any) -> bytes:
    """The whole of an answer, also of one that is sent part by part."""
    if not answer.streaming:
        return bytes(answer.content)

    async def gather() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(gather)()
