"""Every page is checked by axe: light and dark, Chinese and English."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import visit
from tests.browser.pages import PAGES
from tests.browser.server import Server

pytestmark = pytest.mark.browser

THEMES, LANGUAGES = ("light", "dark"), ("zh-hans", "en")


def wrong(page: Page) -> Iterator[str]:
    """Yield each rule that axe finds broken, with where."""
    for one in Axe().run(page).response["violations"]:
        for node in one["nodes"]:
            yield f"{one['id']}: {' '.join(map(str, node['target']))} {node['html'][:80]}"


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(name: str, readers: Callable[[str], Page], server: Server) -> None:
    page, found = readers(PAGES[name].username), set()

    for language in LANGUAGES:
        visit(page, PAGES[name], server, language=language)
        for theme in THEMES:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            found |= {(language, theme, line) for line in wrong(page)}

    assert found == set()


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

    page.get_by_label("Reason").fill("notice 12")
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
