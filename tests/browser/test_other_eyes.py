"""Pages for whoever sees colours otherwise, asks for more contrast, or cannot bear motion.

Desk, wall, phone, replay and statistics stand for all: they hold every sign that the product draws.
tests/test_colour_blindness.py and tests/test_contrast.py judge the colours themselves.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser import axe
from tests.browser.conftest import devtools, visit
from tests.browser.pages import PAGES
from tests.browser.server import Server

pytestmark = pytest.mark.browser

EYES = ("web:desk", "wall", "web:my", "web:replay/case", "web:statistics")
RING_PX = 3  # how wide the mark of the focus is at least; what is chosen has a narrower one
# Each thing that can be reached, and how wide a mark it has while it is reached.
REACHED = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled)
  .map((one) => {
    one.focus({ preventScroll: true });
    const style = getComputedStyle(one);
    const width = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
    return [document.activeElement === one, width, one.outerHTML.slice(0, 90)];
  })
  .filter(([isReached]) => isReached)"""
# What is chosen, and whether a line around it says so. A tick and a dot are drawn by the browser.
CHOSEN = """() => [...document.querySelectorAll(
    "[aria-current]:not([aria-current=false]), [aria-pressed=true], [aria-selected=true]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .map((one) => [getComputedStyle(one).outlineStyle !== "none", one.outerHTML.slice(0, 90)])"""
# Whatever runs or would run: of elements and of what stands before and after them.
MOVING = """() => {
  const found = document.getAnimations().map((one) => `running: ${one.animationName ?? one.id}`);
  const seconds = (text) => Math.max(...text.split(",").map(parseFloat));
  for (const one of document.querySelectorAll("*")) {
    for (const part of [null, "::before", "::after"]) {
      const style = getComputedStyle(one, part);
      const moves = style.animationName !== "none" || seconds(style.transitionDuration) > 0
        || style.scrollBehavior === "smooth";
      if (moves) found.push(`${one.tagName.toLowerCase()}.${one.className}${part ?? ""}`);
    }
  }
  return found;
}"""
UNSAID = """() => [...document.querySelectorAll(".shape, .ring, .light")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !one.textContent.trim() || !one.querySelector("svg")?.getClientRects().length)
  .map((one) => one.outerHTML.slice(0, 90))"""


@contextmanager
def seen(page: Page, **media: Any) -> Iterator[None]:
    """Ask for something that a device can ask for, and take it back."""
    page.emulate_media(**media)
    yield
    page.emulate_media(**{**dict.fromkeys(media, "null"), "reduced_motion": "reduce"})


@pytest.mark.parametrize("name", EYES)
def test_the_focus_and_what_is_chosen_are_seen_in_forced_colours(
    name: str, readers: Callable[[str], Page], server: Server
) -> None:
    page = readers(PAGES[name].username)
    with seen(page, forced_colors="active"):
        visit(page, PAGES[name], server, language="zh-hans")
        chosen = page.evaluate(CHOSEN)
        page.keyboard.press("Tab")  # whoever uses keys sees where they are
        reached = page.evaluate(REACHED)

    assert len(reached) > 3
    assert [where for _is, width, where in reached if width < RING_PX] == []
    assert [where for is_marked, where in chosen if not is_marked] == []


@pytest.mark.parametrize("name", EYES)
def test_nothing_moves_where_motion_is_unwelcome(
    name: str, readers: Callable[[str], Page], server: Server
) -> None:
    page = readers(PAGES[name].username)
    visit(page, PAGES[name], server, language="zh-hans")
    page.evaluate("document.querySelector('main').firstElementChild.classList.add('fresh')")

    assert page.evaluate(MOVING) == []


def test_others_see_what_is_new_shine_and_the_scenes_of_the_wall_fade(
    readers: Callable[[str], Page], server: Server
) -> None:
    wall = readers("wall")
    with seen(wall, reduced_motion="no-preference"):
        visit(wall, PAGES["wall"], server, language="zh-hans")
        wall.evaluate("document.querySelector('main').firstElementChild.classList.add('fresh')")
        moving = " ".join(wall.evaluate(MOVING))

    assert "running: fresh" in moving
    assert "section.scene" in moving


@pytest.mark.parametrize("name", EYES)
def test_text_is_seven_to_one_for_whoever_asks_for_more_contrast(
    name: str, readers: Callable[[str], Page], server: Server
) -> None:
    page = readers(PAGES[name].username)
    with seen(page, contrast="more"):
        visit(page, PAGES[name], server, language="zh-hans")
        weak = [
            f"{theme}: {one}"
            for theme in axe.THEMES
            for one in axe.ask(page, theme, ("color-contrast-enhanced",)).wrong
        ]

    assert weak == []


def test_the_usual_colours_are_softer_than_that(
    readers: Callable[[str], Page], server: Server
) -> None:
    page = readers("operator")
    visit(page, PAGES["web:desk"], server, language="zh-hans")

    assert axe.ask(page, "light", ("color-contrast-enhanced",)).wrong != []


@pytest.mark.parametrize("name", EYES)
def test_severity_and_state_are_told_by_form_and_word(
    name: str, readers: Callable[[str], Page], server: Server
) -> None:
    page = readers(PAGES[name].username)
    visit(page, PAGES[name], server, language="zh-hans")

    assert page.locator(".shape, .ring, .light").count() > 0
    assert page.evaluate(UNSAID) == []


def test_the_signs_of_the_map_differ_in_form_for_whoever_sees_no_colour(
    readers: Callable[[str], Page], server: Server
) -> None:
    desk = readers("operator")
    visit(desk, PAGES["web:desk"], server, language="zh-hans")
    devtools(desk).send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
    signs = desk.locator(".legend .shape svg").all()

    drawn = [silhouette(sign) for sign in signs]
    devtools(desk).send("Emulation.setEmulatedVisionDeficiency", {"type": "none"})

    assert len(drawn) == 3
    assert min(apart(one, other) for one, other in combinations(drawn, 2)) > 0.15


def apart(one: Any, other: Any) -> float:
    """Return how much of two signs, laid on each other, only one of them covers."""
    return float((one != other).sum() / (one | other).sum())


def silhouette(sign: Locator) -> Any:
    """Return which points of a sign are drawn, on 32 x 32."""
    grey = Image.open(io.BytesIO(sign.screenshot())).convert("L").resize((32, 32))
    return np.asarray(grey) < 128
