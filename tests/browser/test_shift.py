"""A long shift: keys alone from the door to a dispatch, and nothing typed is ever lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, Opener, choose
from tests.browser.server import Server
from tests.browser.test_stories import raised_in, withdraw

pytestmark = pytest.mark.browser

MOST_KEYS = 12
EVENTS = 50
CHANGE = """number => document.body.dispatchEvent(
  new CustomEvent("live", { detail: { subjects: new Set([`case:${number}`]) } }))"""
FOCUSED = "() => document.activeElement?.value ?? ''"
expect.set_options(timeout=PATIENCE_MS)


def test_from_the_door_to_a_dispatch_by_keys_alone(browser: Browser, server: Server) -> None:
    context = browser.new_context(base_url=server.url)
    context.set_default_timeout(PATIENCE_MS)
    choose(context, server.url, language="en")
    page = context.new_page()
    page.goto("/sign-in/")
    pressed = []

    def press(key: str) -> None:
        pressed.append(key)
        page.keyboard.press(key)

    while page.evaluate(FOCUSED) != "operator":
        press("Tab")
        assert len(pressed) < MOST_KEYS, pressed
    press("Enter")
    page.wait_for_selector('.map[data-ready="true"]')
    press("j")
    expect(page.locator("#detail .why")).to_be_visible()
    press("d")
    expect(page.locator("#suggestions button[type=submit]").first).to_be_focused()
    press("d")
    expect(page.locator("#detail .detail-head")).to_contain_text("Dispatched")

    assert len(pressed) <= MOST_KEYS, pressed
    withdraw(page)
    context.close()


def test_what_is_typed_outlives_fifty_changes(open_as: Opener) -> None:
    desk = open_as("operator", "/desk/?state=open", language="en")
    desk.wait_for_selector('.map[data-ready="true"]')
    desk.keyboard.press("j")
    desk.locator("#detail summary", has_text="False alarm").click()
    reason = desk.locator("#detail").get_by_label("Reason").first
    reason.fill("fog on")
    case = desk.locator(".desk").get_attribute("data-case")

    for _ in range(EVENTS):
        desk.evaluate(CHANGE, case)
    reason.press_sequentially(" the lens")
    with desk.expect_response("**/desk/now**"):
        desk.evaluate(CHANGE, case)

    expect(reason).to_be_focused()
    expect(reason).to_have_value("fog on the lens")


def test_a_desk_in_the_background_still_hears_alerts(open_as: Opener, server: Server) -> None:
    desk = open_as("operator", "/desk/", language="en")
    expect(desk.locator("[data-connection]")).to_have_text("Live")
    hide(desk)

    raised_in(desk, server, "quiet")


def hide(page: Page) -> None:
    """Tell the page what a browser tells one whose tab lies behind another."""
    page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: true });
          Object.defineProperty(document, "visibilityState", { value: "hidden" });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
