"""What chain, seal and access record cost: a resident's report, and the page with the reporter.

One process in the installation of the browser tests (SQLite); its other processes have stopped.
Blocks of reports are filed in turn with everything, and without audit chain, encryption and access
record. The journal of vessel positions holds nothing of people and is neither sealed nor chained
line by line, so its door pays nothing. Run with: python -m bench.tax --json
"""

from __future__ import annotations

import os

from bench.at_rest import told_at_rest
from bench.measuring import Figure, figure, show

REPORTS = int(os.environ.get("BENCH_REPORTS", "400"))
MOST_FILING = 1.25
MOST_LOOKING = 2.0


def run() -> list[Figure]:
    """Return all figures."""
    told = told_at_rest("taxed", str(REPORTS))
    return [
        _figure("a report with words, name and number", told["filing"], MOST_FILING),
        _figure("the page with who reported it", told["looking"], MOST_LOOKING),
    ]


def _figure(name: str, told: dict[str, float], most: float) -> Figure:
    peer = ("with chain, seal and access record", told["with"])
    return figure(f"{name}, without them", "ms", told["without"], peer, most=most)


if __name__ == "__main__":
    show(run, __doc__)
