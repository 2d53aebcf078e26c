"""Macros as people use them: one key and a number, undone whole, made without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import WIDE, Screen, last_found, says_on

pytestmark = pytest.mark.browser

CHANGED = """document.body.dispatchEvent(
  new CustomEvent("live", { detail: { subjects: new Set(["*"]) } }))"""


def an_open_case(desk: Page) -> str:
    """Open the last case of the queue, which nobody else's story is about; returns its number."""
    desk.wait_for_selector('.map[data-ready="true"]')
    row = last_found(desk)
    number = str(row.get_attribute("data-case"))
    row.click()
    expect(desk.locator("#detail .detail-head")).to_contain_text(says_on(desk)("Open"))
    return number


@pytest.mark.parametrize("screen", WIDE, ids=str)
def test_two_keys_give_a_macro_and_z_takes_all_of_it_back(screen: Screen, open_as: Opener) -> None:
    desk, says = open_as("operator", "/desk/?state=open", **screen.options), screen.says
    an_open_case(desk)
    detail = desk.locator("#detail")

    desk.keyboard.press("m")
    first = desk.locator('#suggestions .macros [data-number="1"]')
    expect(first).to_contain_text(re.compile(rf"{says('Nearest unit')}.*\d"))
    unit = first.locator(".step b").first.inner_text()
    desk.keyboard.press("1")

    expect(detail).to_contain_text(says("{unit} has the task.", unit=unit))
    by = says("by macro “%(name)s”, version %(version)s", name="夜间巡查", version=1)
    expect(detail.locator(".timeline")).to_contain_text(by)
    expect(detail.locator(".detail-head")).to_contain_text(says("Dispatched"))
    screen.shows(desk)
    desk.keyboard.press("z")
    undone = says("Macro undone: units, messages and acknowledgement are taken back.")
    expect(detail.locator(".notice")).to_contain_text(undone)
    with desk.expect_response("**/detail"):
        desk.evaluate(CHANGED)
    expect(detail.locator(".notice")).to_contain_text(undone)  # a redraw leaves it
    expect(detail.locator(".detail-head")).to_contain_text(says("Open"))


def test_d_never_gives_a_macro_and_a_number_without_the_list_does_nothing(open_as: Opener) -> None:
    desk = open_as("operator", "/desk/?state=open", language="en")
    an_open_case(desk)
    desk.keyboard.press("1")
    desk.keyboard.press("m")
    expect(desk.locator("#suggestions .macros")).to_be_visible()

    desk.keyboard.press("d")

    expect(desk.locator("#suggestions .units")).to_be_visible()
    expect(desk.locator("#suggestions .macros")).to_have_count(0)
    expect(desk.locator("#detail .detail-head")).to_contain_text("Open")
    desk.keyboard.press("Escape")
    expect(desk.locator("#suggestions")).to_be_empty()


def test_administrators_make_a_macro_without_scripts_and_operators_use_it_so(
    open_as: Opener,
) -> None:
    plain = {"java_script_enabled": False}
    page = open_as("administrator", "/macros/new/", language="en", **plain)
    page.get_by_label("Name", exact=True).fill("早班巡看")
    page.get_by_role("button", name="Remove step 2").click()
    page.locator("#macro-form .add").get_by_role("button", name="Note").click()
    page.get_by_label("Text").fill("looked at from the bank")
    page.get_by_role("button", name="Try it").last.click()
    expect(page.locator(".tried-macro")).to_contain_text("Note: looked at from the bank")
    page.get_by_role("button", name="Put in force").click()
    expect(page.locator(".notices")).to_contain_text("“早班巡看”, version 1, is in force.")

    desk = open_as("operator", "/desk/?state=open", language="en", **plain)
    last_found(desk).click()
    desk.locator('#detail a[data-key="m"]').click()
    desk.get_by_role("button", name="早班巡看").click()

    expect(desk.locator(".notices")).to_contain_text("Macro “早班巡看” is done.")
    expect(desk.locator(".timeline")).to_contain_text("looked at from the bank")
    page.goto("/macros/")
    page.get_by_role("button", name="Retire 早班巡看").click()
    expect(page.locator(".notices")).to_contain_text("is retired")


def test_the_list_of_macros_fits_a_phone(open_as: Opener) -> None:
    phone = open_as("operator", "/desk/?state=open", viewport={"width": 390, "height": 844})
    phone.wait_for_selector('.map[data-ready="true"]')
    last_found(phone).click()

    phone.locator('#detail [data-key="m"]').click()

    expect(phone.locator("#suggestions .macros")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
