"""A unit is made, changed, taken out of service and back, without scripts and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import in_both_themes
from tests.browser.conftest import Opener
from tests.browser.covering import SCREENS, Screen, says_on

pytestmark = pytest.mark.browser
UNIT = "试用艇"


def make(page: Page, sign: str) -> None:
    """Make a unit; the first try has a wrong area, and nothing of it is lost."""
    says = says_on(page)
    area = page.get_by_label(says("Code of the home area"))
    home = area.input_value()
    page.goto("/units/new/")
    page.get_by_label(says("Call sign")).fill(sign)
    page.get_by_label(says("Name"), exact=True).fill(UNIT)
    area.fill("1")
    page.get_by_label(says("on water")).check()
    page.get_by_role("button", name=says("Make the unit")).click()
    problem = says("No area in force that you answer for has this code.")
    expect(page.get_by_role("alert")).to_contain_text(problem)
    expect(page.get_by_label(says("Call sign"))).to_have_value(sign)
    expect(page.get_by_label(says("on water"))).to_be_checked()

    area.fill(home)
    page.get_by_label(says("Speed")).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notices")).to_contain_text(says("{unit} is in service.", unit=UNIT))


@pytest.mark.parametrize(
    ("screen", "is_scripted"), list(zip(SCREENS, [False, True, True, False], strict=True)), ids=str
)
def test_a_unit_is_made_leaves_the_service_comes_back_and_is_retired(
    screen: Screen, is_scripted: bool, open_as: Opener
) -> None:
    sign, says = f"ZT-{screen}", screen.says
    page = open_as("administrator", "/units/1/", java_script_enabled=is_scripted, **screen.options)
    screen.shows(page)
    page.on("dialog", lambda dialog: dialog.accept())
    make(page, sign)

    page.get_by_label(says("Reason")).fill("engine")
    page.get_by_role("button", name=says("Take out of service")).click()
    expect(page.locator(".notices")).to_contain_text(says("{unit} is out of service.", unit=UNIT))
    page.goto("/units/?units=off_duty")
    row = page.locator("tr", has_text=sign)
    expect(row).to_contain_text(says("Out of service"))
    expect(row).to_contain_text("engine")
    row.get_by_role("link", name=sign).click()
    page.get_by_label(says("Reason")).fill("repaired")
    page.get_by_role("button", name=says("Back in service")).click()
    expect(page.locator(".notices")).to_contain_text(says("{unit} is in service.", unit=UNIT))

    page.get_by_label(says("Reason")).fill("trial is over")
    page.get_by_role("button", name=says("Retire the unit")).click()
    expect(page.locator(".notices")).to_contain_text(says("{unit} is retired.", unit=UNIT))
    expect(page.locator("tr", has_text=sign)).to_have_count(0)


def test_axe_finds_nothing_where_a_unit_was_refused(open_as: Opener) -> None:
    page = open_as("administrator", "/units/new/", language="en", reduced_motion="reduce")

    page.get_by_role("button", name="Make the unit").click()

    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    assert in_both_themes(page) == set()
