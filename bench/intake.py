"""Durable intake on SQLite: group commit against a plain Django view with a transaction a request.

Both are served by uvicorn in a process of their own, both run SQLite with WAL and
``synchronous=FULL`` on the same disk, both get the same rows from 64 clients that each wait for
their answer, and both answer after the commit. Ours is ``zhizhi web`` as it is installed. The rows
of each database are counted at the end. Run with: python -m bench.intake --json
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from bench.measuring import show
from tests.ports import free_port

CLIENTS = 64
REQUESTS = 960  # of one round
ROUNDS = 3
STREAM = "vessel_positions.v1"


@dataclass
class Endpoint:
    """One of the servers that are compared."""

    name: str
    port: int
    path: str
    token: str
    database: Path
    counting: str  # SQL that counts the stored rows
    server: psutil.Process
    sent: int = 0
    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)  # of the server, a request

    @property
    def rate(self) -> float:
        return median(self.rates)

    @property
    def p99_ms(self) -> float:
        ordered = sorted(self.waits)
        return ordered[int(len(ordered) * 0.99)] * 1e3

    def stored(self) -> int:
        with sqlite3.connect(self.database) as database:
            return int(database.execute(self.counting).fetchone()[0] or 0)


def run() -> list[dict[str, Any]]:
    """Return all figures."""
    figures = []
    for rows in (1, 20):
        figures += compared(rows)
    return figures


def compared(rows: int) -> list[dict[str, Any]]:
    """Measure all endpoints in turn, a few times, with ``rows`` observations a request."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="zhizhi-bench-") as folder:
        ours = stack.enter_context(house(Path(folder, "ours")))
        peers = [
            stack.enter_context(plain(way, Path(folder, way))) for way in ("writer", "threads")
        ]
        for one in (ours, *peers):
            asyncio.run(load(one, rows, CLIENTS * 2))  # warm up
            one.rates.clear()
            one.waits.clear()
            one.cpu_ms.clear()
        for _ in range(ROUNDS):
            for one in (ours, *peers):
                asyncio.run(load(one, rows, REQUESTS))
        for one in (ours, *peers):
            demand_stored(one, rows)
    word = "observation" if rows == 1 else "observations"
    name = f"durable intake on SQLite, {CLIENTS} clients, {rows} {word} a request"
    return [figure for peer in peers for figure in against(ours, peer, name)]


def against(ours: Endpoint, peer: Endpoint, name: str) -> Iterator[dict[str, Any]]:
    """Yield throughput, 99th percentile and the server's CPU time of both."""
    spent, theirs_spent = median(ours.cpu_ms), median(peer.cpu_ms)
    for what, unit, mine, theirs, ratio, least in (
        (name, "requests/s", ours.rate, peer.rate, ours.rate / peer.rate, 3),
        (f"{name}: p99", "ms", ours.p99_ms, peer.p99_ms, peer.p99_ms / ours.p99_ms, 4),
        (f"{name}: CPU of the server", "ms/request", spent, theirs_spent, theirs_spent / spent, 0),
    ):
        yield {
            "name": what,
            "unit": unit,
            "ours": mine,
            "peer": f"Django view, a transaction a request ({peer.name})",
            "peer_value": theirs,
            "ratio": ratio,
            "target": f">= {least}" if least else "",
            "met": ratio >= least,
        }


def demand_stored(one: Endpoint, rows: int) -> None:
    """Refuse to compare speeds when the databases do not hold what was acknowledged."""
    stored = one.stored()
    if stored != one.sent * rows:
        message = f"{one.name}: {one.sent * rows} rows were acknowledged, {stored} are stored."
        raise SystemExit(message)


@contextmanager
def house(data: Path) -> Iterator[Endpoint]:
    """Run ``zhizhi web`` in a new installation with one source."""
    clean = {key: value for key, value in os.environ.items() if "ZHIZHI" not in key}
    environment = {**clean, "ZHIZHI_DATA": str(data), "ZHIZHI_LOG_LEVEL": "WARNING",
                   "DJANGO_SETTINGS_MODULE": "zhizhi.config.settings"}  # fmt: skip
    command = [sys.executable, "-m", "zhizhi.config.cli"]

    def settle(words: Sequence[str]) -> str:
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        return done.stdout

    settle([*command, "doctor", "--make-keys"])
    settle([sys.executable, "-m", "django", "migrate", "-v0"])
    told = json.loads(settle([*command, "source", "bench", "--stream", STREAM, "--json"]))
    port = free_port()
    with serving([*command, "web", "--port", str(port)], port, environment) as server:
        yield Endpoint(
            "Zhizhi", port, f"/api/v1/observations/{STREAM}", told["token"],
            data / "zhizhi.sqlite3", "SELECT sum(rows) FROM engine_journalsegment", server,
        )  # fmt: skip


@contextmanager
def plain(way: str, data: Path) -> Iterator[Endpoint]:
    """Run the plain view in a new database."""
    data.mkdir()
    port, token = free_port(), secrets.token_urlsafe(32)
    command = [sys.executable, "-m", "bench.plain_endpoint", way, str(port), str(data), token]
    with serving(command, port, dict(os.environ)) as server:
        yield Endpoint(
            f"one {way}" if way == "writer" else way, port, "/observations", token,
            data / "zhizhi.sqlite3", "SELECT count(*) FROM plain_position", server,
        )  # fmt: skip


@contextmanager
def serving(
    command: Sequence[str], port: int, environment: dict[str, str]
) -> Iterator[psutil.Process]:
    """Run a server until the block ends; raises SystemExit when it does not answer."""
    process = subprocess.Popen(command, env=environment)
    try:
        end = time.monotonic() + 120
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > end:
                message = f"{' '.join(command)} does not answer"
                raise SystemExit(message)
            time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


async def load(one: Endpoint, rows: int, requests: int) -> None:
    """Send ``requests`` bodies from all clients; each sends its next when it has its answer."""
    numbers = iter(range(one.sent, one.sent + requests))
    begun, before = time.perf_counter(), one.server.cpu_times()
    await asyncio.gather(*[_client(one, rows, numbers) for _ in range(CLIENTS)])
    one.rates.append(requests / (time.perf_counter() - begun))
    after = one.server.cpu_times()
    spent = after.user - before.user + after.system - before.system
    one.cpu_ms.append(spent / requests * 1e3)
    one.sent += requests


async def _client(one: Endpoint, rows: int, numbers: Iterator[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    for number in numbers:
        body = _body(number, rows)
        head = (
            f"POST {one.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {one.token}\r\nIdempotency-Key: {number}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        begun = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        size = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        content = json.loads(await reader.readexactly(size))
        one.waits.append(time.perf_counter() - begun)
        if not answer.startswith(b"HTTP/1.1 200") or content["accepted"] != rows:
            message = f"{one.name} answered {answer[:40]!r}: {content}"
            raise SystemExit(message)
    writer.close()
    await writer.wait_closed()


def _body(number: int, rows: int) -> bytes:
    seen = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    return json.dumps(
        [
            {"entity": number * rows + row, "observed_at": seen, "lon": 107.0 + row * 1e-4,
             "lat": 29.7, "accuracy_m": 12.0}
            for row in range(rows)
        ]
    ).encode()  # fmt: skip


if __name__ == "__main__":
    show(run, __doc__)
