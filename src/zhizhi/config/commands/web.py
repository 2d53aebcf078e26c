"""Serve pages, API and live stream."""

from __future__ import annotations

import argparse

import uvicorn

from zhizhi.config.boot import boot

HELP = "serve pages, API and live stream"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; requests that have begun are finished."""
    boot()
    uvicorn.run(
        "zhizhi.config.asgi:application",
        host=arguments.host,
        port=arguments.port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=5,
        backlog=2048,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
    )
    return 0
