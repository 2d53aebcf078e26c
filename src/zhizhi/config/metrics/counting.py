"""How many requests this process has answered, and how long they took; no address, no person."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

Application = Callable[[dict[str, Any], Any, Any], Coroutine[Any, Any, None]]

METHODS = ("GET", "HEAD", "POST")
PARTS = ("observations", "desk", "streams", "pages")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)
_STREAMS = ("/events/", "/wall/events")

REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
REQUESTS = Counter(
    "zhizhi_requests", "Requests answered", ("part", "method", "status"), registry=REGISTRY
)
TOOK = Histogram(
    "zhizhi_request_seconds",
    "Time until the last byte of an answer (streams are left out)",
    ("part",),
    buckets=SECONDS,
    registry=REGISTRY,
)


def part_of(path: str) -> str:
    """Return which part of the product an address belongs to: one of ``PARTS``."""
    if path.startswith("/api/v1/observations/"):
        return "observations"
    if path in _STREAMS:
        return "streams"
    return "desk" if path == "/desk/now" else "pages"


def counted(application: Application) -> Application:
    """Return ``application`` with its requests counted."""

    async def counting(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        part, begin, status = part_of(str(scope["path"])), time.perf_counter(), 0

        async def sending(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                count(part, str(scope["method"]), status)
            await send(message)

        await application(scope, receive, sending)
        if status and part != "streams":
            TOOK.labels(part).observe(time.perf_counter() - begin)

    return counting


def count(part: str, method: str, status: int) -> None:
    """Count one answer; methods and states that nobody expects are counted together."""
    known = method if method in METHODS else "other"
    kind = f"{status // 100}xx" if 100 <= status < 600 else "other"
    REQUESTS.labels(part, known, kind).inc()
