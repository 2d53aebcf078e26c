"""Elder mode keeps the ministry's figures on every page that has it, as the browser computes them.

MIIT 移动互联网应用适老化通用设计规范: main text from 18 px and up to 30 px, lines at least 1.3,
paragraphs 1.3 lines apart, main targets 60 px, others 44 px, contrast 4.5:1 (test_every_page.py
measures it with axe), no pop-ups, no gesture with more than two fingers.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.pages import PAGES
from tests.browser.server import Server

pytestmark = pytest.mark.browser

ELDER = {name: look for name, look in PAGES.items() if look.elder}
RESIDENT = {name: look for name, look in ELDER.items() if not name.startswith("web:my")}
STEPS = {"1": 22, "2": 26, "3": 30}  # px of the main text
UNREAD = "script, noscript, option, .visually-hidden, .skip, .print-only, svg"
SMALL_TEXT = """(unread) => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim();
    const one = walk.currentNode.parentElement;
    if (!text || one.closest(unread)) continue;
    const size = parseFloat(getComputedStyle(one).fontSize);
    if (size < 18) found.push(`${size} ${text.slice(0, 30)}`);
  }
  return found;
}"""
RATIOS = """([which, kind, part]) => [...document.querySelectorAll(which)]
  .filter((one) => one.getClientRects().length)
  .map((one) => {
    const style = getComputedStyle(one);
    return [parseFloat(style[kind]) / parseFloat(style[part]), one.outerHTML.slice(0, 60)];
  })"""
LINES = "main p, main li, main dd, main label, main h1, main h2"
PARAGRAPHS = "main p:not(.back, .staff, .print-only), main dl.answers dd"
CONTROLS = "a, button, summary, select, input:not([type=hidden]), textarea"
MAIN_CONTROLS = "main .doors a, main .calls a, main button, main .button, main label.choice"
TARGETS = """([which, least]) => [...document.querySelectorAll(which)]
  .filter((one) => one.getClientRects().length && !one.matches(".skip"))
  .map((one) => {
    const box = one.getBoundingClientRect();
    return [Math.round(box.width), Math.round(box.height), one.outerHTML.slice(0, 70)];
  })
  .filter(([width, height]) => width < least || height < least)"""


def too_small(rows: list[list[Any]], least: float) -> list[list[Any]]:
    """Return what is smaller than the least, with a hundredth for the browser's rounding."""
    assert rows
    return [row for row in rows if row[0] < least - 0.01]


@pytest.mark.parametrize("name", ELDER)
def test_text_lines_and_targets_are_as_large_as_the_ministry_asks(
    name: str, open_as: Opener, server: Server
) -> None:
    look = ELDER[name]

    page = open_as(look.username, look.address(server), elder=look.elder, holds=look.holds, **PHONE)

    assert page.locator("html").get_attribute("data-elder") == look.elder
    assert page.evaluate(SMALL_TEXT, UNREAD) == []
    assert too_small(page.evaluate(RATIOS, [LINES, "lineHeight", "fontSize"]), 1.3) == []
    assert page.evaluate(TARGETS, [CONTROLS, 44]) == []
    assert page.evaluate(TARGETS, [MAIN_CONTROLS, 60]) == []


@pytest.mark.parametrize("name", RESIDENT)
def test_paragraphs_are_one_and_a_third_lines_apart_and_nothing_pops_up(
    name: str, open_as: Opener, server: Server
) -> None:
    look = RESIDENT[name]

    page = open_as(look.username, look.address(server), elder=look.elder, holds=look.holds, **PHONE)

    found = page.evaluate(RATIOS, [PARAGRAPHS, "marginBottom", "lineHeight"])
    assert [row for row in found if row[0] < 1.29] == []
    assert page.locator("dialog, [popover], [data-confirm]").count() == 0


@pytest.mark.parametrize(("step", "size"), STEPS.items())
def test_the_reader_chooses_the_size_without_scripts_and_it_stays(
    step: str, size: int, open_as: Opener
) -> None:
    page = open_as("", "/home/", language="en", java_script_enabled=False, **PHONE)
    page.get_by_role("button", name="Elder mode").click()
    page.get_by_role("link", name="Letters and language").click()
    page.locator(f'button[name="size"][value="{step}"]').click()
    page.get_by_role("link", name="Start page").click()
    page.get_by_role("link", name="What happens with my data").click()

    text = page.locator("main dd").first
    expect(text).to_have_css("font-size", f"{size}px")
