"""Proofs from an audit log of a million entries, beside making the tree anew from its leaves.

The tables of a small installation of the browser tests are filled with entries whose digests are
random, and taken into the tree as the worker does it. The peer is the plain way without kept nodes:
read all digests and hash them up to the root. Both must lead to the published root.
Run with: python -m bench.proofs --json
"""

from __future__ import annotations

import os

from bench.at_rest import told_at_rest
from bench.measuring import Figure, figure, show

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "1000000"))
MOST_MS = 1.0


def run() -> list[Figure]:
    """Return all figures."""
    spent = told_at_rest("proof_questions", str(ENTRIES))
    name, peer = f"log of {ENTRIES:,} entries", ("tree made anew", spent["anew"])
    return [
        figure(f"{name}: proof of an entry, median", "ms", spent["inclusion"], most=MOST_MS),
        figure(f"{name}: proof of an entry, median", "ms", spent["inclusion"], peer),
        figure(f"{name}: proof of growth, median", "ms", spent["consistency"], most=MOST_MS),
        figure(f"{name}: check of a proof, median", "ms", spent["check"]),
        figure(f"{name}: taking in, of each entry", "µs", spent["taken"]),
    ]


if __name__ == "__main__":
    show(run, __doc__)
