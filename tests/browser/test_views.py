"""Saved views of the desk: kept under a name, found again, and dropped."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import in_both_themes
from tests.browser.conftest import PATIENCE_MS, PHONE, Opener

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE_MS)


def keep(desk: Page, name: str) -> None:
    desk.locator(".views > summary").click()
    desk.get_by_label("Keep what is shown as").fill(name)
    desk.get_by_role("button", name="Keep", exact=True).click()
    expect(desk.locator(".notices")).to_contain_text(f"Kept as “{name}”.")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_filter_is_kept_found_again_and_dropped(open_as: Opener, scripts: bool) -> None:
    desk = open_as(
        "operator", "/desk/?severity=important", language="en", java_script_enabled=scripts
    )
    desk.on("dialog", lambda asked: asked.accept())

    keep(desk, "Bank at night")
    desk.goto("/desk/?state=all")
    desk.locator(".views > summary").click()
    desk.get_by_role("link", name="Bank at night").click()

    desk.wait_for_url("**/desk/?severity=important")
    desk.locator(".views > summary").click()
    desk.get_by_role("button", name="Drop Bank at night").click()
    expect(desk.locator(".notices")).to_contain_text("“Bank at night” is dropped.")


def test_a_click_beside_it_closes_the_sheet(open_as: Opener) -> None:
    desk = open_as("operator", "/desk/?state=open", language="en")
    desk.wait_for_selector('.map[data-ready="true"]')
    desk.locator(".views > summary").click()
    expect(desk.get_by_label("Keep what is shown as")).to_be_visible()

    desk.keyboard.press("Escape")

    expect(desk.get_by_label("Keep what is shown as")).to_be_hidden()


def test_axe_finds_nothing_in_the_sheet(open_as: Opener) -> None:
    desk = open_as("administrator", "/desk/?severity=important", language="en")
    keep(desk, "Axe")
    desk.locator(".views > summary").click()
    expect(desk.get_by_label("What a role begins with")).to_be_visible()

    assert in_both_themes(desk) == set()


def test_the_sheet_fits_a_phone(open_as: Opener) -> None:
    desk = open_as("operator", "/desk/?state=open", language="en", **PHONE)
    desk.locator(".views > summary").click()

    expect(desk.get_by_label("Keep what is shown as")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= 390
