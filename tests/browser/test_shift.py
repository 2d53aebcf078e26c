"""A long shift: keys alone from the door to a dispatch, and nothing typed is ever lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Opener, context_of
from tests.browser.covering import WIDE, Screen, why_false
from tests.browser.server import Server
from tests.browser.test_stories import raised_in, withdraw

pytestmark = pytest.mark.browser

MOST_KEYS = 12
EVENTS = 50
COUNT = """() => {
  window.told = [];
  const channel = new BroadcastChannel("zhizhi/events/"); // what the stream brings to every tab
  channel.addEventListener("message", ({ data }) => { if (data.subject) told.push(data.subject); });
}"""
FOCUSED = "() => document.activeElement?.value ?? ''"


@pytest.mark.parametrize("screen", WIDE, ids=str)
def test_from_the_door_to_a_dispatch_by_keys_alone(
    screen: Screen, browser: Browser, server: Server
) -> None:
    context = context_of(browser, server, **screen.options)
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
    expect(page.locator("#detail .why[aria-labelledby=why]")).to_be_visible()
    press("d")
    expect(page.locator("#suggestions button[type=submit]").first).to_be_focused()
    press("d")
    expect(page.locator("#detail .detail-head")).to_contain_text(screen.says("Dispatched"))

    assert len(pressed) <= MOST_KEYS, pressed
    withdraw(page)
    context.close()


def test_what_is_typed_outlives_fifty_changes(open_as: Opener) -> None:
    desk = open_as("operator", "/desk/?state=all", language="en")
    desk.wait_for_selector('.map[data-ready="true"]')
    expect(desk.locator("[data-connection]")).to_have_text("Live")
    desk.evaluate(COUNT)
    row = desk.locator("#queue a[data-case]:not([data-refuses])").last
    case = row.get_attribute("data-case")
    row.click()
    desk.locator("#detail summary", has_text="false alarm").click()
    reason = why_false(desk)
    reason.fill("fog on")
    other = open_as("operator2", f"/cases/{case}/", language="en")

    for _ in range(EVENTS // 2):
        send_and_take_back(other)
        reason.press_sequentially(".")

    desk.wait_for_function(
        "([subject, least]) => window.told.filter((one) => one === subject).length >= least",
        arg=[f"case:{case}", EVENTS],
    )
    expect(reason).to_be_focused()
    expect(reason).to_have_value("fog on" + "." * (EVENTS // 2))


def send_and_take_back(page: Page) -> None:
    """Send the nearest unit to the case of a page and take it back: two changes at least."""
    asked = page.request.get(f"{page.url}suggestions").text()
    unit = re.search(r'name="unit" value="(\d+)"', asked)
    assert unit is not None
    sent = post(page, f"{page.url}dispatch/", {"unit": unit[1]})
    undo = re.search(r'action="(/cases/\d+/undo/\d+/)"', sent)
    assert undo is not None, sent
    post(page, undo[1], {})


def post(page: Page, address: str, values: dict[str, str]) -> str:
    """Do what a form of the page would do, and return the part of a page that answers."""
    token = next(one for one in page.context.cookies() if one["name"] == "csrftoken")
    headers = {"X-CSRFToken": str(token["value"]), "Referer": page.url, "HX-Request": "true"}
    answer = page.request.post(address, form=values, headers=headers)
    assert answer.ok, answer.text()
    return answer.text()


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
