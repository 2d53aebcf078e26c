"""What the processes do when they are told to end: nobody is cut off, nothing is left half done."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.installing import VESSELS, House
from tests.test_storage import Sender, is_whole
from zhizhi.sources.mqtt.tests.brokering import wait_until

LONG_S = 300


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "data")
    made.make()
    yield made
    made.end()


class Half:
    """A request of which only half has arrived."""

    def __init__(self, sender: Sender, house: House) -> None:
        now = datetime.now(UTC).isoformat()
        body = json.dumps([{"entity": 1, "observed_at": now, "lon": 107.4, "lat": 29.7}]).encode()
        head = (
            f"POST /api/v1/observations/{VESSELS} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {house.token}\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: slow\r\nContent-Length: {len(body)}\r\n"
            "Expect: 100-continue\r\n\r\n"
        )
        self.rest = body[20:]
        self.socket = socket.create_connection(("127.0.0.1", sender.port), timeout=LONG_S)
        self.socket.sendall(head.encode())
        assert self.socket.recv(65536).startswith(b"HTTP/1.1 100"), "it has begun to read"
        self.socket.sendall(body[:20])

    def finish(self) -> bytes:
        """Send the other half; returns the answer until the server hangs up."""
        self.socket.sendall(self.rest)
        found = b""
        while part := self.socket.recv(65536):
            found += part
        self.socket.close()
        return found


def test_a_web_process_ends_its_streams_and_answers_what_has_begun(house: House) -> None:
    sender = Sender(house)
    wait_until(sender.answers, "the pages are served")
    session = house.python("tests.session_world").stdout
    cookies = {"sessionid": session}
    with (
        httpx.Client(base_url=sender.client.base_url, cookies=cookies, timeout=LONG_S) as client,
        client.stream("GET", "/events/") as stream,
    ):
        heard = stream.iter_raw()
        first = next(heard)
        slow = Half(sender, house)

        sender.process.send_signal(signal.SIGTERM)
        rest = b"".join(heard)  # returns when the stream has been ended
        answer = slow.finish()
        sender.process.wait(LONG_S)

    assert stream.status_code == 200
    assert first.startswith(b"retry: ")
    assert b"event: change" not in rest
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["accepted"] == 1
    assert sender.process.returncode in {0, -signal.SIGTERM}
    assert house.stored() == 1
    assert is_whole(house)
    with pytest.raises(httpx.TransportError):
        sender.client.get("/")


def test_a_worker_ends_its_step_and_gives_its_detectors_back(house: House) -> None:
    worker = house.start("worker")
    held = "SELECT count(*) FROM engine_checkpoint WHERE holder <> ''"

    def holders() -> int:
        with house.database() as database:
            return int(database.execute(held).fetchone()[0])

    wait_until(lambda: holders() > 0, "the worker runs")

    worker.send_signal(signal.SIGTERM)
    worker.wait(LONG_S)

    assert worker.returncode == 0
    assert holders() == 0
    assert '"error"' not in (house.data / "log").read_text(encoding="utf-8")
