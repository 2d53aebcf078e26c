"""``python -m tests.chaos --db sqlite|pg --kills 100 --seed 1``: kill at random and compare."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

from tests.chaos import trouble
from tests.chaos.harness import Result, trial


def main() -> int:
    """Return 0 when the killed run equals the undisturbed one and the naive worker fails."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--db", choices=["sqlite", "pg"], default="sqlite")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--waves", type=int, help="waves of six people (default: one a kill)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--late", type=int, default=0, help="seconds rows may be late at least")
    parser.add_argument("--trouble", choices=trouble.NAMES, help="instead of killing processes")
    chosen = parser.parse_args()
    if chosen.trouble:
        return endure(chosen)
    came = trial(
        chosen.db, kills=chosen.kills, waves=chosen.waves or max(12, chosen.kills),
        seed=chosen.seed, least_s=chosen.late,
        progress=lambda n, part: print(f"\r{n} kills, last: {part:8}", end="", file=sys.stderr),
    )  # fmt: skip
    print(file=sys.stderr)
    for name, result in (
        ("undisturbed", came.calm),
        ("killed", came.killed),
        ("naive", came.naive),
    ):
        tell(name, result)
    is_sound = came.is_equal and not came.killed.faults and not came.calm.faults
    print(json.dumps({"db": chosen.db, "seed": chosen.seed, "is_equal": came.is_equal,
                      "is_sound": is_sound, "naive_fails": came.has_power}))  # fmt: skip
    return int(not (is_sound and came.has_power))


def endure(chosen: argparse.Namespace) -> int:
    """Play one of the other troubles; prints one line."""
    result = trouble.endure(
        chosen.trouble, chosen.db, waves=chosen.waves or 12, seed=chosen.seed
    )  # fmt: skip
    print(json.dumps(trouble.figures(chosen.trouble, chosen.db, result)))
    if result.faults:
        print("\n".join(result.faults[:20]), result.figures.get("logs", ""), sep="\n",
              file=sys.stderr)  # fmt: skip
    return int(bool(result.faults))


def tell(name: str, result: Result) -> None:
    """Print one run: figures, kills, and what went wrong."""
    kinds = Counter(fault.partition(":")[0] for fault in result.faults)
    logs = result.figures.pop("logs", "")
    print(json.dumps({"run": name, **result.figures, "kills": result.kills, "faults": kinds}))
    if result.faults and name != "naive":
        print("\n".join(result.faults[:20]), logs, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
