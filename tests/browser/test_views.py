"""Saved views of the desk: kept under a name, found again, and dropped."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import in_both_themes
from tests.browser.conftest import PHONE, Opener
from tests.browser.covering import SCREENS, Screen, says_on

pytestmark = pytest.mark.browser


def keep(desk: Page, name: str) -> None:
    says = says_on(desk)
    desk.locator(".views > summary").click()
    desk.get_by_label(says("Keep what is shown as")).fill(name)
    desk.get_by_role("button", name=says("Keep"), exact=True).click()
    expect(desk.locator(".notices")).to_contain_text(says("Kept as “{name}”.", name=name))


@pytest.mark.parametrize(
    ("screen", "is_scripted"), list(zip(SCREENS, [True, False, False, True], strict=True)), ids=str
)
def test_a_filter_is_kept_found_again_and_dropped(
    screen: Screen, is_scripted: bool, open_as: Opener
) -> None:
    says, path = screen.says, "/desk/?severity=important"
    desk = open_as("operator", path, java_script_enabled=is_scripted, **screen.options)
    desk.on("dialog", lambda asked: asked.accept())

    keep(desk, "Bank at night")
    desk.goto("/desk/?state=all")
    desk.locator(".views > summary").click()
    desk.get_by_role("link", name="Bank at night").click()

    desk.wait_for_url("**/desk/?severity=important")
    desk.locator(".views > summary").click()
    desk.get_by_role("button", name=says("Drop %(name)s", name="Bank at night")).click()
    dropped = says("“{name}” is dropped.", name="Bank at night")
    expect(desk.locator(".notices")).to_contain_text(dropped)


def test_a_shared_view_is_what_a_role_begins_with(open_as: Opener) -> None:
    chief = open_as("administrator", "/desk/?severity=important", language="en")
    chief.on("dialog", lambda asked: asked.accept())
    sheet = chief.locator(".views")
    sheet.locator("summary").click()
    sheet.get_by_label("Keep what is shown as").fill("Important first")
    sheet.get_by_label("for everybody who has a desk").check()
    sheet.get_by_role("button", name="Keep", exact=True).click()
    hand_out(chief, "Important first")

    desk = open_as("operator", "/desk/", language="en")
    desk.wait_for_url("**/desk/?severity=important")
    desk.locator(".views > summary").click()
    expect(desk.locator(".views li")).to_contain_text(["begins with it"])
    hand_out(chief, "In work")
    desk.goto("/desk/")
    assert desk.url.endswith("/desk/")
    chief.locator(".views > summary").click()
    chief.get_by_role("button", name="Drop Important first").click()
    desk.reload()
    desk.locator(".views > summary").click()
    expect(desk.get_by_role("link", name="Important first")).to_have_count(0)


def hand_out(chief: Page, view: str) -> None:
    """Say with which view operators begin."""
    chief.locator(".views > summary").click()
    chief.locator("#view-role").select_option("operator")
    chief.get_by_label("View", exact=True).select_option(label=view)
    chief.get_by_role("button", name="Set", exact=True).click()
    expect(chief.locator(".notices")).to_be_visible()


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
