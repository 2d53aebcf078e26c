"""Changing the vault key of many people while another process reads them.

A small installation of the browser tests gets many people; one process reads random ones, as a page
does it (row, data key, name), first alone and then while the vault key is changed. The peer of the
readings is reading alone. No reading may be refused.
Run with: python -m bench.rotation --json
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from bench.measuring import Figure, asked_of, figure, show
from tests.browser.server import serve

RECORDS = int(os.environ.get("BENCH_RECORDS", "20000"))
MOST_DEARER = 4.0  # on two cores, with one of them rotating


def run() -> list[Figure]:
    """Return all figures."""
    home = Path(tempfile.mkdtemp(prefix="zhizhi-rotation-"))
    try:
        with serve(home) as server:
            for process in server.processes.values():
                process.stop()
            told = asked_of(home, "rotating", str(RECORDS))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    name, before, during = f"{RECORDS:,} people", told["alone"], told["during"]
    return [
        figure(f"{name}: data keys wrapped anew", "/s", told["rewrapped"] / told["seconds"]),
        figure(f"{name}: the longest batch, with its reading", "ms", told["longest_ms"]),
        figure(f"{name}: reads during it", "", during["reads"], least=1),
        figure(f"{name}: reads refused during it", "", during["refused"], most=0),
        figure(
            f"{name}: reading one alone, p95", "ms", before["p95"],
            ("during the rotation", during["p95"]), most=MOST_DEARER,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    show(run, __doc__)
