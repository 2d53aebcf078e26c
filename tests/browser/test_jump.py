"""The command box: from anywhere to anything, and acts by number, without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import in_both_themes
from tests.browser.conftest import Opener
from tests.browser.covering import SCREENS, Screen, last_found
from tests.browser.test_stories import withdraw

pytestmark = pytest.mark.browser


def asked(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#jump input")).to_be_focused()
    page.keyboard.type(text)


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_from_a_page_far_away_to_a_case(screen: Screen, open_as: Opener) -> None:
    page = open_as("operator", "/messages/", **screen.options)

    asked(page, "2")
    expect(page.locator("#jump-found li")).to_have_count(1)
    page.keyboard.press("Enter")

    page.wait_for_url("**/desk/?state=all&case=2")
    expect(page.locator("#detail .detail-head")).to_contain_text("-2")
    screen.shows(page)


def test_a_unit_is_sent_by_number(open_as: Opener) -> None:
    page = open_as("operator", "/desk/?state=open", language="en")
    number = last_found(page).get_attribute("data-case")

    asked(page, f"d {number}")
    first = page.locator('#jump-found li[data-kind="act"]').first
    expect(first).to_contain_text("Send ")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/?state=all&case={number}")
    expect(page.locator("#detail .detail-head")).to_contain_text("Dispatched")

    withdraw(page)  # undoing it would race with the seconds that its message is held


def test_enter_waits_for_the_answer_to_what_is_written(open_as: Opener) -> None:
    page = open_as("operator", "/messages/", language="en")
    page.keyboard.press("Control+k")
    expect(page.locator("#jump-found li").first).to_contain_text("Desk")

    page.keyboard.insert_text("2")
    page.keyboard.press("Enter")

    page.wait_for_url("**/desk/?state=all&case=2")


def test_arrows_choose_and_escape_leaves(open_as: Opener) -> None:
    page = open_as("operator", "/messages/", language="en")
    page.keyboard.press("Control+k")
    lines = page.locator("#jump-found li")
    expect(lines.first).to_have_attribute("aria-selected", "true")

    page.keyboard.press("ArrowDown")
    expect(lines.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(lines.last).to_have_attribute("aria-selected", "true")

    page.keyboard.press("Escape")
    expect(page.locator("#jump")).to_be_hidden()
    assert page.url.endswith("/messages/")


def test_a_lost_server_is_told_and_nothing_is_lost(open_as: Opener) -> None:
    page = open_as("operator", "/messages/", language="en")
    page.keyboard.press("Control+k")
    expect(page.locator("#jump-found li").first).to_be_visible()

    page.context.set_offline(True)
    page.keyboard.type("2")
    expect(page.locator("#jump [role=status]")).to_contain_text("No connection")
    page.context.set_offline(False)
    page.keyboard.press("Enter")

    page.wait_for_url("**/desk/?state=all&case=2")


def test_axe_finds_nothing_in_the_box(open_as: Opener) -> None:
    page = open_as("operator", "/messages/", language="en")
    asked(page, "d 2")
    expect(page.locator("#jump-found li").first).to_be_visible()

    assert in_both_themes(page) == set()


def test_without_scripts_there_is_no_dead_button(open_as: Opener) -> None:
    page = open_as("operator", "/messages/", java_script_enabled=False)

    expect(page.locator("[data-jump]")).to_be_hidden()
    expect(page.locator("#jump")).to_be_hidden()
