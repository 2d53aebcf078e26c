"""An installation of its own, whose commands a test runs as the processes they are."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

VESSELS = "vessel_positions.v1"


class House:
    """An installation of its own in ``data``, with the processes a test starts in it."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        clean = {key: value for key, value in os.environ.items() if "ZHIZHI" not in key}
        clean["DJANGO_SETTINGS_MODULE"] = "zhizhi.config.settings"
        self.environment = {**clean, "ZHIZHI_DATA": str(data), **environment}
        self.token = ""  # of the source that posts
        self.closing: list[Callable[[], None]] = []
        self.processes: list[subprocess.Popen[bytes]] = []

    def make(self) -> None:
        """Make keys, database and two sources, or take a copy of those that were made before."""
        if "ZHIZHI_DATABASE" in self.environment:
            self.make_anew()
            return
        shutil.copytree(_first().data, self.data, dirs_exist_ok=True)
        self.token = _first().token

    def make_anew(self) -> None:
        """Make keys, database and two sources, as docs/operations.md says."""
        self.zhizhi("doctor", "--make-keys")
        done = self.python("django", "migrate", "-v0")
        assert done.returncode == 0, done.stderr
        told = self.zhizhi("source", "boats", "--kind", "mqtt", "--stream", VESSELS, "--json")
        assert json.loads(told.stdout)["active"], told.stderr
        told = self.zhizhi("source", "posts", "--stream", VESSELS, "--json")
        self.token = json.loads(told.stdout)["token"]

    def python(self, *words: str, later: str = "") -> subprocess.CompletedProcess[str]:
        """Run a module to its end; its clock goes ahead by ``later``, "+366d"."""
        clock = ["faketime", "-f", later] if later else []
        command = [*clock, sys.executable, "-m", *words]
        return subprocess.run(
            command, env=self.environment, check=False, capture_output=True, text=True
        )

    def zhizhi(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.python("zhizhi.config.cli", *words)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on by itself; what it says goes to the file ``log``."""
        command = [sys.executable, "-m", "zhizhi.config.cli", *words]
        with (self.data / "log").open("ab") as log:
            made = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        self.processes.append(made)
        return made

    def listen(self) -> subprocess.Popen[bytes]:
        return self.start("listen")

    def end(self) -> None:
        for close in self.closing:
            close()
        for process in self.processes:
            process.kill()
            process.wait()

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.data / "zhizhi.sqlite3", timeout=30, isolation_level=None)

    def stored(self, table: str = "engine_journalsegment", what: str = "sum(rows)") -> int:
        with self.database() as database:
            return int(database.execute(f"SELECT {what} FROM {table}").fetchone()[0] or 0)  # noqa: S608


@functools.cache
def _first() -> House:
    """Return a house that nobody lives in: to make one takes half a minute, to copy it none."""
    home = Path(tempfile.mkdtemp(prefix="zhizhi-first-house-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    made = House(home / "data")
    made.make_anew()
    return made
