"""A resident sees who looked at the own data, objects, corrects it, copies it and destroys it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import Screen, played
from tests.browser.server import Server
from tests.browser.test_residents import Told, answer_all, reported, send
from tests.browser.test_stories import await_until

pytestmark = pytest.mark.browser


TOLD = (
    Told(Screen("zh-hans", "dark", 390, 844), elder="1"),
    Told(Screen("zh-hans", "light", 1920, 1080)),
    Told(Screen("en", "light", 390, 844), is_scripted=False),
    Told(Screen("en", "dark", 1920, 1080)),
)
FEW = (TOLD[0], Told(Screen("en", "light", 1920, 1080), is_scripted=False))
REASON, ANSWER = "没有人给我打过电话。", "值班员打过两次，您当时占线。"


@pytest.mark.parametrize("told", played(TOLD, FEW), ids=str)
def test_a_resident_sees_who_looked_objects_corrects_copies_and_destroys(
    told: Told, open_as: Opener, server: Server, tmp_path: Path
) -> None:
    words = f"岸边有人下网 {told}"
    place = server.places["street"]
    at = {"longitude": place.lon, "latitude": place.lat}
    look = {**told.screen.options, **told.options}
    home = open_as(
        "", "/home/", elder=told.elder, geolocation=at, permissions=["geolocation"], **look
    )
    desk = open_as("operator", "/desk/?state=open", **told.options)
    known = reported(desk, told)
    answer_all(home, told, place, words, tmp_path)
    number, secret = send(home, told, words)
    look_at(desk, told, known)

    mine = open_as("", "/home/follow/", elder=told.elder, **look)
    mine.locator("#id_number").fill(number)
    mine.locator("#id_secret").fill(secret)
    mine.get_by_role("button", name=told.screen.says("Show my report")).click()
    object_to(mine, told)
    answer(open_as("auditor", "/claims/", **told.options), told)
    mine.reload()
    expect(mine.locator(".looks > li").first).to_contain_text(ANSWER)

    mine.locator(".back a").click()
    see_agreement(mine, told)
    mine.locator(".doors a", has_text=re.compile(f"^{told.screen.says('My data')}")).click()
    correct(mine, told)
    take_copy(mine, told, words)
    destroy(mine, told, words)
    desk.reload()
    expect(desk.locator(".report")).to_contain_text(words)  # the case goes on
    expect(desk.locator(".report")).not_to_contain_text(told.screen.says("Show name and number"))


def look_at(desk: Page, told: Told, known: set[str]) -> None:
    """Open the reported case, and the number of whoever reported it."""
    says = told.screen.says
    again = None if told.is_scripted else desk.reload
    await_until(desk, lambda: reported(desk, told) > known, between=again)
    [case] = reported(desk, told) - known
    desk.goto(f"/cases/{case}/")
    desk.locator("summary", has_text=says("Show name and number")).click()
    desk.get_by_label(says("Why do you need it?")).select_option("ask-reporter")
    desk.get_by_role("button", name=says("Show name and number")).click()
    expect(desk.locator("main")).to_contain_text("12012345678")
    desk.goto(f"/cases/{case}/")


def object_to(mine: Page, told: Told) -> None:
    """See both looks, by post and never by name, and object to the newer."""
    says, looks = told.screen.says, mine.locator(".looks > li")
    mine.get_by_role("link", name=says("Who looked at my data")).click()
    expect(looks).to_have_count(2)
    expect(looks.first).to_contain_text(says("To ask you about this case"))
    expect(looks.first).to_contain_text(says("Your number"))
    expect(looks.last).to_contain_text(says("To deal with your report"))
    expect(looks.last).to_contain_text(says("What you wrote"))
    expect(mine.locator("main")).not_to_contain_text("account:")
    looks.first.locator("summary").click()
    looks.first.locator("textarea").fill(REASON)
    if told.is_scripted:
        told.screen.shows(mine)
    looks.first.get_by_role("button", name=says("Send my objection")).click()
    expect(looks.first.locator(".notice")).to_be_visible()
    expect(looks.first.locator("form")).to_have_count(0)


def answer(auditor: Page, told: Told) -> None:
    """Answer the newest objection; not without words."""
    says = told.screen.says
    auditor.locator('section[aria-labelledby="waiting"] ul a').last.click()
    expect(auditor.locator("main")).to_contain_text(REASON)
    auditor.locator('input[name="verdict"]').last.check()
    send_it = auditor.get_by_role("button", name=says("Answer"))
    send_it.click()
    expect(auditor.get_by_role("alert").first).to_be_visible()
    expect(auditor.locator('input[name="verdict"]').last).to_be_checked()
    auditor.locator('textarea[name="answer"]').fill(ANSWER)
    send_it.click()
    said = says("Answered; the resident sees it.")
    expect(auditor.get_by_role("status").first).to_contain_text(said)


def see_agreement(mine: Page, told: Told) -> None:
    """See what was agreed to, be told what a withdrawal ends, and keep it."""
    says = told.screen.says
    mine.locator(".doors a", has_text=says("What I agreed to")).click()
    [line] = mine.locator(".looks > li").all()
    expect(line).to_contain_text(says("To call you about this report"))
    expect(line).to_contain_text(says("You yourself"))
    line.get_by_role("link", name=says("Withdraw my agreement")).click()
    ends = says(
        "Your name and number are destroyed at once, and nobody can call you about this report any"
        " more. Your report goes on."
    )
    expect(mine.locator("main")).to_contain_text(ends)
    if told.is_scripted:
        told.screen.shows(mine)
    mine.get_by_role("link", name=says("No, keep it")).click()
    expect(mine.locator(".looks > li")).to_have_count(1)
    mine.locator(".back a").click()


def correct(mine: Page, told: Told) -> None:
    """Put a new number in; one that cannot be is refused and stays to be mended."""
    says = told.screen.says
    mine.locator("#id_phone").fill("12")
    button = mine.get_by_role("button", name=says("Correct"), exact=True)
    button.click()
    expect(mine.get_by_role("alert")).to_be_visible()
    expect(mine.locator("#id_phone")).to_have_value("12")
    mine.locator("#id_phone").fill("12087654321")
    button.click()
    expect(mine.get_by_role("status")).to_contain_text(says("Your name and number are changed."))
    if told.is_scripted:
        told.screen.shows(mine)


def take_copy(mine: Page, told: Told, words: str) -> None:
    with mine.expect_download() as got:
        mine.get_by_role("button", name=told.screen.says("As JSON")).click()
    text = content(got.value)
    for kept in (words, "12087654321", REASON, ANSWER):
        assert kept in text
    with mine.expect_download() as got:
        mine.get_by_role("button", name=told.screen.says("As PDF")).click()
    assert Path(got.value.path()).read_bytes().startswith(b"%PDF")


def destroy(mine: Page, told: Told, words: str) -> None:
    """Be told what has to stay and why, destroy the rest, and take the receipt."""
    says = told.screen.says
    mine.get_by_role("link", name=says("Destroy my data")).click()
    held = says("The matter is still being dealt with. It goes when it has ended.")
    expect(mine.locator("dl.answers")).to_contain_text(held)
    if told.is_scripted:
        told.screen.shows(mine)
    mine.get_by_role("button", name=says("Destroy it now")).click()
    expect(mine.get_by_role("status")).to_be_visible()
    receipts = mine.locator(".looks > li")
    expect(receipts).to_have_count(1)
    expect(receipts).to_contain_text(says("Name and number"))
    expect(receipts).to_contain_text(held)
    with mine.expect_download() as got:
        receipts.get_by_role("link", name=says("Signed receipt")).click()
    told_by = json.loads(content(got.value))
    assert told_by["signature"]
    assert words not in json.dumps(told_by, ensure_ascii=False)


def content(got: Download) -> str:
    return Path(got.path()).read_text(encoding="utf-8")
