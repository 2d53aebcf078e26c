"""Changing the vault key of many people while another process reads them.

A small installation of the browser tests gets many people; one process reads random ones, as a page
does it (row, data key, name), first alone and then while the vault key is changed. The peer of the
readings is reading alone. No reading may be refused.
Run with: python -m bench.rotation --json
"""

from __future__ import annotations

import os

from bench.at_rest import told_at_rest
from bench.measuring import Figure, figure, show

RECORDS = int(os.environ.get("BENCH_RECORDS", "20000"))
MOST_DEARER = 4.0  # on two cores, with one of them rotating


def run() -> list[Figure]:
    """Return all figures."""
    told = told_at_rest("rotating", str(RECORDS))
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
