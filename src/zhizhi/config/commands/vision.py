"""Search files for faces and templates that lie open: nothing of a stranger may be kept anywhere.

The status is 0 when nothing was found, 1 when something was, and 2 when a path cannot be searched.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from zhizhi.config.face_traces import Searched, Unreadable, search
from zhizhi.sources.vision.packaged import INSTALL, VisionMissing

if TYPE_CHECKING:
    from zhizhi.sources.vision.finding import Finder

HELP = "search files for faces and templates that lie open"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("action", choices=["scan-for-traces"])
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files and folders")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Search; 0 when nothing was found, 1 when something was, 2 when that cannot be said."""
    try:
        found = search(arguments.paths, _finder())
    except (Unreadable, VisionMissing) as error:
        print(f"zhizhi vision: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(asdict(found), ensure_ascii=False))
    else:
        _show(found)
    return 1 if found.traces else 0


def _finder() -> Finder:
    try:
        from zhizhi.sources.vision.finding import DlibFinder  # noqa: PLC0415 - an extra
    except ImportError as missing:
        raise VisionMissing(INSTALL) from missing
    return DlibFinder(upsampled=1)


def _show(found: Searched) -> None:
    for trace in found.traces:
        print(f"{trace.file}: a {trace.what} lies open at byte {trace.offset}")
    print(
        f"{found.files} files with {found.bytes:,} bytes and {found.pictures} pictures searched: "
        f"{len(found.traces)} traces"
    )
