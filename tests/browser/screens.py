"""Take a picture of every page for docs/screens: ``make screens``, or ``... desk`` for some.

Each page is shown as its reader sees it: on a wide screen in light colours and on a phone in dark
ones, in Chinese. The pictures show the small installation of the browser tests.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.conftest import context_of, enter, launch_options
from tests.browser.pages import PAGES, Look
from tests.browser.server import ROOT, Server, serve

FOLDER = ROOT / "docs" / "screens"
QUALITY = 62


@dataclass(frozen=True)
class View:
    """A screen in front of which somebody sits or stands."""

    width: int
    height: int
    theme: str
    is_phone: bool = False


VIEWS = (View(1920, 1080, "light"), View(390, 844, "dark", is_phone=True))


def take(words: list[str]) -> Iterator[Path]:
    """Yield the pictures written, of the pages whose name contains one of ``words``, or of all."""
    wanted = {n: look for n, look in PAGES.items() if not words or any(w in n for w in words)}
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as server, sync_playwright() as p:
        browser = p.chromium.launch(**launch_options())
        for view in VIEWS:
            for name, look in wanted.items():
                yield _taken(browser, server, name, look, view)
        browser.close()


def _taken(browser: Browser, server: Server, name: str, look: Look, view: View) -> Path:
    context = context_of(
        browser, server, language="zh-hans", theme=view.theme, locale="zh-CN",
        viewport={"width": view.width, "height": view.height}, is_mobile=view.is_phone,
        has_touch=view.is_phone, reduced_motion="reduce",
    )  # fmt: skip
    try:
        picture = _shown(context, server, look).screenshot()
    finally:
        context.close()
    path = FOLDER / f"{name.replace(':', '-').replace('/', '-')}-{view.width}-{view.theme}.webp"
    Image.open(io.BytesIO(picture)).convert("RGB").save(path, quality=QUALITY, method=6)
    return path


def _shown(context: BrowserContext, server: Server, look: Look) -> Page:
    page = context.new_page()
    if look.username:
        enter(page, server, look.username)
    page.goto(look.address(server))
    if page.locator(".map").count():
        page.wait_for_selector('.map[data-ready="true"]')
    return page


if __name__ == "__main__":
    for taken in take(sys.argv[1:]):
        sys.stdout.write(f"{taken.relative_to(ROOT)}\n")
