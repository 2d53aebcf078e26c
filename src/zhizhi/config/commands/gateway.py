"""Run the stand-in for the telephone operator's message gateway (demo and tests)."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from contextlib import suppress
from pathlib import Path

from zhizhi.channels.carrier_sms.gateway import Faults, Gateway
from zhizhi.channels.carrier_sms.ledger import Ledger
from zhizhi.config import environment

HELP = "stand in for the telephone operator's message gateway"


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        message = "a share lies between 0 and 1"
        raise argparse.ArgumentTypeError(message)
    return share


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8010, help="port to listen on (0: any)")
    parser.add_argument("--ledger", type=Path, help="file of accepted messages")
    parser.add_argument("--receipts", default="", help="address that is told of deliveries")
    parser.add_argument(
        "--lose-requests", type=_share, default=0.0, help="share of requests to drop unread"
    )
    parser.add_argument("--lose-answers", type=_share, default=0.0, help="share of answers to drop")
    parser.add_argument("--seed", type=int, default=1, help="seed of what is lost")


def secret() -> str:
    """Return the secret shared with the house; "demo" is known to everybody."""
    is_open = environment.text("ZHIZHI_MODE", "production") in {"demo", "test"}
    return environment.text("ZHIZHI_CARRIER_SECRET", "demo" if is_open else "")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    shared = secret()
    if not shared:
        print("Set ZHIZHI_CARRIER_SECRET to the secret shared with the house.", file=sys.stderr)
        return 2
    data = Path(environment.text("ZHIZHI_DATA", "data"))
    ledger = arguments.ledger or data / "gateway.sqlite3"
    ledger.parent.mkdir(parents=True, exist_ok=True)
    gateway = Gateway(
        ledger=Ledger(ledger),
        secret=shared,
        faults=Faults(arguments.lose_requests, arguments.lose_answers),
        chance=random.Random(arguments.seed),  # noqa: S311 - faults to rehearse, not secrets
        receipts_url=arguments.receipts,
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(gateway.serve(arguments.host, arguments.port))
    return 0
