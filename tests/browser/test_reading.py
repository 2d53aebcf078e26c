"""Every page on a phone and in Chinese: nothing sticks out, nothing stays untranslated."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, Opener, visit
from tests.browser.pages import PAGES
from tests.browser.server import Server

pytestmark = pytest.mark.browser

WORD = re.compile(r"(?<!\{)\b[A-Za-z][A-Za-z'’]{2,}")  # {zone} is a place in a text, no word
# Names that Chinese texts keep, and the switch to the other language.
KEPT = {
    "English", "GeoJSON", "Feature", "FeatureCollection", "Polygon", "MultiPolygon", "UTF", "WGS",
    "JPEG", "PNG", "WebP", "Home", "End", "Ctrl", "Delete",
    "GPS", "CGCS", "GCJ", "EPSG", "AIS", "SHA", "Shift", "Excel", "CSV", "PDF", "Baidu", "Gauss",
}  # fmt: skip
# What people read or hear; code, keys and what they typed are the same in every language.
SHOWN = """() => {
  const skipped = "script, noscript, style, code, kbd, textarea, option:not(:checked), [lang=en]";
  const shown = [];
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (!parent.closest(skipped)) shown.push(walk.currentNode.data.trim());
  }
  for (const one of document.querySelectorAll("[aria-label], [title], [alt], [placeholder]")) {
    if (one.closest("[lang=en]")) continue;
    for (const name of ["aria-label", "title", "alt", "placeholder"]) {
      shown.push(one.getAttribute(name) ?? "");
    }
  }
  return shown.filter(Boolean);
}"""

PHONE_PX, NARROWEST_PX = 390, 320  # a window of 1,280 px at 400 % is 320 px wide (WCAG 1.4.10)
WIDER = """width => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > width
    && !one.closest(".scrolls, .map, .visually-hidden, nav"))
  .map((one) => one.outerHTML.slice(0, 80))"""

SPARE = """() => [...document.querySelectorAll("body noscript")].filter((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  return range.getClientRects().length > 0;
}).map((one) => one.textContent.slice(0, 80))"""


@pytest.mark.parametrize("name", PAGES)
def test_a_chinese_page_speaks_chinese_alone(
    name: str, readers: Callable[[str], Page], server: Server
) -> None:
    page = readers(PAGES[name].username)
    visit(page, PAGES[name], server, language="zh-hans")

    texts = page.evaluate(SHOWN)

    foreign = {text: set(WORD.findall(text)) - KEPT for text in texts}
    assert {text: words for text, words in foreign.items() if words} == {}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_of_a_phone(
    name: str, language: str, open_as: Opener, server: Server
) -> None:
    look = PAGES[name]

    page = open_as(
        look.username,
        look.address(server),
        language=language,
        elder=look.elder,
        holds=look.holds,
        **PHONE,
    )

    for width in (PHONE_PX, NARROWEST_PX):
        page.set_viewport_size({"width": width, "height": 844})
        wide = page.evaluate(WIDER, width + 1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, wide[:5]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_asks_anybody_but_its_own_server_nor_shows_what_is_for_others(
    name: str, open_as: Opener, server: Server
) -> None:
    look, asked = PAGES[name], set[str]()
    page = open_as(look.username, "/healthz", elder=look.elder, holds=look.holds)
    page.on("request", lambda request: asked.add(request.url))

    page.goto(look.address(server), wait_until="load")

    assert page.evaluate(SPARE) == []
    assert asked
    assert {url for url in asked if not url.startswith((f"{server.url}/", "data:"))} == set()
