"""The test server is ended by what it is, never by a number that somebody else may have by now."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests import postgres
from tests.postgres import Cluster


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cluster:
    """A server whose programs do nothing, beside a process that has its number."""
    monkeypatch.setattr(postgres, "programs", lambda: tmp_path)
    monkeypatch.setattr(postgres, "_as_server", lambda _command: None)
    made = Cluster(durable=False, home=tmp_path)
    made.data.mkdir()
    return made


@pytest.fixture
def other(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (cluster.data / "postmaster.pid").write_text(f"{process.pid}\n")
    yield process
    process.kill()
    process.wait()


def test_the_server_that_runs_is_killed(cluster: Cluster, other: subprocess.Popen[bytes]) -> None:
    cluster.start()
    cluster.kill()

    assert not psutil.pid_exists(other.pid)  # killed, and taken off the list of processes


def test_a_server_that_was_stopped_kills_nobody(
    cluster: Cluster, other: subprocess.Popen[bytes]
) -> None:
    cluster.start()
    cluster.stop()
    cluster.kill()

    assert other.poll() is None
