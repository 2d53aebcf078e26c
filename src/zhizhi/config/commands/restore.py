"""Bring an installation back from a backup into an empty data folder, or only check the backup."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.db import DatabaseError

from zhizhi.config.boot import boot

HELP = "bring an installation back from a backup, or check one"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the backup")
    parser.add_argument(
        "--verify", action="store_true", help="only open and check every byte; writes nothing"
    )
    parser.add_argument(
        "--destroyed",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="ledger of destroyed keys (published/destroyed.ndjson) as it was kept elsewhere; "
        "may be repeated",
    )
    parser.add_argument(
        "--older-keys",
        action="store_true",
        help="go on with a keys folder that is older than the backup: people whose keys are not "
        "in it stay unreadable for ever",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Restore or check; 0 when all is well, 1 when the backup was refused."""
    boot()
    from zhizhi.config.backing_up.manifest import BackupRefused  # noqa: PLC0415 - after boot()
    from zhizhi.trust.keys import KeysMissing  # noqa: PLC0415 - settings load in boot()

    try:
        told = _verified(arguments) if arguments.verify else _restored(arguments)
    except (BackupRefused, KeysMissing, DatabaseError, OSError) as refused:
        print(f"zhizhi restore: {refused}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(told))
        return 0
    print("✔ " + ", ".join(f"{name} {value}" for name, value in told.items()))
    if not arguments.verify:
        print("  Now type: zhizhi verify-log, then zhizhi doctor, then start web and worker.")
    return 0


def _verified(arguments: argparse.Namespace) -> dict[str, Any]:
    from zhizhi.config.backing_up import restoring  # noqa: PLC0415 - models load after boot()

    found = restoring.verify(arguments.folder)
    return {"made_at": found.made_at.isoformat(), "head": found.head, "people": found.people}


def _restored(arguments: argparse.Namespace) -> dict[str, Any]:
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    from zhizhi.config.backing_up import restoring  # noqa: PLC0415 - models load after boot()

    for file in arguments.destroyed:
        if not file.is_file():
            message = f"there is no ledger {file}"
            raise OSError(message)
    done = restoring.restore(
        arguments.folder,
        destroyed=arguments.destroyed,
        older_keys=arguments.older_keys,
        now=timezone.now(),
    )
    return {"files": done.files, "people": done.people, "lost": done.lost}
