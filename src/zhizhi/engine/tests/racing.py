"""Running verbs at the same moment, each in a thread and connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def race(*verbs: Callable[[], Any]) -> list[Any]:
    """Start all ``verbs`` at once; returns what each returned or raised, in their order."""
    results: list[Any] = [None] * len(verbs)
    start = threading.Barrier(len(verbs))

    def run(place: int, verb: Callable[[], Any]) -> None:
        start.wait()
        try:
            results[place] = verb()
        except Exception as problem:  # noqa: BLE001 - handed to the test
            results[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def winners(results: Sequence[Any]) -> list[Any]:
    return [one for one in results if not isinstance(one, Exception)]


def losers(results: Sequence[Any]) -> list[Any]:
    return [one for one in results if isinstance(one, Exception)]
