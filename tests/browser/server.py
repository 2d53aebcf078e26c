"""The real processes on a small installation, and the posts that make it find something."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.browser.installing import TOKEN
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
ZHIZHI = (sys.executable, "-m", "zhizhi.config.cli")
FIXES = 5  # one a second: four seconds of stay
STARTS_WITHIN_S = 120
_TOKENS = count(7_000_001)


@dataclass(frozen=True)
class Place:
    """A square of water where nobody may linger, and the boat beside it; its key signs in.

    "street" is no water: a community, in ``zone``, and the team in its middle.
    """

    key: str
    lon: float
    lat: float
    zone: str
    boat: str


@dataclass
class Process:
    """One command of the product, which a test may stop and start again."""

    arguments: list[str]
    environment: Mapping[str, str]
    log: Path
    _running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [*ZHIZHI, *self.arguments], env=dict(self.environment), cwd=ROOT, stdout=log,
                stderr=log,
            )  # fmt: skip

    def kill(self) -> None:
        """End it as a power cut would: at once, with nothing written down."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def stop(self) -> None:
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
        self._running = None


@dataclass
class Server:
    """Where the product answers, what lies in its installation, and its processes."""

    url: str
    home: Path
    places: dict[str, Place]
    case: int
    violation: int
    photo: int
    trial: int
    wall: str  # the token of a wall pass
    programs: str  # and of a pass for programs
    report: int  # of a resident, in a case that has ended
    reported: int  # the case of another
    agreed: int  # the report of that case, whose reporter agreed to be called
    claim: int  # an objection of the first to a look
    appeal: int  # against the alert of a case that has ended
    appealed: str  # another alert, whose code one of the residents' browsers has shown
    grant: int  # what the operator asks a second person for
    emergency: int  # and what was opened without one
    guardianship: int  # proposed by the operator, waits for a second person
    bound: int  # and one that was confirmed, whose code one of the residents' browsers has shown
    enrolment: int  # of a ward, who has a tag
    lost: int  # the case of another ward, who is looked for
    look_review: int  # of the operator, for the auditor
    held: dict[str, dict[str, str]]  # the cookies of the residents' browsers
    entered: dict[str, str]  # the sessions of browsers that stand at the door, or came in by it
    handled: list[int]  # the cases at which the account "rain" works
    processes: dict[str, Process] = field(default_factory=dict)

    def linger(self, place: str) -> int:
        """Tell the product of somebody who has just been too long in a place; returns the token."""
        token, now = next(_TOKENS), datetime.now(UTC)
        where = self.places[place]
        self.post(
            [
                fix(where, token, now - timedelta(seconds=FIXES - 1 - number))
                for number in range(FIXES)
            ]
        )
        return token

    def read_tag(self, tag: str, reader: str) -> None:
        """Tell the product of a tag that has just been read."""
        row = {"tag": tag, "reader": reader, "observed_at": datetime.now(UTC).isoformat()}
        self.post([row], "tag_sightings.v1")

    def post(self, rows: list[dict[str, Any]], stream: str = "shore_positions.v1") -> None:
        """Send rows; returns when the product has said that it keeps them."""
        answer = httpx.post(
            f"{self.url}/api/v1/observations/{stream}",
            json=rows,
            headers={
                "Authorization": f"Bearer {TOKEN}",
                "Idempotency-Key": f"{os.getpid()}-{next(_TOKENS)}",
            },
            trust_env=False,
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["quarantined"] == 0, answer.text

    def wait_until_it_answers(self) -> None:
        _wait_for(f"{self.url}/healthz")


def fix(where: Place, token: int, at: datetime) -> dict[str, Any]:
    return {
        "entity": token,
        "observed_at": at.isoformat(),
        "lon": where.lon,
        "lat": where.lat,
        "accuracy_m": 5.0,
    }


def database(home: Path) -> contextlib.closing[sqlite3.Connection]:
    """Open the database of an installation to read it; closes behind a ``with``."""
    address = f"file:{home / 'zhizhi.sqlite3'}?mode=ro"
    return contextlib.closing(sqlite3.connect(address, uri=True))


@contextlib.contextmanager
def serve(home: Path, *, first: Path | None = None, **more: str) -> Iterator[Server]:
    """Make the installation, run web, worker and the stand-in for the carrier, end them again.

    In the folder ``first``, which several processes may name, lies one that was made before, or
    will be, to be copied. ``more`` joins the environment of all of them.
    """
    port, gateway = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ZHIZHI_", "DJANGO_"))},
        "ZHIZHI_MODE": "demo",
        "ZHIZHI_DATA": str(home),
        "ZHIZHI_CARRIER_URL": f"http://127.0.0.1:{gateway}",
        "ZHIZHI_LOG_LEVEL": "WARNING",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        **more,
    }
    made = _installed(environment) if first is None else _copied(first, environment)
    places = {key: Place(key, **facts) for key, facts in made.pop("places").items()}
    commands = {
        "gateway": ["gateway", "--port", str(gateway), "--ledger", str(home / "gateway.sqlite3"),
                    "--receipts", f"{url}/api/v1/carrier/receipts"],
        "web": ["web", "--port", str(port)],
        "worker": ["worker"],
    }  # fmt: skip
    processes = {
        name: Process(arguments, environment, home / f"{name}.log")
        for name, arguments in commands.items()
    }
    with contextlib.ExitStack() as running:
        for process in processes.values():
            process.start()
            running.callback(process.stop)
        _wait_for(f"{url}/healthz")
        yield Server(url=url, home=home, places=places, processes=processes, **made)


def _installed(environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.installing"],
        env=environment, cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


def _copied(first: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Copy the installation in ``first``; whoever comes first makes it, and others wait."""
    told, data = first / "told.json", first / "data"
    first.mkdir(exist_ok=True)
    with (first / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            made = _installed({**environment, "ZHIZHI_DATA": str(data)})
            told.write_text(json.dumps(made), encoding="utf-8")
    shutil.copytree(data, environment["ZHIZHI_DATA"], dirs_exist_ok=True)
    copied: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return copied


def _wait_for(url: str) -> None:
    """Ask until it answers well."""
    end = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < end, f"{url} does not answer"
        time.sleep(0.1)
