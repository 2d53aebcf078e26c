"""Serve pages, API and live stream."""

from __future__ import annotations

import argparse

from zhizhi.config.boot import boot

HELP = "serve pages, API and live stream"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; requests that have begun are finished. 3 when it cannot."""
    boot()
    from zhizhi.config.serving import serve  # noqa: PLC0415 - Django must be set up first

    return 0 if serve(arguments.host, arguments.port) else 3
