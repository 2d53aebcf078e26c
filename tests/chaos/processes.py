"""One installation in a folder of its own, with the real web, worker and gateway processes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.ports import free_port
from zhizhi.sources.mqtt.tests.brokering import Mosquitto

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("web", "worker", "gateway")


class Installation:
    """Starts, kills and restarts the three processes; knows where everything lies."""

    def __init__(self, home: Path, *, database: str, is_naive: bool, seed: int) -> None:
        self.home = home
        self.is_naive = is_naive
        self.seed = seed
        self.ports = {"web": free_port(), "gateway": free_port()}
        self.ledger = home / "gateway.sqlite3"
        self.parts: tuple[str, ...] = PARTS
        self.kills = dict.fromkeys(PARTS, 0)
        self.lateness_s = 0
        self.broker: Mosquitto | None = None  # where a trial has one
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._starts = 0
        self._lock = threading.Lock()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("ZHIZHI_", "DJANGO_"))},
            "ZHIZHI_MODE": "test",
            "ZHIZHI_DATA": str(home / "data"),
            "ZHIZHI_DATABASE": database,
            "ZHIZHI_CARRIER_URL": f"http://127.0.0.1:{self.ports['gateway']}",
            "ZHIZHI_LOG_LEVEL": "WARNING",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['web']}/api/v1"

    def command(self, part: str) -> list[str]:
        zhizhi = [sys.executable, "-m", "zhizhi.config.cli"]
        if part == "web":
            return [*zhizhi, "web", "--port", str(self.ports["web"])]
        if part == "worker" and self.is_naive:
            return [sys.executable, "-m", "tests.chaos.naive"]
        if part.startswith("worker"):
            return [*zhizhi, "worker"]
        if part == "listen":
            return [*zhizhi, "listen"]
        return [
            *zhizhi, "gateway", "--port", str(self.ports["gateway"]), "--ledger", str(self.ledger),
            "--receipts", f"{self.url}/carrier/receipts", "--lose-requests", "0.03",
            "--lose-answers", "0.05", "--seed", str(self.seed + self._starts),
        ]  # fmt: skip

    def run(self, module: str, *arguments: object) -> str:
        """Run one of the modules beside this one in the installation; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", f"tests.chaos.{module}", *map(str, arguments)],
            env=self.environment, cwd=ROOT, check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            message = f"{module} failed:\n{done.stderr}"
            raise RuntimeError(message)
        return done.stdout

    def start(self, part: str) -> None:
        with self._lock:
            self._starts += 1
            log = (self.home / f"{part}.log").open("ab")
            self._running[part] = subprocess.Popen(
                self.command(part), env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )
            log.close()

    def start_all(self) -> None:
        for part in self.parts:
            self.start(part)
        for port in self.ports.values():
            wait_for_port(port)

    def kill(self, part: str) -> None:
        """Kill without warning and start again at once, as a supervisor would."""
        process = self._running[part]
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.kills[part] += 1
        self.start(part)

    def signal(self, part: str, number: signal.Signals) -> None:
        self._running[part].send_signal(number)

    def stop(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()

    def accepted(self) -> list[tuple[str, str]]:
        """Return token and text of each message that the gateway took, repeats included."""
        with contextlib.closing(sqlite3.connect(self.ledger)) as ledger:
            return sorted(ledger.execute("SELECT token, text FROM accepted"))

    def wait_for_acceptance(self, *, seconds: float) -> None:
        """Return at the moment at which the gateway takes one more message."""
        with contextlib.closing(sqlite3.connect(self.ledger)) as ledger:
            count = "SELECT count(*) FROM tries"
            before = ledger.execute(count).fetchone()
            end = time.monotonic() + seconds
            while ledger.execute(count).fetchone() == before and time.monotonic() < end:
                time.sleep(0.002)

    def tries(self) -> int:
        with contextlib.closing(sqlite3.connect(self.ledger)) as ledger:
            return int(ledger.execute("SELECT count(*) FROM tries").fetchone()[0])

    def outcome(self, last_offset: int, *, seconds: float) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("watching", last_offset, seconds))
        return found

    def logs(self) -> str:
        """Return the ends of the processes' logs."""
        texts = [
            f"--- {part}\n{(self.home / f'{part}.log').read_text(errors='replace')[-2000:]}"
            for part in self.parts
        ]
        return "\n".join(texts)


def wait_for_port(port: int, *, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while True:
        with socket.socket() as trying:
            trying.settimeout(1)
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > end:
            message = f"nothing listens on port {port}"
            raise RuntimeError(message)
        time.sleep(0.1)


Ground = Callable[["Installation"], contextlib.AbstractContextManager[Any]]


@contextlib.contextmanager
def installation(
    *, database: str, is_naive: bool = False, seed: int, least_s: int = 0,
    ground: Ground = contextlib.nullcontext,
) -> Iterator[Installation]:  # fmt: skip
    """Give a fresh installation with its processes running, and remove all of it afterwards.

    ``ground`` prepares what it stands on; rows may be late by at least ``least_s``.
    """
    home = Path(tempfile.mkdtemp(prefix="zhizhi-chaos-"))
    made = Installation(home, database=database, is_naive=is_naive, seed=seed)
    try:
        with ground(made):
            try:
                made.lateness_s = int(made.run("installing", least_s).split()[-1])
                made.start_all()
                yield made
            finally:
                made.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
