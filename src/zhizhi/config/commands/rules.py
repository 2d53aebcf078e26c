"""Check files of warning rules: their conditions, their types and the tests that they bring along.

Each error is told with its file, line and column, and what to do about it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from zhizhi.config.rule_files import SHIPPED, FileUnreadable, read_files
from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.loading import RuleSet

HELP = "check files of warning rules"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("action", choices=["check"])
    parser.add_argument(
        "files", nargs="*", type=Path, help="YAML; without any the rules that come along"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Check; 0 when all is right, 1 when something is wrong, 2 when a file cannot be read."""
    try:
        found = read_files(arguments.files or SHIPPED, FRAUD_EVENTS)
    except FileUnreadable as error:
        print(f"zhizhi rules: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(_report(found), ensure_ascii=False))
    else:
        _show(found)
    return 1 if found.errors else 0


def _report(found: RuleSet) -> dict[str, Any]:
    return {
        "rules": [
            {"id": rule.id, "version": rule.version, "mode": rule.mode, "tests": len(rule.fixtures)}
            for rule in found.rules
        ],
        "errors": [
            {
                "file": error.place.file,
                "line": error.place.line,
                "column": error.place.column,
                "message": error.message,
                "remedy": error.remedy,
            }
            for error in found.errors
        ],
    }


def _show(found: RuleSet) -> None:
    for error in found.errors:
        print(error, file=sys.stderr)
    tests = sum(len(rule.fixtures) for rule in found.rules)
    typologies = len({rule.typology for rule in found.rules})
    print(
        f"{len(found.rules)} rules of {typologies} typologies, {tests} tests passed, "
        f"{len(found.errors)} errors"
    )
