"""Listen to an MQTT broker and to AIS receivers until told to stop."""

from __future__ import annotations

import argparse
import sys

from zhizhi.config.boot import boot, told_to_end

HELP = "listen to an MQTT broker and to AIS receivers"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options: there are none, the environment says what to listen to."""


def run(arguments: argparse.Namespace) -> int:
    """Listen until SIGTERM or SIGINT; 2 when nothing is configured or an address is wrong."""
    boot()
    from zhizhi.config import listening  # noqa: PLC0415 - Django must be set up first

    try:
        listening.listen(
            is_over=told_to_end(),
            ready=lambda name: print(f"listening: {name}", flush=True),
        )
    except (ValueError, OSError) as refused:
        print(f"zhizhi listen: {refused}", file=sys.stderr)
        return 2
    return 0
