"""No room and no database: what is acknowledged is stored, and work resumes by itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from tests import postgres
from tests.installing import VESSELS, House
from tests.ports import free_port
from zhizhi.sources.mqtt.tests.brokering import wait_until

MIB = 1 << 20


class Sender:
    """Posts envelopes under keys of its own, and remembers what was acknowledged."""

    def __init__(self, house: House) -> None:
        self.port = free_port()
        self.process = house.start("web", "--port", str(self.port))
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {house.token}"},
            timeout=60,
        )
        self.numbers = itertools.count()
        house.closing.append(self.client.close)
        self.acknowledged: dict[str, int] = {}

    def answers(self) -> bool:
        try:
            return self.client.get("/api/v1/openapi.json").status_code == 200
        except httpx.TransportError:
            return False

    def post(self, rows: int = 1, *, key: str = "") -> httpx.Response:
        key = key or f"key-{next(self.numbers)}"
        now = datetime.now(UTC).isoformat()
        row = {"observed_at": now, "lon": 107.4, "lat": 29.7}
        answer = self.client.post(
            f"/api/v1/observations/{VESSELS}",
            json=[{"entity": n, **row} for n in range(rows)],
            headers={"Idempotency-Key": key},
        )
        if answer.status_code == 200:
            self.acknowledged[key] = answer.json()["accepted"]
        return answer

    def until(self, status: int, rows: int) -> httpx.Response:
        """Post new envelopes until one is answered with ``status``."""
        for _ in range(200):
            answer = self.post(rows)
            if answer.status_code == status:
                return answer
        message = f"never answered {status}"
        raise AssertionError(message)

    def again(self, key: str) -> bool:
        """Say whether an envelope under ``key`` is taken now."""
        return self.post(key=key).status_code == 200


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "data")
    made.make()
    yield made
    made.end()


def is_whole(house: House) -> bool:
    return house.zhizhi("verify-log", "--json").returncode == 0


def test_with_a_full_disk_nothing_is_acknowledged_and_work_resumes_by_itself(house: House) -> None:
    """The process may write no file beyond a size: every write fails as on a full disk."""
    sender = Sender(house)
    wait_until(sender.answers, "the pages are served")
    sender.post(100)
    server = psutil.Process(sender.process.pid)
    room = max(path.stat().st_size for path in house.data.glob("zhizhi.sqlite3*"))

    server.rlimit(psutil.RLIMIT_FSIZE, (room, psutil.RLIM_INFINITY))
    refused = sender.until(503, rows=2000)
    while_full = sender.post(2000)
    server.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    wait_until(lambda: sender.again("later"), "taken again")

    assert refused.json()["error"] == "unavailable"
    assert "disk" in refused.json()["message"]
    assert int(refused.headers["Retry-After"]) > 0
    assert while_full.status_code == 503
    assert house.stored() == sum(sender.acknowledged.values())
    assert house.stored("engine_inboxkey", "count(*)") == len(sender.acknowledged)
    assert is_whole(house)


def test_a_200_mb_body_is_refused_without_taking_the_memory(house: House) -> None:
    sender = Sender(house)
    wait_until(sender.answers, "the pages are served")
    sender.post()
    server = psutil.Process(sender.process.pid)
    before = server.memory_info().rss

    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * MIB

    answer = _refused_early(
        lambda: sender.client.post(
            f"/api/v1/observations/{VESSELS}",
            content=pieces(),
            headers={"Content-Type": "application/json"},
        )
    )

    assert answer in {413, None}
    assert server.memory_info().rss - before < 160 * MIB
    assert sender.post().status_code == 200


def _refused_early(send: Callable[[], httpx.Response]) -> int | None:
    """Return the status; None when the server hung up before it was read."""
    try:
        return send().status_code
    except httpx.TransportError:
        return None


def test_while_postgresql_is_gone_nothing_is_acknowledged_and_work_resumes_by_itself(
    tmp_path: Path,
) -> None:
    with postgres.running(durable=True) as cluster:
        house = House(tmp_path / "data", ZHIZHI_DATABASE=cluster.url)
        try:
            house.make()
            sender = Sender(house)
            wait_until(sender.answers, "the pages are served")
            before = [sender.post(10).status_code for _ in range(5)]
            cluster.stop()
            refused = [sender.post(10, key="gone") for _ in range(3)]
            page = sender.client.get("/", headers={"Cookie": "sessionid=somebody"})
            cluster.start()
            wait_until(lambda: sender.again("gone"), "taken again")
            stored = _counts(cluster.url)
            whole = is_whole(house)
        finally:
            house.end()

    assert before == [200] * 5
    assert [answer.status_code for answer in refused] == [503] * 3
    assert {answer.json()["error"] for answer in refused} == {"unavailable"}
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert stored == (sum(sender.acknowledged.values()), len(sender.acknowledged))
    assert whole


def _counts(url: str) -> Any:
    """Return the rows and the keys that the database holds."""
    with psycopg.connect(url) as database:
        return database.execute(
            "SELECT (SELECT sum(rows) FROM engine_journalsegment),"
            " (SELECT count(*) FROM engine_inboxkey)"
        ).fetchone()
