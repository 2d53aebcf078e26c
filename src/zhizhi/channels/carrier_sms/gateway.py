"""A telephone operator's gateway in one process: stands in for the real one in demo and tests.

Speaks just enough HTTP/1.1 itself, because losing requests and answers on purpose means dropping
connections, which a web framework does not allow.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from zhizhi.channels import signing
from zhizhi.channels.carrier_sms.ledger import Accepted, Ledger

LARGEST = 64 * 1024
REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
           422: "Unprocessable Content"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faults:
    """How unreliable the gateway pretends to be: shares between 0 and 1."""

    lose_requests: float = 0.0
    lose_answers: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """What one HTTP request says."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Unreadable(Exception):
    """The other side does not speak the little HTTP that this gateway knows."""


@dataclass
class Gateway:
    """Checks signatures, accepts each key once, and calls back with receipts."""

    ledger: Ledger
    secret: str
    faults: Faults = field(default_factory=Faults)
    chance: random.Random = field(default_factory=random.Random)
    receipts_url: str = ""
    clock: Callable[[], float] = time.time
    pause_s: float = 0.5

    async def serve(self, host: str, port: int, *, ready: asyncio.Event | None = None) -> None:
        """Listen until cancelled."""
        server = await asyncio.start_server(self._talk, host, port)
        self.port = server.sockets[0].getsockname()[1]
        calling = asyncio.create_task(self._call_back())
        if ready:
            ready.set()
        try:
            async with server:
                await server.serve_forever()
        finally:
            calling.cancel()
            with suppress(asyncio.CancelledError):
                await calling

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_request(reader)) is not None:
                if self.chance.random() < self.faults.lose_requests:
                    break
                status, content = self.answer(request)
                if self.chance.random() < self.faults.lose_answers:
                    break
                writer.write(_response(status, content))
                await writer.drain()
        except (Unreadable, OSError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Return status and content for ``request``."""
        signed = signing.is_signed(
            self.secret,
            request.body or request.path.encode(),
            timestamp=request.headers.get(signing.TIMESTAMP.lower(), ""),
            signature=request.headers.get(signing.SIGNATURE.lower(), ""),
            now=int(self.clock()),
        )
        if not signed:
            return 401, {"error": "the signature does not fit"}
        if request.method == "POST" and request.path == "/messages":
            return self._accept(request.body)
        if request.method == "GET" and request.path.startswith("/messages/"):
            found = self.ledger.find(request.path.removeprefix("/messages/"))
            return (200, _facts(found)) if found else (404, {"error": "no such message"})
        return 404, {"error": "no such address"}

    def _accept(self, body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            content = json.loads(body)
            key, text = str(content["key"]), str(content["text"])
            token = str(content["phone"] if "phone" in content else content["token"])
            f"{key}{token}{text}".encode()  # half a character cannot be kept
        except (ValueError, KeyError, TypeError, RecursionError):
            return 400, {"error": "key, token or phone, and text are wanted"}
        if not token.lstrip("-").isdigit() or not text:
            return 422, {"error": "no such token, or nothing to say"}
        found, is_new = self.ledger.accept(key=key, token=token, text=text, at=self.clock())
        return (201 if is_new else 200), _facts(found)

    async def _call_back(self) -> None:
        """Tell the house of deliveries until it has answered; what is owed outlives a crash."""
        if not self.receipts_url:
            return
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            while True:
                await asyncio.sleep(self.pause_s)
                keys = self.ledger.without_receipt(200)
                if keys and await self._tell(client, keys):
                    self.ledger.told(keys, at=self.clock())

    async def _tell(self, client: httpx.AsyncClient, keys: list[str]) -> bool:
        receipts = [{"key": key, "status": "delivered"} for key in keys]
        body = json.dumps({"receipts": receipts}).encode()
        headers = signing.sign(self.secret, body, at=int(self.clock()))
        headers["Content-Type"] = "application/json"
        try:
            answer = await client.post(self.receipts_url, content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None at the end of the connection. Raises Unreadable."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise Unreadable from error
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    words = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _colon, value in pairs}
    length = headers.get("content-length", "0")
    is_number = length.isascii() and length.isdigit() and len(length) < 10
    if len(words) != 3 or not is_number or int(length) > LARGEST:
        raise Unreadable
    try:
        body = await reader.readexactly(int(length))
    except asyncio.IncompleteReadError:
        return None
    return Request(words[0], words[1], headers, body)


def _facts(found: Accepted) -> dict[str, str]:
    return {"id": found.id, "key": found.key, "status": "accepted"}


def _response(status: int, content: dict[str, Any]) -> bytes:
    body = json.dumps(content).encode()
    head = (
        f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
