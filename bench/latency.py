"""From an acknowledged observation to the alert on a desk, while 20 desks watch.

The real processes on the small installation of the browser tests. Chromium shows the desk that is
measured; the 19 others are clients that hear the stream and fetch the queue after every change, as
the desk's script does: 20 Chromium pages would measure the machine that draws them. The lateness
allowance, during which the rule has to wait for stragglers, is not counted.
Run with: python -m bench.latency --json
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.desks import others
from bench.measuring import Figure, figure, p95, show
from playwright.sync_api import Page, sync_playwright
from tests.browser.installing import LATENESS_S
from tests.browser.server import Server, fix, serve

DESKS = 20
ALERTS = 40
PLACE = "quiet"
GAP_S = (1.0, 2.0)  # between two alerts
PATIENCE_S = 120
OBSERVE = """zone => {
  const known = new Set([...document.querySelectorAll("#queue a[data-case]")].map((row) => row.dataset.case));
  window.seen = [];
  new MutationObserver(() => {
    for (const row of document.querySelectorAll("#queue a[data-case]")) {
      if (known.has(row.dataset.case) || !row.textContent.includes(zone)) continue;
      known.add(row.dataset.case);
      window.seen.push(Date.now() / 1000);
    }
  }).observe(document.getElementById("queue"), { childList: true, subtree: true, attributes: true });
}"""  # noqa: E501 - another language


def run() -> list[Figure]:
    """Return all figures."""
    home = Path(tempfile.mkdtemp(prefix="zhizhi-latency-"))
    try:
        with serve(home) as server, desk(server) as page, others(server, DESKS - 1):
            waits = measure(server, page)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    waits.sort()
    name = f"acknowledged -> on the desk, {DESKS} desks"
    return [
        figure(f"{name}, median", "s", median(waits)),
        figure(f"{name}, p95", "s", p95(waits), most=1.0),
        figure(f"{name}, worst of {ALERTS}", "s", waits[-1]),
    ]


def measure(server: Server, page: Page) -> list[float]:
    """Let alerts happen one after the other; returns how long each took beyond the allowance."""
    chance = random.Random(7)
    page.evaluate(OBSERVE, server.places[PLACE].zone)
    acknowledged, first = [], int(time.time())
    linger(server, first)  # a worker that has just started compiles what it judges with
    shown_at(page, 1)
    for number in range(1, ALERTS + 1):
        acknowledged.append(linger(server, first + number))
        page.wait_for_timeout(1000 * chance.uniform(*GAP_S))
    seen = shown_at(page, ALERTS + 1)[1:]
    return [shown - sent - LATENESS_S for shown, sent in zip(seen, acknowledged, strict=True)]


def shown_at(page: Page, count: int) -> list[float]:
    """Wait until the desk has shown ``count`` alerts; returns when each appeared."""
    end = time.monotonic() + PATIENCE_S
    while len(seen := page.evaluate("window.seen")) < count:
        assert time.monotonic() < end, f"{len(seen)} of {count} alerts were shown"
        page.wait_for_timeout(200)
    return [float(moment) for moment in seen]


def linger(server: Server, token: int) -> float:
    """Send a stay whose last position proves it; returns when that one was acknowledged."""
    where, now = server.places[PLACE], datetime.now(UTC)
    server.post([fix(where, token, now - timedelta(seconds=age)) for age in (4, 3, 2, 1)])
    server.post([fix(where, token, datetime.now(UTC))])
    return time.time()


@contextmanager
def desk(server: Server) -> Iterator[Page]:
    """Open the desk that is measured."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(base_url=server.url, locale="zh-CN")  # as the others
        page.goto("/sign-in/?next=/desk/")
        page.click('button[name="username"][value="operator"]')
        page.wait_for_selector('.map[data-ready="true"]')
        page.wait_for_selector('[data-connection][data-state="online"]')
        yield page
        browser.close()


if __name__ == "__main__":
    show(run, __doc__)
