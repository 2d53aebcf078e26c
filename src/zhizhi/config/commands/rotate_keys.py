"""Change the vault key while everybody goes on: wrap the data keys of all people with a new one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from zhizhi.config.boot import boot

HELP = "change the vault key while serving"
BY = "cli"
SUPERSEDED_FOR = timedelta(hours=1)  # writers that still hold the older vault key end by then


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Rotate, or end what a killed rotation left; 0 when every data key is wrapped, 1 otherwise."""
    boot()
    from zhizhi.trust import ciphers, keys, rotating  # noqa: PLC0415 - settings load in boot()

    now = datetime.now(UTC)
    try:
        retired = rotating.retire_unused(superseded_before=now - SUPERSEDED_FOR, by=BY, now=now)
        with _bar(quiet=arguments.json) as progress:
            done = rotating.rotate(by=BY, now=now, progress=progress)
    except (
        OSError, DatabaseError, keys.KeysMissing, ciphers.SealBroken, rotating.RotationRuns,
    ) as error:  # fmt: skip
        print(f"zhizhi rotate-keys: stopped: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        told = {"key": done.key_id, "rewrapped": done.rewrapped, "resumed": done.is_resumed}
        print(json.dumps(told | {"retired": retired}))
        return 0
    what = "ended the rotation that was begun: " if done.is_resumed else ""
    print(f"✔ {what}{done.rewrapped} data keys of people are wrapped with vault-{done.key_id}")
    for key_id in retired:
        print(f"  destroyed vault-{key_id}")
    print(f"  Now replace the copy of {keys.folder()} that you keep apart.")
    return 0


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[int], None]]:
    from zhizhi.trust.models import SubjectKey  # noqa: PLC0415 - models load after boot()

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    is_shown = console.is_terminal and not quiet
    total = SubjectKey.objects.filter(wrapped__isnull=False).count() if is_shown else None
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as progress:
        task = progress.add_task("data keys", total=total)
        yield lambda rows: progress.advance(task, rows)
