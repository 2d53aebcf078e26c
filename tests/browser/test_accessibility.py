"""What opens on a page is as accessible as the page, and a chosen theme stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import THEMES, in_both_themes
from tests.browser.conftest import visit
from tests.browser.pages import PAGES
from tests.browser.server import Server

pytestmark = pytest.mark.browser


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
