"""How quickly the pages are there and answer, in Chromium, and what Lighthouse thinks of them.

The real processes on the small installation of the browser tests, which holds a day of the demo.
LCP, TBT and CLS come from five loads without a cache, INP from real keys and clicks on a loaded
page: medians. Lighthouse (12.8, of its own folder) opens the pages with the session's cookie.
Run with: python -m bench.ui --json
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.measuring import Figure, figure, show
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.browser.conftest import PHONE, enter, launch_options
from tests.browser.server import Server, serve

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "bench" / "ui_page"
LOADS = 5
WIDE = {"viewport": {"width": 1920, "height": 1080}}
SETTLE_MS = 900  # after loading: long tasks and shifts that follow
TARGETS = {"LCP": 1500, "TBT": 150, "CLS": 0.05, "INP": 200}
CATEGORIES = ("accessibility", "best-practices", "performance")
OBSERVE = """
  window.seen = { lcp: 0, cls: 0, tbt: 0, inp: 0 };
  const watch = (type, each, more = {}) => new PerformanceObserver((list) => {
    list.getEntries().forEach(each);
  }).observe({ type, buffered: true, ...more });
  watch("largest-contentful-paint", (entry) => { seen.lcp = entry.startTime; });
  watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.cls += entry.value; });
  watch("longtask", (entry) => { seen.tbt += Math.max(0, entry.duration - 50); });
  watch("event", (entry) => {
    if (entry.interactionId) seen.inp = Math.max(seen.inp, entry.duration);
  }, { durationThreshold: 16 });
"""


@dataclass(frozen=True)
class Subject:
    """A page, who opens it, and what somebody does on it."""

    name: str
    username: str
    path: str
    act: Callable[[Page], object]
    is_phone: bool = False


def keys(*names: str) -> Callable[[Page], None]:
    def press(page: Page) -> None:
        for name in names:
            page.keyboard.press(name)
            page.wait_for_timeout(100)

    return press


def _desk(page: Page) -> None:
    keys("j", "j", "k", "x", "x", "?", "Escape")(page)
    page.locator("#queue a[data-case]").first.click()
    page.wait_for_timeout(400)


def _summary(page: Page) -> None:
    page.locator("summary.who").click()
    page.wait_for_timeout(100)
    keys("Escape", "Tab", "Tab")(page)


def _wall(page: Page) -> None:
    keys("ArrowRight", "ArrowRight", "ArrowLeft", " ")(page)


SUBJECTS = (
    Subject("desk", "operator", "/desk/?state=all&case={case}", _desk),
    Subject("case", "operator", "/cases/{case}/", _summary),
    Subject("wall", "wall", "/wall/", _wall),
    Subject("phone", "boat", "/my/", _summary, is_phone=True),
    Subject("zones", "administrator", "/zones/", _summary),
    Subject("settings", "administrator", "/settings/", _summary),
    Subject("statistics", "leader", "/statistics/", _summary),
    Subject("sign-in", "", "/sign-in/", keys("Tab", "Tab", "a", "b"), is_phone=True),
)


def run() -> list[Figure]:
    """Return all figures, or those of the pages that ZHIZHI_BENCH_PAGES names.

    ZHIZHI_BENCH_PART takes the "vitals" or the "lighthouse" figures alone.
    """
    wanted = os.environ.get("ZHIZHI_BENCH_PAGES", "").split()
    part = os.environ.get("ZHIZHI_BENCH_PART", "")
    subjects = [one for one in SUBJECTS if not wanted or one.name in wanted]
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as server:
        found: list[Figure] = []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options())
            users = {one.username for one in subjects} | {"leader"}
            states = {name: _state(browser, server, name) for name in users}
            for subject in subjects if part != "lighthouse" else ():
                found += vitals(browser, server, subject, states[subject.username])
            if part != "lighthouse" and (not wanted or "chart" in wanted):
                found += charts(browser, server, states["leader"])
            browser.close()
        for subject in subjects if part != "vitals" else ():
            found += lighthouse(server, subject, states[subject.username], Path(home))
    return found


def _state(browser: Browser, server: Server, username: str) -> Any:
    context = browser.new_context(base_url=server.url)
    if username:
        enter(context.new_page(), server, username)
    state = context.storage_state()
    context.close()
    return state


def _opened(browser: Browser, server: Server, subject: Subject, state: Any) -> BrowserContext:
    options: dict[str, Any] = PHONE if subject.is_phone else WIDE
    context = browser.new_context(
        base_url=server.url, storage_state=state, reduced_motion="no-preference", **options
    )
    context.set_default_timeout(30_000)
    context.add_init_script(OBSERVE)
    return context


def vitals(browser: Browser, server: Server, subject: Subject, state: Any) -> Iterator[Figure]:
    """Load the page afresh five times, act on it each time, and yield the medians."""
    seen: list[dict[str, float]] = []
    for _load in range(LOADS):
        context = _opened(browser, server, subject, state)
        page = context.new_page()
        page.goto(subject.path.format(case=server.case))
        page.wait_for_timeout(SETTLE_MS)
        before = page.evaluate("({...seen})")
        subject.act(page)
        page.wait_for_timeout(300)
        seen.append({**before, "inp": page.evaluate("seen.inp")})
        context.close()
    for name, unit in (("LCP", "ms"), ("TBT", "ms"), ("CLS", ""), ("INP", "ms")):
        value = median(one[name.lower()] for one in seen)
        yield figure(f"{subject.name}: {name}", unit, value, most=TARGETS[name])


def lighthouse(server: Server, subject: Subject, state: Any, home: Path) -> Iterator[Figure]:
    """Let Lighthouse open the page as whoever is signed in."""
    _installed()
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in state["cookies"])
    headers = home / "headers.json"
    headers.write_text(json.dumps({"Cookie": cookies} if cookies else {}))
    answer = home / "lighthouse.json"
    address = server.url + subject.path.format(case=server.case)
    subprocess.run(
        [FOLDER / "node_modules/.bin/lighthouse", address, "--quiet",
         f"--only-categories={','.join(CATEGORIES)}", "--output=json",
         f"--output-path={answer}", f"--extra-headers={headers}", "--disable-full-page-screenshot",
         "--max-wait-for-load=20000", "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
         *([] if subject.is_phone else ["--preset=desktop"])],
        check=True, env={**os.environ, "CHROME_PATH": str(shutil.which("chromium"))},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    told = json.loads(answer.read_text())
    for category in CATEGORIES:
        score = 100 * (told["categories"][category]["score"] or 0)
        yield figure(f"{subject.name}: Lighthouse {category}", "", score, least=95)
        for lost in _lost(told, category):
            print(f"  {subject.name}, {category}: {lost}", file=sys.stderr)


def _lost(told: dict[str, Any], category: str) -> Iterator[str]:
    """Yield which audits cost points."""
    for part in told["categories"][category]["auditRefs"]:
        audit = told["audits"][part["id"]]
        if part["weight"] and audit["score"] is not None and audit["score"] < 0.9:
            yield f"{audit['id']} {audit['score']} {audit.get('displayValue', '')}"


def charts(browser: Browser, server: Server, state: Any) -> Iterator[Figure]:
    """Compare the statistics page's chart with the same one drawn by ECharts in the browser."""
    context = browser.new_context(base_url=server.url, storage_state=state)
    page = context.new_page()
    page.goto("/statistics/")
    drawn: str = page.locator("svg.drawn-chart").evaluate("(one) => one.outerHTML")
    rows = page.locator(".chart-table tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    )
    context.close()
    days, cases, alerts = ([row[at] for row in rows] for at in range(3))
    data = json.dumps({"days": days, "cases": cases, "alerts": alerts})
    bundle = _bundled()
    script = "".join(path.read_text() for path in _build("statistics.js"))
    peer = "ECharts 6.1, tree-shaken"
    ours, theirs = _size(drawn + script), _size(data + bundle)
    yield figure("chart: drawing and script, compressed", "KB", ours, (peer, theirs), least=10)
    ours, theirs = _painted(browser, DRAWN, drawn), _painted(browser, MADE, data, bundle)
    yield figure("chart: there and painted", "ms", ours, (peer, theirs))


DRAWN = """async ([svg]) => {
  const begun = performance.now();
  document.body.innerHTML = svg;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begun;
}"""
MADE = """async ([data, bundle]) => {
  const begun = performance.now();
  document.body.innerHTML = '<div id="chart" style="width:1000px;height:330px"></div>';
  const told = Object.assign(document.createElement("script"), { id: "data", type: "application/json", textContent: data });
  document.body.append(told, Object.assign(document.createElement("script"), { type: "module", textContent: bundle }));
  while (!document.querySelector("#chart svg path")) await new Promise(requestAnimationFrame);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begun;
}"""  # noqa: E501 - another language


def _painted(browser: Browser, work: str, *given: str) -> float:
    """Return the median time until the chart is on the screen, each time in a fresh page."""
    spent = []
    for _load in range(LOADS):
        page = browser.new_page()
        spent.append(page.evaluate(work, list(given)))
        page.close()
    return float(median(spent))


def _bundled() -> str:
    _installed()
    written = subprocess.run(
        [ROOT / "node_modules" / ".bin" / "esbuild", "chart.js", "--bundle", "--minify",
         "--format=esm", "--log-level=error"],
        cwd=FOLDER, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return written.stdout


def _build(name: str) -> list[Path]:
    """Return a built script and the parts that it imports."""
    built = ROOT / "src" / "zhizhi" / "web" / "static" / "web" / "build"
    found, asked = list[Path](), [name]
    for one in asked:
        found.append(built / one)
        parts = re.findall(r"part-[A-Z0-9]+[.]js", found[-1].read_text())
        asked += [part for part in dict.fromkeys(parts) if part not in asked]
    return found


def _size(text: str) -> float:
    return len(gzip.compress(text.encode(), 9)) / 1024


def _installed() -> None:
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is missing: scripts/system_packages.sh npm"
        raise SystemExit(message)
    if not (FOLDER / "node_modules" / ".bin" / "lighthouse").exists():
        subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=FOLDER, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip


if __name__ == "__main__":
    show(run, __doc__)
