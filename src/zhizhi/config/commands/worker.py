"""Run detectors, timers and the outbox until told to stop."""

from __future__ import annotations

import argparse

from zhizhi.config.boot import boot, told_to_end

HELP = "run detectors, timers and the outbox"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT; a missing database is waited for."""
    boot()
    from zhizhi.config.working import work  # noqa: PLC0415 - Django must be set up first

    work(is_over=told_to_end())
    return 0
