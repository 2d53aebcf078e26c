"""From an action of an operator to the change on another desk, while 200 desks are connected.

Chromium shows the desk that is measured; the 199 others are clients that hear the stream and fetch
the queue after every change, as the desk's script does. Each action dismisses a case; the span runs
from sending the request, before anything is committed, to the row's leaving the page.
Run with: python -m bench.connected --json
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx
from bench.desks import others, sign_in
from bench.latency import PATIENCE_S, desk
from bench.measuring import Figure, figure, p95, show
from playwright.sync_api import Page
from tests.browser.server import Server, serve

DESKS = 200
ACTIONS = 20
GAP_MS = 700
OBSERVE = """() => {
  const shown = () => new Set([...document.querySelectorAll("#queue a[data-case]")].map((row) => row.dataset.case));
  let before = shown();
  window.gone = {};
  new MutationObserver(() => {
    const now = shown();
    for (const one of before) if (!now.has(one)) window.gone[one] ??= Date.now() / 1000;
    before = now;
  }).observe(document.getElementById("queue"), { childList: true, subtree: true, attributes: true });
  return [...before];
}"""  # noqa: E501 - another language


def run() -> list[Figure]:
    """Return all figures."""
    home = Path(tempfile.mkdtemp(prefix="zhizhi-connected-"))
    try:
        with serve(home) as server, desk(server) as page, others(server, DESKS - 1):
            waits, lost = measure(server, page)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    name = f"action -> other desk, {DESKS} desks"
    return [
        figure(f"{name}, median of {len(waits)}", "ms", median(waits)),
        figure(f"{name}, p95", "ms", p95(waits), most=300),
        figure(f"{name}, lost", "", lost, most=0),
    ]


def measure(server: Server, page: Page) -> tuple[list[float], int]:
    """Dismiss one case after the other; returns milliseconds, and how many never showed."""
    cases = page.evaluate(OBSERVE)[:ACTIONS]
    assert len(cases) >= ACTIONS // 2, "too few cases are in work"
    cookies, sent = sign_in(server, "operator2"), {}
    with httpx.Client(base_url=server.url, cookies=cookies, trust_env=False) as client:
        for case in cases:
            form = {"reason": "误报", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
            sent[case] = time.time()
            answer = client.post(f"/cases/{case}/dismiss/", data=form)
            assert answer.status_code == 302, answer.status_code
            page.wait_for_timeout(GAP_MS)
    end = time.monotonic() + PATIENCE_S / 4
    while len(gone := page.evaluate("window.gone")) < len(cases) and time.monotonic() < end:
        page.wait_for_timeout(100)
    return [1000 * (gone[one] - sent[one]) for one in cases if one in gone], len(cases) - len(gone)


if __name__ == "__main__":
    show(run, __doc__)
