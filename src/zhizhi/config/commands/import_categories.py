"""Import a pack of categories from CSV: everything in the file, or nothing of it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhizhi.config.boot import boot

if TYPE_CHECKING:
    from zhizhi.systems.grid.importing import PackPreview

HELP = "import categories of everyday matters from CSV"
ERRORS_SHOWN = 50


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("file", type=Path, help="CSV in UTF-8, or starter")
    parser.add_argument("--pack", help="code of the pack (default: the name of the file)")
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would change, write nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Import; 0 when done, 1 when rows have errors, 2 when the file cannot be read."""
    boot()
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    from zhizhi.systems.grid import (  # noqa: PLC0415 - models load after boot()
        drafting,
        importing,
        seeding,
    )

    file = seeding.STARTER if str(arguments.file) == "starter" else arguments.file
    try:
        handed = drafting.read(file.read_bytes(), pack=arguments.pack or file.stem)
    except (OSError, drafting.PackUnreadable) as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 2
    seen = importing.preview(handed)
    is_written = not arguments.dry_run and seen.is_clean
    if is_written:
        seen = importing.import_pack(handed, by="cli", now=timezone.now())
    _print(_report(seen, is_written=is_written and seen.is_news), as_json=arguments.json)
    return 0 if seen.is_clean else 1


def _report(seen: PackPreview, *, is_written: bool) -> dict[str, Any]:
    return {
        "new": len(seen.new),
        "changed": len(seen.changed),
        "disabled": list(seen.gone),
        "unchanged": seen.unchanged,
        "errors": [{"row": e.row, "field": e.field, "message": e.message} for e in seen.problems],
        "warnings": list(seen.warnings),
        "written": is_written,
    }


def _print(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    counts = f"new {report['new']}, changed {report['changed']}, unchanged {report['unchanged']}"
    print(f"{counts}, disabled {len(report['disabled'])}")
    for one in report["errors"][:ERRORS_SHOWN]:
        print(f"✘ row {one['row']}, {one['field']}: {one['message']}")
    hidden = len(report["errors"]) - ERRORS_SHOWN
    if hidden > 0:
        print(f"✘ ... and {hidden} more")
    for code in report["disabled"]:
        print(f"! {code} is no longer in the pack and is disabled")
    for warning in report["warnings"]:
        print(f"! {warning}")
    print("written" if report["written"] else "nothing was written")
