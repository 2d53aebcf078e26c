"""Half a million points on the map: our layer against MapLibre GL in the same browser.

Both draw the same points in 1280x720 in a Chromium without a graphics card and jump through the
same views; a redraw is the time from the order until the picture is final, the median counts.
MapLibre is installed for this alone (bench/map_page), never into the product.
Run with: python -m bench.points --json
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

from bench.measuring import Figure, figure, show
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "bench" / "map_page"
WORKER = "maplibre-gl-worker.mjs"
COUNTS = (5_000, 500_000)
JUMPS = 11
PATIENCE_MS = 600_000
PAGE = """<!doctype html><meta charset="utf-8"><style>
:root { --a: #a30a23; --b: #945900; --c: #0a6a8a; --panel: #fff; --ink: #15202b } body { margin: 0 }
</style><body><script type="module" src="/page.js"></script>"""


def run() -> list[Figure]:
    """Return all figures."""
    with tempfile.TemporaryDirectory() as folder:
        built = _built(Path(folder))
        with _served(built) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
                args=["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"],
            )
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.set_default_timeout(PATIENCE_MS)
            page.goto(url)
            page.wait_for_function("window.ours && window.peer")
            found = [one for count in COUNTS for one in _figures(page, count)]
            browser.close()
    return found


def _figures(page: Any, count: int) -> list[Figure]:
    ours, peer = (
        page.evaluate(f"([count, jumps]) => window.{who}(count, jumps)", [count, JUMPS])
        for who in ("ours", "peer")
    )
    name, is_many = f"map, {count:,} points", count == max(COUNTS)
    redraw, theirs = median(ours["redraws"]), median(peer["redraws"])
    return [
        figure(f"{name}: redraw", "ms", redraw, ("MapLibre GL 6", theirs),
               least=10 if is_many else None),
        figure(f"{name}: redraw alone", "ms", redraw, most=250 if is_many else None),
        figure(f"{name}: ready", "ms", ours["ready"], ("MapLibre GL 6", peer["ready"])),
    ]  # fmt: skip


def _built(folder: Path) -> Path:
    """Install MapLibre for the benchmark and bundle the page."""
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is missing: scripts/system_packages.sh npm"
        raise SystemExit(message)
    subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=FOLDER, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    paths = f"{FOLDER / 'node_modules'}:{ROOT / 'node_modules'}"
    subprocess.run(
        [ROOT / "node_modules" / ".bin" / "esbuild", "page.js", "--bundle", "--format=esm",
         "--log-level=error", f"--outfile={folder / 'page.js'}"],
        cwd=FOLDER, check=True, env={**os.environ, "NODE_PATH": paths},
    )  # fmt: skip
    shutil.copy(FOLDER / "node_modules" / "maplibre-gl" / "dist" / WORKER, folder / WORKER)
    shared = FOLDER / "node_modules" / "maplibre-gl" / "dist" / "maplibre-gl-shared.mjs"
    shutil.copy(shared, folder / shared.name)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def log_message(self, *_words: Any) -> None:
        """Say nothing: the figures are what is printed."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()


if __name__ == "__main__":
    show(run, __doc__)
