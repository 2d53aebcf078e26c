"""A resident joins on a phone and invites a relative, who confirms and leaves again."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.covering import says_on
from tests.browser.server import Server
from zhizhi.channels.carrier_sms.ledger import Ledger

pytestmark = pytest.mark.browser

OWN, RELATIVE = "12000000051", "12000000052"
SMALL = {**PHONE, "viewport": {"width": 320, "height": 640}}
WITHIN_S = 60
CODE, NUMBER = re.compile(r"\d{4} \d{4}"), re.compile(r"R-\d+")


def sent(server: Server, phone: str) -> str:
    """Return what the operator's gateway was given for a number, as soon as it has it."""
    until = time.monotonic() + WITHIN_S
    with contextlib.closing(Ledger(server.home / "gateway.sqlite3")) as ledger:
        while time.monotonic() < until:
            found = [one.text for one in ledger.all() if one.token == phone]
            if found:
                return found[-1]
            time.sleep(0.2)
    pytest.fail(f"no message for the number within {WITHIN_S} s")


def test_a_relative_is_invited_confirms_and_leaves(open_as: Opener, server: Server) -> None:
    own = open_as("", "/antifraud/circle/", elder="1", java_script_enabled=False, **SMALL)
    join(own, server)
    says = says_on(own)
    own.locator("#id_phone").fill(RELATIVE)
    own.locator("#id_relation").select_option("child")
    own.get_by_role("button", name=says("Send the invitation")).click()
    expect(own.locator("main")).to_contain_text(says("Invited, has not confirmed yet"))
    fits(own)

    relative = open_as("", "/antifraud/circle/confirm/", java_script_enabled=False, **SMALL)
    confirm(relative, sent(server, RELATIVE))
    own.reload()
    expect(own.locator("main")).to_contain_text(says("Confirmed"))

    relative.get_by_role("button", name=says_on(relative)("Leave this circle")).click()
    expect(relative.locator("#id_phone")).to_be_visible()
    own.reload()
    expect(own.locator("main")).to_contain_text(says("Left by the relative"))
    own.get_by_role("button", name=says("Leave altogether now")).click()
    expect(own.locator("main")).to_contain_text(says("Send me a code"))


def join(page: Page, server: Server) -> None:
    """Come in by the own number: a wrong code first, then the right one."""
    says = says_on(page)
    page.locator("#id_phone").fill(OWN)
    page.get_by_role("button", name=says("Send me a code")).click()
    fits(page)
    for code in ("00000000", CODE.findall(sent(server, OWN))[0]):
        page.locator("#id_code").fill(code)
        page.get_by_role("button", name=says("Agree and go on")).click()
    expect(page.locator("main")).to_contain_text(says("Nobody yet. Invite the first one."))
    fits(page)


def confirm(page: Page, told: str) -> None:
    says = says_on(page)
    assert OWN not in told
    page.locator("#id_number").fill(NUMBER.findall(told)[0])
    page.locator("#id_code").fill(CODE.findall(told)[0])
    fits(page)
    page.get_by_role("button", name=says("Agree and confirm")).click()
    expect(page.locator("main")).to_contain_text(
        says("Confirmed. You can leave with one tap at any time.")
    )
    expect(page.locator("main")).not_to_contain_text(OWN)
    fits(page)


def fits(page: Page) -> None:
    """Nothing is wider than the smallest phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
