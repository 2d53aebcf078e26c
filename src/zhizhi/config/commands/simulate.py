"""Play months of a district with a seed, to see what a rule would tell before anybody is watched.

What it counts is as true as the numbers of the model, which are printed with it: a simulation, not
a measurement.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from zhizhi.kernel.outings import Habits, simulated
from zhizhi.kernel.solitude import Solitude

HELP = "play months of a district, to see what a rule would tell"
NUMBERS = Path(__file__).parents[1] / "simulations" / "guardian.toml"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("system", choices=["guardian"])
    parser.add_argument("--people", type=_count, default=592)
    parser.add_argument("--days", type=_count, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--numbers", type=Path, default=NUMBERS, help="TOML with other numbers of the model"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Play; 0 when done, 2 when the numbers cannot be used."""
    try:
        habits = Habits.read(tomllib.loads(arguments.numbers.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        print(f"zhizhi simulate: {arguments.numbers}: {error}", file=sys.stderr)
        return 2
    counts = {name: getattr(arguments, name) for name in ("people", "days", "seed")}
    found = simulated(Solitude(), habits, **counts).figures()
    if arguments.json:
        print(json.dumps({**counts, **found, "model": asdict(habits)}))
    else:
        _show(found, counts)
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError("write a whole number from 1 to 100000")
    return int(text)


def _show(found: dict[str, Any], counts: dict[str, int]) -> None:
    table = Table("a simulation", "the rule", "everybody seen alone")
    naive = found["naive"]
    for name, key in (
        ("relatives asked wrongly, a person and year", "false_to_relatives"),
        ("officer sent wrongly, a person and year", "false_to_officer"),
        ("lost and nobody told", "missed"),
    ):
        table.add_row(name, _number(found[key]), _number(naive.get(key)))
    for name, key in (
        ("minutes until somebody is told", "minutes_to_first"),
        ("minutes until the officer is told", "minutes_to_officer"),
    ):
        for part in ("median", "p95"):
            row = [_number(one.get(key, {}).get(part)) for one in (found, naive)]
            table.add_row(f"{name}, {part}", *row)
    Console(width=100).print(table)
    print(", ".join(f"{name} {value}" for name, value in counts.items()), end="")
    print(f", lost {found['losses']}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)
