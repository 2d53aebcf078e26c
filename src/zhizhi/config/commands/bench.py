"""Not written yet."""

from __future__ import annotations

import argparse

HELP = "not written yet"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    raise NotImplementedError
