"""The real processes on a small installation, and the posts that make it find something."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.browser.installing import TOKEN

ROOT = Path(__file__).resolve().parents[2]
FIXES = 5  # one a second
STARTS_WITHIN_S = 60


@dataclass(frozen=True)
class Server:
    """Where the product answers, and what lies in its installation."""

    url: str
    places: dict[str, tuple[float, float]]
    boat: str
    case: int
    violation: int

    def linger(self, place: str, token: int) -> None:
        """Tell the product of somebody who has just been too long in a place."""
        lon, lat = self.places[place]
        now = datetime.now(UTC)
        rows = [
            {
                "entity": token,
                "observed_at": (now - timedelta(seconds=FIXES - fix)).isoformat(),
                "lon": lon,
                "lat": lat,
                "accuracy_m": 5.0,
            }
            for fix in range(FIXES)
        ]
        answer = httpx.post(
            f"{self.url}/api/v1/observations/shore_positions.v1",
            json=rows,
            headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f"{place}-{token}"},
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def serve(home: Path) -> Iterator[Server]:
    """Make the installation, run web, worker and the stand-in for the carrier, end them again."""
    port, gateway = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ZHIZHI_", "DJANGO_"))},
        "ZHIZHI_MODE": "demo",
        "ZHIZHI_DATA": str(home),
        "ZHIZHI_CARRIER_URL": f"http://127.0.0.1:{gateway}",
        "ZHIZHI_LOG_LEVEL": "WARNING",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    made = _installed(environment)
    zhizhi = [sys.executable, "-m", "zhizhi.config.cli"]
    commands = {
        "gateway": ["gateway", "--port", str(gateway), "--ledger", str(home / "gateway.sqlite3"),
                    "--receipts", f"{url}/api/v1/carrier/receipts"],
        "web": ["web", "--port", str(port)],
        "worker": ["worker"],
    }  # fmt: skip
    with contextlib.ExitStack() as running:
        for name, arguments in commands.items():
            log = running.enter_context((home / f"{name}.log").open("ab"))
            process = subprocess.Popen(
                [*zhizhi, *arguments], env=environment, cwd=ROOT, stdout=log, stderr=log
            )
            running.callback(_end, process)
        _wait_for(f"{url}/healthz")
        yield Server(url=url, **made)


def _installed(environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.installing"],
        env=environment, cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(url: str) -> None:
    """Ask until something answers."""
    end = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            httpx.get(url, timeout=5, trust_env=False)
        except httpx.HTTPError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return
