"""Let a source of observations in, give it another token, or withdraw it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from zhizhi.config.boot import boot

HELP = "let a source of observations in, or withdraw it"
BY = "cli"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("code", help="short name of the source: letters, digits, - and _")
    parser.add_argument("--stream", action="append", default=[], help="stream that it may send")
    parser.add_argument(
        "--kind", default="http_push", choices=("http_push", "mqtt"), help="how it sends"
    )
    parser.add_argument("--name", default="", help="name that pages show")
    parser.add_argument("--new-token", action="store_true", help="replace its token")
    parser.add_argument("--withdraw", action="store_true", help="take nothing more from it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Change the source and tell its state; a token is shown once. 2 when refused."""
    boot()
    from zhizhi.sources import admitting  # noqa: PLC0415 - models load after boot()

    try:
        told = _changed(arguments)
    except (admitting.SourceInvalid, LookupError) as refused:
        print(f"zhizhi source: {refused}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for name, value in told.items():
            print(f"{name:>9}  {', '.join(value) if isinstance(value, list) else value}")
    return 0


def _changed(arguments: argparse.Namespace) -> dict[str, Any]:
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    from zhizhi.sources import admitting  # noqa: PLC0415 - models load after boot()

    code, now = arguments.code, timezone.now()
    token = ""
    if arguments.withdraw:
        source = admitting.withdraw(code, by=BY, now=now)
    elif arguments.new_token and not arguments.stream:
        token = admitting.renew_token(code, by=BY, now=now)
        return {"code": code, "token": token}
    else:
        source = admitting.admit(
            code,
            kind=arguments.kind,
            streams=arguments.stream,
            name=arguments.name,
            by=BY,
            now=now,
        )
        if source.kind == "http_push" and (arguments.new_token or not source.token_digest):
            token = admitting.renew_token(code, by=BY, now=now)
    told = {
        "code": source.code,
        "name": source.name,
        "kind": source.kind,
        "streams": source.streams,
        "active": source.is_active,
    }
    return {**told, "token": token} if token else told
