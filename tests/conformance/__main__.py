"""``python -m tests.conformance``: can other programs read what we tell the outside?

``--canary`` breaks an answer for each of them: what does not notice that proves nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.browser.server import serve
from tests.conformance.breaking import FLAWS, broken
from tests.conformance.clients import CLIENTS, MISSING, ask


def passes(url: str, secret: str) -> bool:
    """Print a line for each client; says whether all of them could read everything."""
    verdicts = [ask(name, url, secret) for name in CLIENTS]
    for verdict in verdicts:
        print(verdict, flush=True)
    return all(verdict.is_good for verdict in verdicts)


def notices(url: str, secret: str) -> bool:
    """Print what each client says of a broken answer; says whether all of them noticed."""
    is_good = True
    for name, (path, flaw) in FLAWS.items():
        with broken(url, path, flaw) as address:
            verdict = ask(name, address, secret)
        has_noticed = not verdict.is_good and verdict.told != MISSING
        is_good = is_good and has_noticed
        print(f"{'noticed' if has_noticed else 'MISSED'}  {name}: {verdict.told}", flush=True)
    return is_good


def main() -> int:
    """Return 0 when every client could read everything, or noticed what was broken for it."""
    parser = argparse.ArgumentParser(prog="tests.conformance", description=__doc__)
    parser.add_argument("--canary", action="store_true")
    parser.add_argument("--both", action="store_true", help="the canary first, on one installation")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as server:
        told = (server.url, server.programs)
        has_noticed = notices(*told) if chosen.canary or chosen.both else True
        has_passed = passes(*told) if not chosen.canary else True
    return int(not (has_noticed and has_passed))


if __name__ == "__main__":
    sys.exit(main())
