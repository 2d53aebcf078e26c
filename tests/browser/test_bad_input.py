"""What goes wrong on a long shift: no answer, no network, no session, a killed server, two tabs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import last_found, why_false
from tests.browser.installing import LATENESS_S
from tests.browser.server import Server
from tests.browser.test_stories import LISTEN, cases_in, opened_since, raised_in

pytestmark = pytest.mark.browser

LOST = "No connection. Nothing was lost"


def desk_with_words(open_as: Opener, username: str = "operator") -> Page:
    """Open a desk at a case of the past, with a reason half typed."""
    desk = open_as(username, "/desk/?state=open", language="en")
    desk.wait_for_selector('.map[data-ready="true"]')
    last_found(desk).click()
    desk.locator("#detail").get_by_text("Report a false alarm").first.click()
    why_false(desk).fill("fog on the")
    return desk


def test_a_failing_server_leaves_what_is_shown_and_typed_and_says_so(open_as: Opener) -> None:
    desk = desk_with_words(open_as)
    desk.route("**/suggestions", lambda route: route.fulfill(status=500, body="<h1>broken</h1>"))

    desk.locator('#detail a[data-key="d"]').click()

    expect(desk.locator("#toasts")).to_contain_text(LOST)
    expect(desk.locator("body")).not_to_contain_text("broken")
    assert why_false(desk).input_value() == "fog on the"
    desk.unroute("**/suggestions")
    desk.locator('#detail a[data-key="d"]').click()
    expect(desk.locator("#suggestions button").first).to_be_visible()
    assert why_false(desk).input_value() == "fog on the"


def test_without_a_network_nothing_typed_is_lost_and_it_can_be_sent_afterwards(
    open_as: Opener,
) -> None:
    desk = desk_with_words(open_as)
    number = re.search(r"case=(\d+)", desk.url)
    assert number is not None
    desk.context.set_offline(True)

    desk.get_by_role("button", name="Report a false alarm").click()
    expect(desk.locator("#toasts")).to_contain_text(LOST)
    assert why_false(desk).input_value() == "fog on the"

    desk.context.set_offline(False)
    why_false(desk).fill("fog on the lens")
    desk.get_by_role("button", name="Report a false alarm").click()
    expect(desk.locator("#detail")).to_contain_text("Dismissed as a false alarm.")
    expect(desk.locator("#detail .timeline")).to_contain_text("fog on the lens")


def test_a_part_that_no_answer_came_for_says_so(open_as: Opener) -> None:
    desk = desk_with_words(open_as)
    desk.route("**/suggestions", lambda route: route.abort())

    desk.locator('#detail a[data-key="d"]').click()

    expect(desk.locator("#toasts")).to_contain_text(LOST)
    assert why_false(desk).input_value() == "fog on the"


def test_another_language_and_brightness_leave_the_case_and_the_words(open_as: Opener) -> None:
    desk = desk_with_words(open_as)
    address = desk.url
    assert re.search(r"case=\d+", address)

    desk.get_by_role("button", name="中文").click()

    expect(desk.locator("html")).to_have_attribute("lang", "zh-hans")
    assert desk.url == address
    expect(why_false(desk)).to_have_value("fog on the")
    desk.locator("header details.menu summary").click()
    desk.get_by_role("button", name="深色").click()
    expect(desk.locator("html")).to_have_attribute("data-theme", "dark")
    expect(why_false(desk)).to_have_value("fog on the")


@pytest.mark.parametrize("is_scripted", [True, False])
def test_the_answer_to_a_form_in_another_language_is_the_page_of_the_form(
    is_scripted: bool, open_as: Opener
) -> None:
    page = open_as("administrator", "/zones/", language="en", java_script_enabled=is_scripted)
    page.get_by_label("or GeoJSON text").fill("{half")
    page.get_by_label("Reason").fill("notice 12")
    page.get_by_role("button", name="Preview and try on yesterday").click()
    page.wait_for_url("**/zones/import/")

    page.get_by_role("button", name="中文").click()

    page.wait_for_url("**/zones/")

    expect(page.get_by_role("heading", level=1)).to_have_text("区域")
    text = page.locator('textarea[name="geojson"]')
    expect(text).to_have_value("{half" if is_scripted else "")


def test_words_typed_about_one_case_wait_while_another_is_looked_at(open_as: Opener) -> None:
    desk = desk_with_words(open_as)
    here = desk.locator("#queue a[aria-current]")
    first = str(here.get_attribute("data-case"))
    top = desk.locator("#queue a[data-case]").first.get_attribute("data-case")
    away, back = ("j", "k") if first == top else ("k", "j")

    desk.keyboard.press("Escape")
    expect(why_false(desk)).not_to_be_focused()
    desk.keyboard.press(away)
    expect(here).not_to_have_attribute("data-case", first)
    expect(why_false(desk)).to_have_value("")
    desk.keyboard.press(back)

    expect(why_false(desk)).to_have_value("fog on the")


def sign_in_again(page: Page, username: str) -> None:
    page.wait_for_url("**/sign-in/**")
    page.click(f'button[name="username"][value="{username}"]')
    page.wait_for_url(lambda url: "/sign-in" not in url)


def test_a_session_that_ended_in_the_middle_of_a_form_gives_the_words_back(
    open_as: Opener,
) -> None:
    desk = desk_with_words(open_as)
    address = desk.url
    desk.context.clear_cookies(name="sessionid")

    desk.get_by_role("button", name="Report a false alarm").click()
    sign_in_again(desk, "operator")

    assert desk.url == address
    expect(desk.locator("#toasts")).to_contain_text("What you had typed is back")
    expect(why_false(desk)).to_have_value("fog on the")
    desk.get_by_role("button", name="Report a false alarm").click()
    expect(desk.locator("#detail")).to_contain_text("Dismissed as a false alarm.")


def test_a_form_of_a_whole_page_comes_back_too_but_not_for_somebody_else(open_as: Opener) -> None:
    page = open_as("administrator", "/macros/new/", language="en")
    page.get_by_label("Name", exact=True).fill("Half a macro")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Put in force").click()
    sign_in_again(page, "administrator")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half a macro")

    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Put in force").click()
    page.wait_for_url("**/sign-in/**")
    page.click('button[name="username"][value="operator"]')
    expect(page.get_by_label("Name", exact=True)).to_have_count(0)
    assert page.evaluate("sessionStorage.getItem('zhizhi-typed')") is None


def test_a_tab_goes_on_after_the_same_person_signed_in_again_in_another(open_as: Opener) -> None:
    first = desk_with_words(open_as)
    second = first.context.new_page()
    first.context.clear_cookies(name="sessionid")
    second.goto("/desk/")
    sign_in_again(second, "operator")

    first.get_by_role("button", name="Report a false alarm").click()

    expect(first.locator("#detail")).to_contain_text("Dismissed as a false alarm.")


def test_what_one_tab_does_the_other_tab_of_the_same_person_shows(
    server: Server, open_as: Opener
) -> None:
    first = open_as("operator", "/desk/?state=open", language="en")
    first.wait_for_selector('.map[data-ready="true"]')
    number = raised_in(first, server, "plain")
    second = first.context.new_page()
    second.goto(f"/desk/?state=all&case={number}")
    expect(second.locator("[data-connection]")).to_have_text("Live")
    expect(second.locator("[data-present]")).to_be_hidden()

    first.locator(f'#queue a[data-case="{number}"]').click()
    first.locator('#detail [data-key="a"]').click()

    expect(second.locator("#detail .facts")).to_contain_text("Acknowledged")
    expect(second.locator("[data-present]")).to_be_hidden()


def test_after_a_killed_server_every_alert_that_was_missed_shows_exactly_once(
    server: Server, open_as: Opener
) -> None:
    desk = open_as("operator", "/desk/?state=open", language="en")
    line = desk.locator("[data-connection]")
    expect(line).to_have_text("Live")
    desk.evaluate(LISTEN)
    known = cases_in(desk, server, "away")
    for _ in range(3):
        server.linger("away")

    server.processes["web"].kill()
    expect(line).to_have_text("Connection lost, trying again")
    desk.wait_for_timeout(1000 * (LATENESS_S + 3))  # the worker raises the alerts meanwhile
    server.processes["web"].start()

    expect(line).to_have_text("Live")
    desk.wait_for_function(
        """([zone, count]) => [...document.querySelectorAll('#queue a[data-case]')]
          .filter((row) => row.textContent.includes(zone)).length >= count""",
        arg=[server.places["away"].zone, len(known) + 3],
    )
    desk.wait_for_timeout(2000)  # nothing comes twice
    rows = desk.locator("#queue a[data-case]", has_text=server.places["away"].zone)
    shown = [str(row.get_attribute("data-case")) for row in rows.all()]
    new = set(shown) - known
    assert len(shown) == len(set(shown)) == len(known) + 3
    opened = opened_since(desk)
    assert {case: opened[case] for case in new} == dict.fromkeys(new, 1)
    assert desk.evaluate("window.isTheSamePage")


def test_two_who_have_the_same_case_open_are_told_of_each_other_and_when_one_leaves(
    open_as: Opener,
) -> None:
    first = open_as("operator", "/desk/?state=open", language="zh-hans")
    first.wait_for_selector('.map[data-ready="true"]')
    row = last_found(first)
    number = row.get_attribute("data-case")
    row.click()
    expect(first.locator("[data-present]")).to_be_hidden()
    second = open_as("operator2", "/desk/?state=open", language="zh-hans")
    second.wait_for_selector('.map[data-ready="true"]')

    second.locator(f'#queue a[data-case="{number}"]').click()

    expect(first.locator("[data-present]")).to_contain_text("值班员二席 正在处理")
    expect(second.locator("[data-present]")).to_contain_text("值班长 正在处理")
    second.goto("/messages/")
    expect(first.locator("[data-present]")).to_be_hidden()


def test_the_slower_of_two_keeps_what_was_typed(open_as: Opener) -> None:
    slow = desk_with_words(open_as, "operator2")
    fast = open_as("operator", slow.url, language="en")
    slow.locator('#detail [data-key="d"]').click()
    expect(slow.locator("#suggestions button").first).to_be_visible()
    fast.locator('#detail [data-key="d"]').click()
    fast.locator("#suggestions button").first.click()
    expect(fast.locator("#detail .detail-head")).to_contain_text("Dispatched")

    with slow.expect_response(lambda answer: answer.status == 409):
        slow.locator("#suggestions button").first.click()

    expect(slow.locator("#toasts")).to_contain_text("Somebody was faster.")
    expect(slow.locator("#toasts")).to_contain_text("值班长")
    expect(slow.locator("#toasts")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    expect(slow.locator("#detail .detail-head")).to_contain_text("Dispatched")
    expect(why_false(slow)).to_have_value("fog on the")
    fast.keyboard.press("z")
    expect(fast.locator("#detail .detail-head")).to_contain_text("Open")
