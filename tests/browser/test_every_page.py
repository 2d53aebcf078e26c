"""Every page, in both languages: loaded once, then looked at in each theme and on each screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import axe, language
from tests.browser.conftest import devtools, visit
from tests.browser.pages import PAGES
from tests.browser.server import Server

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Screen:
    """How wide and high a page is shown, and whether a finger points there."""

    width: int
    height: int
    has_touch: bool = False


DESK = Screen(1920, 1080)
PHONE = Screen(390, 844, has_touch=True)
MOST_LINES = 25
ZOOMED = Screen(320, 256)  # 1,280 x 1,024 at 400 % (WCAG 1.4.10)
# Loaded on the first, so that each language also reads what a script laid out for another width.
SCREENS = {"zh-hans": (DESK, PHONE, ZOOMED), "en": (PHONE, ZOOMED, DESK)}
# What axe is asked for on each of them. No colour changes with the language, nor does a rule.
THEMES = (("light", ()), ("dark", axe.OF_COLOURS))
ASKED = {"zh-hans": dict.fromkeys((DESK, PHONE, ZOOMED), THEMES), "en": {PHONE: THEMES[:1]}}
# The boxes and the words that end right of the screen; what is in a list that scrolls may.
WIDER = """width => {
  const beyond = (one) => one.getBoundingClientRect().right > width;
  const free = (one) => !one.closest(".scrolls, .map, nav");
  const found = [...document.querySelectorAll("body *")].filter((one) => beyond(one) && free(one));
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walk.nextNode()) {
    range.selectNodeContents(walk.currentNode);
    const holder = walk.currentNode.parentElement;
    if (beyond(range) && free(holder)) found.push(holder);
  }
  return found.map((one) => one.outerHTML.slice(0, 80));
}"""
# Letters, words, lines and paragraphs as far apart as a reader may set them (WCAG 1.4.12).
SPACED = """isSpaced => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`);
  document.adoptedStyleSheets = isSpaced ? [sheet] : [];
}"""
SPARE = """() => [...document.querySelectorAll("body noscript")].filter((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  return range.getClientRects().length > 0;
}).map((one) => one.textContent.slice(0, 80))"""


def show(page: Page, screen: Screen) -> None:
    """Put the page on another screen."""
    devtools(page).send("Emulation.setTouchEmulationEnabled", {"enabled": screen.has_touch})
    page.set_viewport_size({"width": screen.width, "height": screen.height})


@contextmanager
def asked(page: Page) -> Iterator[set[str]]:
    """Collect the addresses that the page asks for."""
    addresses = set[str]()

    def note(request: Any) -> None:
        addresses.add(request.url)

    page.on("request", note)
    yield addresses
    page.remove_listener("request", note)


@pytest.fixture(scope="session")
def names(server: Server) -> set[str]:
    return language.typed(server.home)


@pytest.mark.parametrize("spoken", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_in_every_look(
    name: str,
    spoken: str,
    readers: Callable[[str], Page],
    server: Server,
    names: set[str],
    doubts: Counter[tuple[str, str]],
) -> None:
    """Nothing of it is asked elsewhere, untranslated, too wide, or hard to read, see or hit."""
    page = readers(PAGES[name].username)
    show(page, SCREENS[spoken][0])
    with asked(page) as addresses:
        visit(page, PAGES[name], server, language=spoken)

    wrong = [
        f"asked elsewhere: {url}" for url in addresses if not url.startswith((server.url, "data:"))
    ]
    wrong += [f"for readers without scripts: {text}" for text in page.evaluate(SPARE)]
    wrong += [f"not {spoken}: {words}" for words in language.foreign(page, spoken, names)]
    for screen in SCREENS[spoken]:
        show(page, screen)
        wrong += [f"{screen.width} px: sticks out: {part}" for part in too_wide(page, screen)]
        for theme, rules in ASKED[spoken].get(screen, ()):
            answer = axe.ask(page, theme, rules)
            doubts.update((one.rule, one.kind) for one in answer.doubts)
            wrong += [f"{screen.width} px {theme}: {one}" for one in answer.new()]
    wrong += [f"{ZOOMED.width} px, spaced: sticks out: {part}" for part in too_wide_spaced(page)]
    show(page, DESK)

    assert addresses
    assert not wrong, "\n".join([f"{len(wrong)} in all", *wrong[:MOST_LINES]])


def too_wide(page: Page, screen: Screen) -> list[str]:
    """Return what makes the page scroll sideways."""
    if page.evaluate("document.documentElement.scrollWidth") <= screen.width:
        return []
    return page.evaluate(WIDER, screen.width)[:5] or ["what scrolls"]


def too_wide_spaced(page: Page) -> list[str]:
    """Return what makes the page scroll sideways when its text is set wider."""
    show(page, ZOOMED)
    page.evaluate(SPACED, True)
    wide = too_wide(page, ZOOMED)
    page.evaluate(SPACED, False)
    return wide
