"""``python -m tests.simulation --seeds 1000 --first 1``: strike, compare, strike every point."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.playing import Stage

CONTROL_SEEDS = 30
RECORDED = 4  # seeds of each story whose points are struck


def main() -> int:
    """Return 0 when no seed and no point breaks a promise and both controls are found out."""
    parser = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zhizhi-simulation-") as home:
        make(Path(home))

        from tests.simulation.playing import stage

        with stage(Path(home)) as made:
            seeds = range(chosen.first, chosen.first + chosen.seeds)
            return int(not all([_seeds(made, seeds), _points(made), _controls(made, seeds)]))


def make(home: Path) -> None:
    """Set Django up with a database of its own in ``home``, and keep it as the template."""
    os.environ |= {"ZHIZHI_MODE": "test", "ZHIZHI_DATA": str(home), "ZHIZHI_DATABASE": ""}

    from zhizhi.config.boot import boot

    boot()

    from django.db import connection

    from tests.simulation import template

    template.make(home)
    connection.close()


def _seeds(made: Stage, seeds: range) -> bool:
    from tests.simulation import sweeping

    begun = time.process_time()
    came = sweeping.run_seeds(made, seeds, told=_progress("seeds"))
    _tell(came.faults, seeds=came.seeds, first=seeds.start, strikes=came.strikes,
          points_struck=len(came.struck), failed=came.failed,
          cpu_s=round(time.process_time() - begun, 1))  # fmt: skip
    return not came.faults


def _points(made: Stage) -> bool:
    from tests.simulation import sweeping
    from tests.simulation.plan import of_every_story

    begun, told = time.process_time(), _progress("replays")
    came = sweeping.strike_all(
        made, of_every_story(RECORDED), told=lambda sweep: told(sweep.replays)
    )
    _tell([*came.faults, *(f"never struck: {point}" for point in came.missed)],
          points=len(came.ways), struck=len(came.ways) - len(came.missed), replays=came.replays,
          cpu_s=round(time.process_time() - begun, 1))  # fmt: skip
    return not came.faults and not came.missed


def _controls(made: Stage, seeds: range) -> bool:
    from tests.simulation import sweeping
    from tests.simulation.naive import CONTROLS

    is_found = True
    for name, control in CONTROLS.items():
        with control(made) as more:
            came = sweeping.run_seeds(made, seeds[:CONTROL_SEEDS], **more)
        kinds = Counter(fault.split(": ")[1] for fault in came.faults)
        print(json.dumps({"control": name, "seeds": came.seeds, "failed": came.failed,
                          "faults": kinds.most_common(4)}))  # fmt: skip
        is_found &= came.failed > 0
    return is_found


def _progress(what: str) -> Any:
    return lambda count: print(f"\r{count} {what}", end="", file=sys.stderr)


def _tell(faults: list[str], **figures: Any) -> None:
    print(file=sys.stderr)
    print(json.dumps({**figures, "faults": len(faults)}), flush=True)
    if faults:
        print("\n".join(faults[:30]), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
