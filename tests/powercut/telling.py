"""Messages under the cuts: a gateway outside keeps whom it told, whatever the house forgets."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from tests.chaos.processes import wait_for_port
from zhizhi.engine import delivering
from zhizhi.engine.models import Message

CHANNEL = "carrier_sms"
LOSE_ANSWERS = 0.1  # share of its answers that nobody hears: those messages must be asked about
PAUSE_S = 0.01  # between two messages
REST_S = 420.0  # longer than an unlucky message waits for its next try (300 s at most)
IN_A_CUT = 100_000  # messages at most


@contextlib.contextmanager
def gateway(ledger: Path, port: int) -> Iterator[None]:
    """Run the stand-in gateway in a process of its own; its ledger lies outside of the disk."""
    process = subprocess.Popen(
        [sys.executable, "-m", "zhizhi.config.cli", "gateway", "--port", str(port),
         "--ledger", str(ledger), "--receipts", "", "--lose-answers", str(LOSE_ANSWERS),
         "--lose-requests", "0"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for_port(port)
        yield
    finally:
        process.kill()
        process.wait()


def tell(outside: Path, cut: int) -> None:
    """Ask for messages and send them until the disk is gone; write down outside what was asked."""
    relay = delivering.Relay(delivering.channels()[CHANNEL])
    with outside.open("ab", buffering=0) as asked:
        for number in range(IN_A_CUT):
            try:
                key = _ask(cut * IN_A_CUT + number)
                asked.write(f"{time.monotonic_ns()} {key}\n".encode())
                relay.send_due(timezone.now(), limit=4)
            except DatabaseError:
                return
            time.sleep(PAUSE_S)


def _ask(person: int) -> str:
    with transaction.atomic():
        made = delivering.enqueue(
            channel=CHANNEL, recipient=f"token:{person}", template="powercut",
            payload={"text": "请离开禁渔区"}, key_parts=(person,), now=timezone.now(),
        )  # fmt: skip
    return made.key


def asked(outside: Path, *, before: int) -> list[str]:
    """Return the keys of the messages whose asking was committed before the moment of the cut."""
    lines = (line.split() for line in outside.read_text(encoding="ascii").splitlines())
    return [key for at, key in lines if int(at) < before]


def accepted(ledger: Path) -> list[tuple[str, str]]:
    """Return key and token of each message that the gateway took."""
    with contextlib.closing(sqlite3.connect(ledger)) as opened:
        return opened.execute("SELECT key, token FROM accepted").fetchall()


def offered(ledger: Path) -> int:
    """Return how often the gateway was offered a message, repeats included."""
    with contextlib.closing(sqlite3.connect(ledger)) as opened:
        return int(opened.execute("SELECT count(*) FROM tries").fetchone()[0])


def compare(promised: list[str], taken: list[tuple[str, str]]) -> list[str]:
    """Return what was asked and is gone, who was told twice, and what nobody knows of."""
    known = set(Message.everything.filter(channel=CHANNEL).values_list("key", flat=True))
    told = Counter(token for _key, token in taken)
    return [
        *(f"message lost: {key}" for key in promised if key not in known),
        *(f"told, and the house does not know: {key}" for key, _token in taken if key not in known),
        *(f"token {token} was told {count} times" for token, count in told.items() if count > 1),
    ]


def finish(ledger: Path) -> list[str]:
    """Send what the last cut left, and return what is not told exactly once after that."""
    relay, end = delivering.Relay(delivering.channels()[CHANNEL]), time.monotonic() + REST_S
    waiting = Message.everything.filter(channel=CHANNEL, state__in=delivering.WAITING)
    while waiting.exists() and time.monotonic() < end:
        relay.send_due(timezone.now())
        time.sleep(0.2)
    taken = accepted(ledger)
    keys = {key for key, _token in taken}
    states: dict[str, Any] = dict(
        Message.everything.filter(channel=CHANNEL).values_list("key", "state")
    )
    return [
        *compare([], taken),
        *(
            f"message {key} is {state} and the gateway {'has' if key in keys else 'lacks'} it"
            for key, state in states.items()
            if (key in keys) != (state in Message.SHOWN) or state in delivering.WAITING
        ),
    ]
