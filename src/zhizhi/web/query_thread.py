"""Database queries of code that runs in the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import Error, close_old_connections, connection, connections

Answer = TypeVar("Answer")


class QueryThread:
    """One thread with a connection of its own; what it is asked it does one after the other."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, query: Callable[..., Answer], *arguments: Any) -> Answer:
        """Return the query's answer; raises what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _ask, query, *arguments)

    def close(self) -> None:
        """Close the connection; a later query opens another."""
        self._pool.submit(connections.close_all)

    def end(self) -> None:
        """Close the connection and wait until the thread has ended."""
        self.close()
        self._pool.shutdown()


def _ask(query: Callable[..., Answer], *arguments: Any) -> Answer:
    close_old_connections()
    try:
        return query(*arguments)
    except Error:
        connection.close()
        raise
