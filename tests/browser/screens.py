"""Take a picture of every page for docs/screens: ``make screens``, or ``... desk`` for some.

Each page is shown as its reader sees it, in Chinese: on a wide screen in light colours and on a
phone in dark ones; what is made for phones on a phone alone. The pictures show the small
installation of the browser tests.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import context_of, enter, launch_options, visit
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


WIDE, NIGHT = View(1920, 1080, "light"), View(390, 844, "dark", is_phone=True)
PHONE = View(390, 844, "light", is_phone=True)
VIEWS = (WIDE, PHONE, NIGHT)


def views_of(name: str, look: Look) -> tuple[View, ...]:
    """Return the screens on which a page is shown."""
    if look.elder:
        return (NIGHT,)
    return (PHONE,) if name.startswith(("report/", "followed", "web:my")) else (WIDE, NIGHT)


def take(words: list[str]) -> Iterator[Path]:
    """Yield the pictures written, of the pages whose name contains one of ``words``, or of all."""
    wanted = {n: look for n, look in PAGES.items() if not words or any(w in n for w in words)}
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as server, sync_playwright() as p:
        browser = p.chromium.launch(**launch_options())
        for view, username in product(VIEWS, {look.username for look in wanted.values()}):
            shown = {n: o for n, o in wanted.items() if o.username == username}
            yield from _taken(browser, server, username, view, shown)
        browser.close()


def _taken(
    browser: Browser, server: Server, username: str, view: View, looks: dict[str, Look]
) -> Iterator[Path]:
    """Sign in once, then go from page to page."""
    context = context_of(
        browser, server, language="zh-hans", theme=view.theme, locale="zh-CN",
        viewport={"width": view.width, "height": view.height}, is_mobile=view.is_phone,
        has_touch=view.is_phone, reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    if username:
        enter(page, server, username)
    for name, look in looks.items():
        if view in views_of(name, look):
            visit(page, look, server, language="zh-hans", theme=view.theme)
            yield _kept(page.screenshot(), name, view)
    context.close()


def _kept(picture: bytes, name: str, view: View) -> Path:
    path = FOLDER / f"{name.replace(':', '-').replace('/', '-')}-{view.width}-{view.theme}.webp"
    Image.open(io.BytesIO(picture)).convert("RGB").save(path, quality=QUALITY, method=6)
    return path


if __name__ == "__main__":
    for taken in take(sys.argv[1:]):
        sys.stdout.write(f"{taken.relative_to(ROOT)}\n")
