"""Measure the product against named peers in one run (bench/ of a source checkout)."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HELP = "measure speed against named peers"
NAMES = (
    "screening", "dwelling", "intake", "latency", "points", "ui", "connected", "worklist", "past",
    "proofs", "rotation", "tax", "lookups", "texts", "rules", "fraud-text", "faces",
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("name", choices=[*NAMES, "all"], help="which figures to take")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Take the figures, print them, and return 1 when a target is missed."""
    checkout = Path(__file__).resolve().parents[4]
    if not (checkout / "bench").is_dir():
        print("The benchmarks are part of the source checkout: clone it and type: make bench")
        return 2
    sys.path.insert(0, str(checkout))
    names = NAMES if arguments.name == "all" else (arguments.name,)
    figures: list[Mapping[str, Any]] = []
    for name in names:
        figures += importlib.import_module(f"bench.{name.replace('-', '_')}").run()
    if arguments.json:
        print(json.dumps(figures, indent=1))
    else:
        _show(figures)
    return 0 if all(figure["met"] for figure in figures) else 1


def _show(figures: Sequence[Mapping[str, Any]]) -> None:
    table = Table("figure", "unit", "ours", "peer", "peer's", "ratio", "target", "met")
    for figure in figures:
        table.add_row(
            figure["name"],
            figure["unit"],
            _number(figure["ours"]),
            figure["peer"] or "–",
            _number(figure["peer_value"]),
            _number(figure["ratio"]),
            str(figure["target"]),
            "yes" if figure["met"] else "no",
        )
    Console(width=150).print(table)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"
