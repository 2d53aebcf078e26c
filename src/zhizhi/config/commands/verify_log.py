"""Check that nobody changed, removed or reordered a log row, a case history or a photograph."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zhizhi.config.boot import boot

if TYPE_CHECKING:
    from zhizhi.config.verification import Log

HELP = "check every log, case history and photograph for tampering"
SHOWN = 100  # breaks printed of one log; all are counted


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--head",
        metavar="SEQ:DIGEST",
        help="the end of the log as it was published or written down: finds a log that was set "
        "back as a whole",
    )


def run(arguments: argparse.Namespace) -> int:
    """Verify; 0 when every log is whole, 1 when one is broken, 2 when that cannot be told."""
    boot()
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    from zhizhi.config import verification  # noqa: PLC0415 - models load after boot()
    from zhizhi.trust import audit, verified, walking  # noqa: PLC0415 - models load after boot()
    from zhizhi.trust.keys import KeysMissing  # noqa: PLC0415 - settings load in boot()

    try:
        published = audit.Published.parse(arguments.head) if arguments.head else None
    except ValueError as error:
        print(f"--head: {error}", file=sys.stderr)
        return 2
    try:
        with walking.snapshot(), _progress(quiet=arguments.json) as progress:
            results = [_verify(log, progress) for log in verification.logs(published)]
            head = str(audit.head())
    except (DatabaseError, KeysMissing) as error:
        print(f"cannot verify: {error} (zhizhi doctor tells more)", file=sys.stderr)
        return 2
    summary = {
        "ok": not any(result["broken"] for result in results),
        "head": head,
        "logs": results,
    }
    rows, broken = (sum(result[name] for result in results) for name in ("rows", "broken"))
    verified.note(verified.Verified(timezone.now(), not broken, rows, broken))
    _print(summary, as_json=arguments.json)
    return 0 if summary["ok"] else 1


def _verify(log: Log, progress: Progress) -> dict[str, Any]:
    rows = log.rows()
    bar = progress.add_task(log.name, total=rows)
    broken, shown = 0, list[dict[str, str]]()
    for found in log.walk(lambda done: progress.advance(bar, done)):
        broken += 1
        if len(shown) < SHOWN:
            shown.append({"table": found.table, "row": found.row, "reason": found.reason})
    progress.update(bar, completed=rows)
    return {"log": log.name, "rows": rows, "broken": broken, "breaks": shown}


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True,
        disable=quiet or not console.is_terminal,
    ) as progress:  # fmt: skip
        yield progress


def _print(summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, ensure_ascii=False))
        return
    for result in summary["logs"]:
        mark = "✘" if result["broken"] else "✔"
        print(f"{mark} {result['log']}: {result['rows']} rows, {result['broken']} broken")
        for found in result["breaks"]:
            print(f"    {found['table']} {found['row']}: {found['reason']}")
        if result["broken"] > len(result["breaks"]):
            print(f"    ... and {result['broken'] - len(result['breaks'])} more")
    print(f"Head of the log, worth writing down elsewhere: {summary['head']}")
