"""The past as people look at it: from a case to its moment, and a rule with another number."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import SCREENS, WIDE, Screen, last_found
from tests.browser.server import Server

pytestmark = pytest.mark.browser

READY = '.map[data-ready="true"]'
OTHER_MINUTES = "15"
BARE = {"java_script_enabled": False}


def moment(page: Page) -> str:
    """Return the moment that the address of the page names."""
    return parse_qs(urlsplit(page.url).query)["at"][0]


def dispatched(page: Page) -> str:
    """Open the page of a case that somebody was sent to and accepted; returns its key."""
    page.goto("/desk/?state=handling")
    row = last_found(page)
    key = str(row.get_attribute("data-case"))
    page.goto(f"/cases/{key}/")
    return key


def state(page: Page) -> Locator:
    return page.locator("#detail .detail-head")


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_case_leads_to_its_moment_and_keys_move_past_its_dispatch(
    screen: Screen, open_as: Opener
) -> None:
    page, says = open_as("operator", "/healthz", **screen.options), screen.says
    key = dispatched(page)
    expect(page.locator("main")).to_contain_text(says("Being handled"))

    page.get_by_role("link", name=says("Show the moment"), exact=True).first.click()
    page.wait_for_selector(READY)

    expect(state(page)).to_contain_text(says("Open"))
    expect(page.locator(f'#queue a[data-case="{key}"]')).to_have_attribute("aria-current", "true")
    expect(page.locator("#clock")).to_contain_text(says("as it was then"))
    expect(page.locator("#detail .timeline")).not_to_contain_text(says("Unit sent"))
    screen.shows(page)
    page.keyboard.press("End")
    expect(state(page)).to_contain_text(says("Being handled"))
    expect(page.locator("#clock")).to_contain_text(says("now"))
    page.keyboard.press("Home")
    expect(page.locator("#detail")).to_contain_text(
        says("This case was not there yet at this moment.")
    )
    expect(page.locator("#queue a[data-case]")).to_have_count(0)


def test_one_key_moves_a_minute_and_the_page_stays(open_as: Opener) -> None:
    page = open_as("operator", "/replay/", language="en")
    page.wait_for_selector(READY)
    page.evaluate("window.isTheSame = true")
    slider, desk = page.locator("#slider"), page.locator(".desk")

    page.keyboard.press("PageDown")
    expect(desk).not_to_have_attribute("data-shown", "")
    expect(page.locator("#clock")).to_contain_text("as it was then")
    before, shown = int(slider.input_value()), str(desk.get_attribute("data-shown"))
    page.keyboard.press("ArrowLeft")

    expect(desk).not_to_have_attribute("data-shown", shown)
    assert int(slider.input_value()) == before - 60
    assert page.evaluate("window.isTheSame") is True


@pytest.mark.parametrize("screen", WIDE, ids=str)
def test_a_trial_is_run_by_the_worker_and_its_difference_leads_to_the_moment(
    screen: Screen, open_as: Opener
) -> None:
    page, says = open_as("administrator", "/replay/trials/", **screen.options), screen.says
    page.get_by_label(re.compile(f"^{says('Stay limit')}")).fill(OTHER_MINUTES)

    page.get_by_role("button", name=says("Run the trial")).click()

    page.wait_for_url(re.compile(r"/replay/trials/\d+/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"15.*\+\d+"))
    page.wait_for_selector(READY)
    first = page.locator(".tried tbody tr", has_text=says("found as well")).first
    when = first.locator("time").inner_text()
    first.get_by_role("link").click()
    page.wait_for_selector(READY)
    expect(page.locator("#clock")).to_contain_text(when.split()[-1][:5])


def test_without_scripts_links_move_the_moment_and_keep_the_case(
    open_as: Opener, server: Server
) -> None:
    page = open_as("operator", "/healthz", language="en", **BARE)
    key = dispatched(page)
    page.get_by_role("link", name="Show the moment", exact=True).first.click()
    expect(state(page)).to_contain_text("Open")
    opened = page.get_by_label("Day and time").input_value()

    page.get_by_role("link", name="To now").click()

    expect(state(page)).to_contain_text("Being handled")
    assert moment(page) > opened
    assert parse_qs(urlsplit(page.url).query)["case"] == [key]
    page.get_by_label("Day and time").fill(opened)
    page.get_by_role("button", name="Go there").click()
    expect(state(page)).to_contain_text("Open")


def test_without_scripts_a_trial_is_asked_for_and_found_done(open_as: Opener) -> None:
    page = open_as("administrator", "/replay/trials/", language="en", **BARE)
    page.get_by_role("button", name="Run the trial").click()
    expect(page.locator("main")).to_contain_text("Change at least one value")
    page.get_by_label(re.compile("^Stay limit")).fill("10")

    page.get_by_role("button", name="Run the trial").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("10")
    expect(page.locator(".tried tbody tr").first).to_contain_text("found as well")
    page.get_by_role("link", name="Trials of rules").first.click()
    expect(page.get_by_role("link", name=re.compile("→ 10"))).to_be_visible()
