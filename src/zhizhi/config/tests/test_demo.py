"""``zhizhi demo --once`` as a stranger types it: real processes, a database of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_S = 400


def two_free_ports() -> int:
    """Return a port that is free together with the one ten above it."""
    for _ in range(50):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with socket.socket() as other:
                try:
                    other.bind(("127.0.0.1", port + 10))
                except (OSError, OverflowError):
                    continue
                return port
    message = "no two free ports"
    raise RuntimeError(message)


def demo(data: Path, *words: str, **also: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ZHIZHI_")
    }
    environment |= {"ZHIZHI_DATA": str(data), **also}
    return subprocess.run(
        [sys.executable, "-m", "zhizhi.config.cli", "demo", *words],
        check=False, capture_output=True, text=True, timeout=PATIENCE_S, env=environment,
    )  # fmt: skip


@pytest.mark.chaos
def test_once_ends_with_a_summary_and_status_zero_and_again_goes_on(tmp_path: Path) -> None:
    words = ("--once", "--port", str(two_free_ports()))

    first = demo(tmp_path / "data", *words)

    assert first.returncode == 0, first.stderr[-2000:]
    summary = json.loads(first.stdout.splitlines()[-1])
    assert (summary["page_status"], summary["desk_status"]) == (200, 200)
    assert summary["quarantined"] == 0
    assert summary["failures"] == {}
    assert summary["observations"] > 10_000
    assert 30 <= summary["cases"] <= 90
    assert len(summary["cases_by_state"]) >= 4
    assert summary["memory_mb"] < 1024

    again = json.loads(demo(tmp_path / "data", *words).stdout.splitlines()[-1])

    assert again["areas"] == summary["areas"]
    assert again["observations"] >= summary["observations"]
    assert again["replayed_rows"] < 5_000


def test_a_production_environment_is_left_alone(tmp_path: Path) -> None:
    done = demo(tmp_path / "data", "--once", ZHIZHI_MODE="production")

    assert done.returncode == 2
    assert "production" in done.stderr
    assert not (tmp_path / "data").exists()
