"""A unit is made, changed, taken out of service and back, without scripts and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import in_both_themes
from tests.browser.conftest import Opener

pytestmark = pytest.mark.browser


def make(page: Page, sign: str) -> None:
    """Make a unit; the first try has a wrong area, and nothing of it is lost."""
    home = page.get_by_label("Code of the home area").input_value()
    page.goto("/units/new/")
    page.get_by_label("Call sign").fill(sign)
    page.get_by_label("Name", exact=True).fill("试用艇")
    page.get_by_label("Code of the home area").fill("1")
    page.get_by_label("on water").check()
    page.get_by_role("button", name="Make the unit").click()
    expect(page.get_by_role("alert")).to_contain_text("No area in force")
    expect(page.get_by_label("Call sign")).to_have_value(sign)
    expect(page.get_by_label("on water")).to_be_checked()

    page.get_by_label("Code of the home area").fill(home)
    page.get_by_label("Speed").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notices")).to_contain_text("试用艇 is in service.")


@pytest.mark.parametrize("is_scripted", [True, False])
def test_a_unit_is_made_leaves_the_service_comes_back_and_is_retired(
    is_scripted: bool, open_as: Opener
) -> None:
    sign = f"ZT-{int(is_scripted)}"
    page = open_as("administrator", "/units/1/", language="en", java_script_enabled=is_scripted)
    page.on("dialog", lambda dialog: dialog.accept())
    make(page, sign)

    page.get_by_label("Reason").fill("engine")
    page.get_by_role("button", name="Take out of service").click()
    expect(page.locator(".notices")).to_contain_text("试用艇 is out of service.")
    page.goto("/units/?units=off_duty")
    row = page.locator("tr", has_text=sign)
    expect(row).to_contain_text("Out of service")
    expect(row).to_contain_text("engine")
    row.get_by_role("link", name=sign).click()
    page.get_by_label("Reason").fill("repaired")
    page.get_by_role("button", name="Back in service").click()
    expect(page.locator(".notices")).to_contain_text("试用艇 is in service.")

    page.get_by_label("Reason").fill("trial is over")
    page.get_by_role("button", name="Retire").click()
    expect(page.locator(".notices")).to_contain_text("试用艇 is retired.")
    expect(page.locator("tr", has_text=sign)).to_have_count(0)


def test_axe_finds_nothing_where_a_unit_was_refused(open_as: Opener) -> None:
    page = open_as("administrator", "/units/new/", language="en", reduced_motion="reduce")

    page.get_by_role("button", name="Make the unit").click()

    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    assert in_both_themes(page) == set()
