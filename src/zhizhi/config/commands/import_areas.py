"""Import areas from GeoJSON or a workbook: everything in the file, or nothing of it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhizhi.config.boot import boot

if TYPE_CHECKING:
    from zhizhi.directory.importing import Preview

HELP = "import areas from GeoJSON or Excel"
ERRORS_SHOWN = 50


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("file", type=Path, help="GeoJSON or .xlsx")
    parser.add_argument(
        "--crs",
        required=True,
        help="coordinate system of the file: WGS84, CGCS2000, GCJ-02, BD-09, EPSG:4491 to 4554",
    )
    parser.add_argument(
        "--allow-inverse",
        action="store_true",
        help="turn GCJ-02 or BD-09 back to WGS84; restricted in mainland China, ask your deployer",
    )
    parser.add_argument(
        "--preview", action="store_true", help="tell what would change, write nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Import; 0 when done, 1 when rows have errors, 2 when the file cannot be read."""
    boot()
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    from zhizhi.directory import drafting, importing  # noqa: PLC0415 - models load after boot()

    try:
        content = arguments.file.read_bytes()
        handed = drafting.read(content, crs=arguments.crs, allow_inverse=arguments.allow_inverse)
    except (OSError, drafting.FileUnreadable) as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 2
    seen = importing.preview(handed)
    is_written = not arguments.preview and seen.is_clean
    if is_written:
        importing.import_areas(handed, by="cli", now=timezone.now())
    _print(_report(seen, is_written=is_written), as_json=arguments.json)
    return 0 if seen.is_clean else 1


def _report(seen: Preview, *, is_written: bool) -> dict[str, Any]:
    return {
        "new": len(seen.new),
        "redrawn": len(seen.changed),
        "unchanged": seen.unchanged,
        "errors": [{"row": e.row, "field": e.field, "message": e.message} for e in seen.errors],
        "warnings": list(seen.warnings),
        "written": is_written,
    }


def _print(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    print(f"new {report['new']}, redrawn {report['redrawn']}, unchanged {report['unchanged']}")
    for one in report["errors"][:ERRORS_SHOWN]:
        print(f"✘ row {one['row']}, {one['field']}: {one['message']}")
    hidden = len(report["errors"]) - ERRORS_SHOWN
    if hidden > 0:
        print(f"✘ ... and {hidden} more")
    for warning in report["warnings"]:
        print(f"! {warning}")
    print("written" if report["written"] else "nothing was written")
