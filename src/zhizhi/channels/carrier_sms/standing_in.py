"""The stand-in gateway inside this process, for a replay that ends with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from zhizhi.channels.carrier_sms.gateway import Gateway
from zhizhi.channels.carrier_sms.ledger import Ledger

START_S = 10.0


@contextmanager
def stand_in(ledger: Path) -> Iterator[None]:
    """Accept messages in ``ledger`` while the block runs; the channel is pointed here."""
    loop, port, started = asyncio.new_event_loop(), [0], threading.Event()

    async def serve() -> None:
        gateway = Gateway(ledger=Ledger(ledger), secret=settings.CARRIER_SECRET)
        ready = asyncio.Event()
        serving = asyncio.create_task(gateway.serve("127.0.0.1", 0, ready=ready))
        await ready.wait()
        port[0] = gateway.port
        started.set()
        await serving

    def run() -> None:
        asyncio.set_event_loop(loop)
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=run, name="gateway", daemon=True)
    thread.start()
    if not started.wait(START_S):
        message = "the stand-in gateway did not start"
        raise RuntimeError(message)
    before, settings.CARRIER_URL = settings.CARRIER_URL, f"http://127.0.0.1:{port[0]}"
    try:
        yield
    finally:
        settings.CARRIER_URL = before
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(START_S)
