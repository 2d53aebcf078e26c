"""Somebody appeals against an alert about them, a person upholds it, and everything is lifted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import played
from tests.browser.server import Server
from tests.browser.test_residents import Told
from tests.browser.test_rights import FEW, TOLD
from tests.browser.test_stories import raised_in

pytestmark = pytest.mark.browser


WORDS, ANSWER = "我家就住在江边，那天在院子里。", "您说得对：那是您家的院子。"


@pytest.mark.parametrize("told", played(TOLD, FEW), ids=str)
def test_an_appeal_is_made_decided_and_lifts_what_followed(
    told: Told, open_as: Opener, server: Server
) -> None:
    says = told.screen.says
    desk = open_as("operator", "/desk/", language=told.screen.language)
    desk.wait_for_selector('.map[data-ready="true"]')
    case = raised_in(desk, server, "plain")
    code = read_out(desk, told, case)

    look = {**told.screen.options, **told.options}
    mine = open_as("", "/home/", elder=told.elder, **look)
    make(mine, told, code)
    decide(open_as("inspector", "/appeals/", **told.options), told)

    mine.reload()
    lifted = says("You are right: the alert is lifted, with all that followed from it.")
    expect(mine.locator(".plain-state")).to_have_text(lifted)
    expect(mine.locator("main")).to_contain_text(ANSWER)
    desk.goto(f"/cases/{case}/")
    expect(desk.locator("h1")).to_contain_text(says("Dismissed as false alarm"))
    expect(desk.locator(".why .notice")).to_be_visible()
    expect(desk.locator("main")).not_to_contain_text(WORDS)


def read_out(desk: Page, told: Told, case: str) -> str:
    """Read the code of a case's alert, as to somebody who calls."""
    desk.goto(f"/cases/{case}/")
    desk.get_by_role("link", name=told.screen.says("Write an appeal down")).click()
    code = desk.locator("section dd code").inner_text()
    assert re.fullmatch(rf"{case}-\d{{4}}-\d{{4}}", code)
    return code


def make(mine: Page, told: Told, code: str) -> None:
    """Type a wrong code, then the right one, forget to choose a reason, and send the appeal."""
    says = told.screen.says
    mine.locator(".doors a", has_text=says("Appeal against an automatic message")).click()
    wrong = "1" if code[-1] != "1" else "2"
    for typed in (code[:-1] + wrong, code.replace("-", " ")):
        mine.locator("#id_code").fill(typed)
        mine.get_by_role("button", name=says("Show why")).click()
        if typed[-1] == wrong:
            expect(mine.get_by_role("alert")).to_be_visible()
    expect(mine.locator("main")).to_contain_text(says("Why the message was sent"))
    mine.locator("#id_words").fill(WORDS)
    mine.get_by_role("button", name=says("Send my appeal")).click()
    expect(mine.get_by_role("alert")).to_contain_text(says("Choose what fits best."))
    expect(mine.locator("#id_words")).to_have_value(WORDS)
    mine.locator('input[name="because"][value="resident"]').check()
    if told.is_scripted:
        told.screen.shows(mine)
    mine.get_by_role("button", name=says("Send my appeal")).click()
    expect(mine.locator("form.question")).to_have_count(0)


def decide(inspector: Page, told: Told) -> None:
    """Uphold the newest appeal; not without words."""
    says = told.screen.says
    inspector.locator('section[aria-labelledby="waiting"] ul a').last.click()
    expect(inspector.locator("main")).to_contain_text(WORDS)
    inspector.locator('input[name="verdict"]').first.check()
    send_it = inspector.get_by_role("button", name=says("Decide"))
    send_it.click()
    expect(inspector.get_by_role("alert").first).to_be_visible()
    inspector.locator('textarea[name="answer"]').fill(ANSWER)
    send_it.click()
    said = says("Decided: the alert is lifted with all that followed from it.")
    expect(inspector.get_by_role("status").first).to_contain_text(said)
