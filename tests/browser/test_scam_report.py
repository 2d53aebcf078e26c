"""A resident checks a message on the phone, understands why and reports it; staff confirm."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.covering import says_on

pytestmark = pytest.mark.browser

NUMBER = "13800138000"
MESSAGE = f"稳赚不赔，高收益，导师带你，请加 {NUMBER}，我的号码 13900139000"


def test_a_resident_reports_what_was_checked_and_an_officer_confirms_it(open_as: Opener) -> None:
    phone = open_as("", "/antifraud/check/", elder="1", java_script_enabled=False, **PHONE)
    says = says_on(phone)

    phone.locator("#id_written").fill(MESSAGE)
    phone.get_by_role("button", name=says("Check"), exact=True).click()
    expect(phone.locator("main")).to_contain_text(says("This is a scam"))
    expect(phone.locator("mark").first).to_be_visible()
    phone.get_by_role("button", name=says("Report this")).click()
    report(phone)

    number = phone.locator(".receipt .code").first.inner_text().rpartition("-")[2]
    phone.go_back()
    desk = open_as("operator", "/desk/?state=open", language="zh-hans", **PHONE)
    case = desk.locator('#queue a[data-code^="AN-"]').first
    desk.goto(f"/cases/{case.get_attribute('data-case')}/")
    confirm(desk, number)


def report(phone: Page) -> None:
    """Leave the own number out, and answer what every report asks."""
    says = says_on(phone)
    boxes = phone.locator('input[name="thing"]')
    expect(boxes).to_have_count(2)
    boxes.nth(1).uncheck()
    go_on(phone)
    phone.locator("#id_community").select_option(index=1)
    go_on(phone)
    phone.locator('input[value="now"]').check()
    go_on(phone)
    go_on(phone)
    phone.locator('input[value="anonymous"]').check()
    go_on(phone)
    expect(phone.locator("dl.check")).to_contain_text(NUMBER)
    phone.get_by_role("button", name=says("Send the report")).click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text(says("Your report has arrived"))


def confirm(desk: Page, number: str) -> None:
    """See why without a word of it, confirm the one clue, and take it back as a false alarm."""
    says = says_on(desk)
    expect(desk.locator("main")).to_contain_text(f"-{number}")
    panel = desk.locator("section", has=desk.locator("#read-title"))
    expect(panel).to_contain_text(says("False investments"))
    expect(panel).not_to_contain_text(NUMBER)
    expect(panel.locator('input[name="clue"]')).to_have_count(1)
    panel.get_by_role("button", name=says("Confirm clues")).click()
    expect(panel).to_contain_text(says("confirmed"))
    desk.get_by_text(says("Report a false alarm"), exact=True).first.click()
    desk.locator("[id^=dismiss-]").fill("练习")
    desk.get_by_role("button", name=says("Report a false alarm")).click()
    expect(panel).to_contain_text(says("The case was dismissed: nothing of it counts."))


def go_on(page: Page) -> None:
    page.locator(".buttons button.primary").click()
