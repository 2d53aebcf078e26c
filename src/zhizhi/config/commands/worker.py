"""Run detectors, timers and the outbox until told to stop."""

from __future__ import annotations

import argparse
import signal

from zhizhi.config.boot import boot

HELP = "run detectors, timers and the outbox"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT; a missing database is waited for."""
    boot()
    from zhizhi.config.working import work  # noqa: PLC0415 - Django must be set up first

    stopping: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _frame: stopping.append(number))
    work(is_over=lambda: bool(stopping))
    return 0
