"""A guardian says "missing" on the phone, somebody is sent, and the desk sees the trail."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.covering import says_on
from tests.browser.server import Server
from tests.browser.test_stories import await_until

pytestmark = pytest.mark.browser


def test_a_guardian_says_missing_somebody_is_sent_and_the_trail_is_seen(
    server: Server, open_as: Opener
) -> None:
    server.read_tag("ward-1", "R-1")
    phone = open_as(
        "", "/guardian/asked/", elder="2", holds="guarding", java_script_enabled=False, **PHONE
    )
    says = says_on(phone)
    phone.get_by_role("link", name=says("My ward is missing")).press("Enter")
    phone.get_by_role("button", name=says("Yes, missing: send somebody")).press("Enter")
    expect(phone.locator(".notice.success")).to_have_text(says("Thank you. It counts."))

    desk = open_as("operator", f"/guardian/{server.enrolment}/", language="zh-hans")
    says = says_on(desk)
    alarm = desk.locator(".notice a[href^='/cases/']")
    await_until(desk, lambda: alarm.count() == 1, between=desk.reload)
    alarm.press("Enter")
    expect(desk.locator("main")).to_contain_text(says("Alarm: a ward may be lost"))
    expect(desk.locator("main")).to_contain_text(says("Unit sent"))
    desk.get_by_role("link", name=says("Trail"), exact=True).press("Enter")
    expect(desk).to_have_url(re.compile("/trail/$"))
    case = re.sub(r".*(/cases/\d+/)trail/$", r"\1", desk.url)
    expect(desk.locator("ol li").first).to_contain_text("菜市场东门")

    phone.goto("/guardian/asked/")
    expect(phone.locator(".plain-state")).to_contain_text(says("Reported missing"))

    desk.goto(case)  # the ward is home: no later story finds the case before its own
    form = desk.locator('form[action$="/dismiss/"]')
    desk.locator("details", has=form).locator("summary").first.press("Enter")
    form.locator("textarea").fill("已经到家")
    form.locator("button").press("Enter")
    expect(desk.locator("main")).not_to_contain_text(says("Where the ward is"))
