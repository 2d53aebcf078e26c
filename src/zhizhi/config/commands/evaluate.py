"""Measure what learns on labelled files: trained on some, measured on others, beside a baseline.

Without ``--test`` the first files are measured in five parts, each by what the other four taught.
Nothing that is learned here is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from zhizhi.config.evaluating import TASKS, FileUnusable, evaluated
from zhizhi.kernel.categorising import TooFewTexts

HELP = "measure learned categories, routing and duplicates on labelled files"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--train", nargs="+", type=Path, required=True, help="CSV, or CSV.gz")
    parser.add_argument("--test", nargs="+", type=Path, default=[], help="CSV, or CSV.gz")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Measure; 0 when done, 2 when a file cannot be used."""
    try:
        report = evaluated(arguments.task, arguments.train, arguments.test)
    except (FileUnusable, TooFewTexts) as error:
        print(f"zhizhi evaluate: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    print(
        f"{report['task']}: learned from {report['learned']} rows, measured on "
        f"{report['measured']}, {report['how']}; {report['unlabelled']} without a label left out"
    )
    for way in ("baseline", "ours"):
        figures = ", ".join(
            f"{name} {value:.3f}" for name, value in report[way].items() if name != "name"
        )
        print(f"{way} ({report[way]['name']}): {figures}")
