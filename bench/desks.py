"""Many desks without a browser: each hears the live stream and fetches its state after a change.

Written on plain sockets: two hundred desks have machines of their own, and a client library would
take more of the measured machine than the product does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from urllib.parse import urlsplit

import httpx
from tests.browser.server import Server

BATCH_S = 0.04  # as assets/js/live.js
WATCHERS = ("operator", "operator2", "inspector", "leader", "administrator")
LONGEST_LINE = 1 << 16


def sign_in(server: Server, username: str) -> httpx.Cookies:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/sign-in/")
        form = {"username": username, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        assert client.post("/sign-in/demo/", data=form).status_code == 302
        return client.cookies


@contextmanager
def others(server: Server, count: int) -> Iterator[None]:
    """Let ``count`` more desks watch, in a thread of their own; returns when all hear."""
    cookies = [sign_in(server, name) for name in WATCHERS]
    loop, stop, hearing = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    desks = [Desk(server.url, one) for one in islice(cycle(cookies), count)]
    thread = threading.Thread(target=lambda: loop.run_until_complete(_watch(desks, stop, hearing)))
    thread.start()
    assert hearing.wait(60), "not every desk hears the stream"
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
    broken = [desk for desk in desks if desk.failure]
    assert not broken, f"{len(broken)} desks stopped watching: {broken[0].failure}"


async def _watch(desks: list[Desk], stop: asyncio.Event, hearing: threading.Event) -> None:
    tasks = [asyncio.create_task(desk.watch()) for desk in desks]
    for desk in desks:
        await desk.hears.wait()
    hearing.set()
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Desk:
    """One of them; ``failure`` says why it stopped, ``fetched`` how often it asked."""

    def __init__(self, url: str, cookies: httpx.Cookies) -> None:
        self._host = urlsplit(url).netloc
        self._cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._changed = asyncio.Event()
        self.hears = asyncio.Event()
        self.failure = ""
        self.fetched = 0

    async def watch(self) -> None:
        """Hear and fetch until cancelled."""
        try:
            await asyncio.gather(self._hear(), self._fetch())
        except (OSError, AssertionError, asyncio.IncompleteReadError) as error:
            self.failure = repr(error)
            self.hears.set()

    async def _hear(self) -> None:
        stream, _writer = await self._ask(await self._connect(), "/events/")
        await _head(stream)
        self.hears.set()
        while line := await stream.readline():
            if line.startswith(b"data:"):
                self._changed.set()
        message = "the stream ended"
        raise OSError(message)

    async def _fetch(self) -> None:
        connection = await self._connect()
        while True:
            await self._changed.wait()
            await asyncio.sleep(BATCH_S)
            self._changed.clear()
            if connection[0].at_eof():  # the server closes connections that rest
                connection = await self._connect()
            stream, _writer = await self._ask(connection, "/desk/now")
            await stream.readexactly(int((await _head(stream))["content-length"]))
            self.fetched += 1

    async def _connect(self) -> Connection:
        host, _colon, port = self._host.partition(":")
        return await asyncio.open_connection(host, int(port), limit=LONGEST_LINE)

    async def _ask(self, connection: Connection, path: str) -> Connection:
        lines = (f"GET {path} HTTP/1.1", f"Host: {self._host}", f"Cookie: {self._cookie}",
                 "Accept-Encoding: gzip", "", "")  # fmt: skip
        connection[1].write("\r\n".join(lines).encode())
        await connection[1].drain()
        return connection


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _head(stream: asyncio.StreamReader) -> dict[str, str]:
    """Read status and headers; anything but 200 is a failure."""
    status, *lines = (await stream.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
    assert status.split()[1] == "200", status
    pairs = (line.partition(":") for line in lines if line)
    return {name.lower(): value.strip() for name, _colon, value in pairs}
