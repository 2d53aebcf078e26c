"""Make a sealed backup of database, evidence and published roots while the installation serves."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from django.db import DatabaseError

from zhizhi.config.boot import boot

HELP = "make a sealed backup while serving"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="new folder for the backup")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Make it; 0 when it is whole, 1 when nothing was made."""
    boot()
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    from zhizhi.config.backing_up import taking  # noqa: PLC0415 - models load after boot()
    from zhizhi.config.backing_up.manifest import BackupRefused  # noqa: PLC0415 - as above
    from zhizhi.trust import people_keys  # noqa: PLC0415 - as above
    from zhizhi.trust.keys import KeysMissing  # noqa: PLC0415 - as above

    try:
        made = taking.take(arguments.folder, now=timezone.now())
    except (BackupRefused, KeysMissing, DatabaseError, OSError) as refused:
        print(f"zhizhi backup: {refused}", file=sys.stderr)
        return 1
    size = sum(one.bytes for one in made.files.values())
    if arguments.json:
        told = {"made_at": made.made_at.isoformat(), "bytes": size, "people": made.people}
        print(json.dumps(told | {"head": made.head, "keys": str(people_keys.path().parent)}))
        return 0
    print(f"✔ {arguments.folder}: {size / 1e6:,.1f} MB, up to audit entry {made.head}")
    print(f"  Now replace the copy of {people_keys.path().parent} that you keep apart: the data")
    print(f"  keys of {made.people} people are in it and in no backup.")
    return 0
