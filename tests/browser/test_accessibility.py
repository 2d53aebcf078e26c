"""Every page is checked by axe: light and dark, Chinese and English, wide and narrow."""

from __future__ import annotations

import functools
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import visit
from tests.browser.pages import MODES, PAGES
from tests.browser.server import Server

pytestmark = pytest.mark.browser

THEMES, LANGUAGES = ("light", "dark"), ("zh-hans", "en")
WIDTHS = (1920, 390, 320)
HEIGHT = 1080
REVIEWED = Path(__file__).with_name("incomplete.toml")
Finding = tuple[str, str]  # rule, and the kind of doubt


def wrong(page: Page) -> Iterator[str]:
    """Yield each rule that axe finds broken, with where."""
    for one in Axe().run(page).response["violations"]:
        yield from _lines(one)


def _lines(one: dict[str, Any]) -> Iterator[str]:
    for node in one["nodes"]:
        yield f"{one['id']}: {' '.join(map(str, node['target']))} {node['html'][:80]}"


def doubts(answer: dict[str, Any]) -> Iterator[Finding]:
    """Yield what axe could not decide: once for each element."""
    for one in answer["incomplete"]:
        for node in one["nodes"]:
            checks = [*node["any"], *node["all"], *node["none"]]
            data = checks[0]["data"] if checks else None
            key = data.get("messageKey") if isinstance(data, dict) else None
            yield one["id"], str(key or (checks[0]["id"] if checks else ""))


@functools.cache
def reviewed() -> dict[Finding, str]:
    """Return the kinds of doubt that somebody looked into, with why each is fine."""
    listed = tomllib.loads(REVIEWED.read_text(encoding="utf-8"))
    return {(rule, kind): why for rule, kinds in listed.items() for kind, why in kinds.items()}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_doubts_nothing_new(
    name: str, readers: Callable[[str], Page], server: Server
) -> None:
    """One load of a page serves every theme and width; each mode and language is loaded."""
    page, found, doubted = readers(PAGES[name].username), set(), Counter[Finding]()

    for mode, cookies in MODES.items():
        page.context.add_cookies([{**one, "url": server.url} for one in cookies])
        for language in LANGUAGES:
            visit(page, PAGES[name], server, language=language)
            for width, theme in product(WIDTHS, THEMES):
                page.set_viewport_size({"width": width, "height": HEIGHT})
                answer = axe_in(page, theme)
                where = (mode, language, width, theme)
                found |= {(*where, line) for one in answer["violations"] for line in _lines(one)}
                doubted.update(doubts(answer))
    page.set_viewport_size({"width": 1280, "height": 720})

    assert found == set()
    assert {kind: count for kind, count in doubted.items() if kind not in reviewed()} == {}


def axe_in(page: Page, theme: str) -> dict[str, Any]:
    """Run axe in ``theme``."""
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    answer: dict[str, Any] = Axe().run(page).response
    return answer


def in_both_themes(page: Page) -> set[str]:
    found: set[str] = set()
    for theme in THEMES:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found |= set(wrong(page))
    return found


def test_axe_finds_nothing_in_the_list_of_keys(
    readers: Callable[[str], Page], server: Server
) -> None:
    desk = readers("operator")
    visit(desk, PAGES["web:desk"], server, language="en")

    desk.keyboard.press("?")

    expect(desk.locator("#keys")).to_be_visible()
    assert in_both_themes(desk) == set()


def test_axe_finds_nothing_in_the_preview_of_a_zone(
    readers: Callable[[str], Page], server: Server
) -> None:
    page = readers("administrator")
    visit(page, PAGES["web:zones/edit"], server, language="en")

    page.get_by_role("button", name="Preview and try on yesterday").click()
    page.wait_for_selector('.map[data-ready="true"]')

    expect(page.get_by_role("button", name="Put in force")).to_be_visible()
    assert in_both_themes(page) == set()


def test_axe_finds_nothing_where_somebody_mistyped(
    readers: Callable[[str], Page], server: Server
) -> None:
    page = readers("")
    visit(page, PAGES["web:sign-in"], server, language="en")

    page.get_by_label("User name").fill("nobody-is-called-so")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_be_visible()
    assert in_both_themes(page) == set()


@pytest.mark.parametrize("theme", THEMES)
def test_whoever_chooses_a_theme_keeps_it(
    theme: str, readers: Callable[[str], Page], server: Server
) -> None:
    page = readers("leader")
    visit(page, PAGES["fishery:overview"], server, language="en")

    page.click("summary.who")
    page.click(f'button[name="theme"][value="{theme}"]')
    page.wait_for_selector(f'html[data-theme="{theme}"]')
    page.reload()

    assert page.locator("html").get_attribute("data-theme") == theme
