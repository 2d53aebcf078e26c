"""Look the installation over and say in plain words what is missing and how to mend it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from django.core.checks import ERROR, CheckMessage
from django.db import DatabaseError

from zhizhi.config.boot import DataFolderUnusable, boot
from zhizhi.config.commands.rotate_keys import SUPERSEDED_FOR
from zhizhi.config.environment import SettingInvalid

HELP = "check this installation and tell what to do"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--make-keys",
        action="store_true",
        help="make the keys that are missing (a new installation, once)",
    )
    parser.add_argument("--rotate-keys", action="store_true", help="the same as zhizhi rotate-keys")
    parser.add_argument(
        "--restore-guards",
        action="store_true",
        help="put the triggers back that keep logs from being changed, and tell which were gone",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check; 0 when nothing is wrong (warnings aside), 1 otherwise."""
    try:
        boot()
    except (DataFolderUnusable, SettingInvalid, ValueError) as error:
        print(f"✘ {error}", file=sys.stderr)
        return 1
    done, is_done = _work(arguments)
    report: dict[str, Any] = {"done": done, "checks": _look()}
    report["ok"] = is_done and not any(one["level"] == "error" for one in report["checks"])
    _print(report, as_json=arguments.json)
    return 0 if report["ok"] else 1


def _work(arguments: argparse.Namespace) -> tuple[list[str], bool]:
    """Do what was asked for; returns what was done and whether all of it was."""
    from zhizhi.trust import keys  # noqa: PLC0415 - settings load in boot()
    from zhizhi.trust.rotating import RotationRuns  # noqa: PLC0415 - models load after boot()

    done = []
    try:
        if arguments.make_keys:
            done += [f"made {path}" for path in keys.make()] or ["no key was missing"]
        if arguments.rotate_keys:
            done += _rotate()
        if arguments.restore_guards:
            done += _restore_guards()
    except (OSError, DatabaseError, keys.KeysMissing, RotationRuns) as error:
        return [*done, f"stopped: {error}"], False
    return done, True


def _rotate() -> list[str]:
    from zhizhi.trust import rotating  # noqa: PLC0415 - models load after boot()

    now = datetime.now(UTC)
    retired = rotating.retire_unused(superseded_before=now - SUPERSEDED_FOR, by="cli", now=now)
    done = rotating.rotate(by="cli", now=now)
    return [
        f"wrapped {done.rewrapped} keys of people with a new vault key",
        *(f"destroyed vault key {key_id}" for key_id in retired),
    ]


def _restore_guards() -> list[str]:
    from zhizhi.config import database_checks  # noqa: PLC0415 - models load after boot()
    from zhizhi.trust import append_only  # noqa: PLC0415 - models load after boot()

    tables = database_checks.unguarded()
    for table in tables:
        append_only.restore(table, except_columns=database_checks.GUARDED[table])
    return [f"guarded {table} again" for table in tables] or ["no guard was missing"]


def _look() -> list[dict[str, Any]]:
    from zhizhi.config import checks  # noqa: PLC0415 - models load after boot()

    rows = []
    for check in checks.CHECKS:
        found = check.look()
        rows += [_row(check.title, one) for one in found]
        if not found:
            rows.append({"title": str(check.title), "level": "ok"})
    return rows


def _row(title: Any, found: CheckMessage) -> dict[str, Any]:
    return {
        "title": str(title),
        "level": "error" if found.level >= ERROR else "warning",
        "id": found.id,
        "message": str(found.msg),
        "remedy": str(found.hint),
    }


def _print(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    for line in report["done"]:
        print(line)
    for one in report["checks"]:
        mark = {"ok": "✔", "warning": "!", "error": "✘"}[one["level"]]
        print(f"{mark} {one['title']}")
        if one["level"] != "ok":
            print(f"    {one['id']}: {one['message']}\n    → {one['remedy']}")
