"""A resident reports, with scripts and without: seen, sent, handled, followed and rated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.covering import Screen, played
from tests.browser.server import Place, Server
from tests.browser.test_stories import (
    await_until,
    close,
    handle_on_the_phone,
    handle_without_scripts,
    picture,
)

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Told:
    """A resident in front of a screen, and the people who work on what is told there."""

    screen: Screen
    elder: str = ""
    is_scripted: bool = True

    def __str__(self) -> str:
        kind = "scripts" if self.is_scripted else "plain"
        return f"{self.screen}{'-elder' if self.elder else ''}-{kind}"

    @property
    def options(self) -> dict[str, Any]:
        """What every browser of the story is opened with."""
        return {"java_script_enabled": self.is_scripted, "language": self.screen.language}


TOLD = (
    Told(Screen("zh-hans", "light", 390, 844), elder="1"),
    Told(Screen("zh-hans", "dark", 390, 844), elder="3", is_scripted=False),
    Told(Screen("en", "dark", 1920, 1080)),
    Told(Screen("en", "light", 1920, 1080), is_scripted=False),
)


FEW = (TOLD[0], Told(Screen("en", "dark", 1920, 1080), is_scripted=False))


@pytest.mark.parametrize("told", played(TOLD, FEW), ids=str)
def test_what_a_resident_reports_is_seen_sent_handled_followed_and_rated(
    told: Told, open_as: Opener, server: Server, tmp_path: Path
) -> None:
    words = f"桥下有两个人钓鱼 {told}"
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
    case = dispatch_reported(desk, told, place, known)
    handle = handle_on_the_phone if told.is_scripted else handle_without_scripts
    handle(open_as("street", "/my/", **told.options, **PHONE), told.screen, tmp_path)
    close(open_as("inspector", f"/cases/{case}/", **told.options), told.screen)

    follower = open_as("", "/home/follow/", elder=told.elder, **look)
    follow_and_rate(follower, told, number, secret)
    desk.goto(f"/cases/{case}/")
    expect(desk.locator("main")).to_contain_text(told.screen.says("Very satisfied"))


def go_on(page: Page) -> None:
    page.locator(".buttons button.primary").click()


def asked(page: Page, told: Told, question: str, number: int) -> None:
    """See that one question is asked alone, and which of the six it is."""
    says = told.screen.says
    expect(page.get_by_role("heading", level=1)).to_contain_text(says(question))
    count = says("Question %(n)s of %(of)s", n=number, of=6)
    expect(page.locator(".progress")).to_have_text(count)
    if told.is_scripted:
        assert page.evaluate("document.documentElement.scrollWidth") <= told.screen.width


def refused(page: Page, told: Told, problem: str) -> None:
    """See that an answer was not taken, and that the summary leads to what is wrong."""
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text(told.screen.says("Please look at this again"))
    link = summary.get_by_role("link", name=told.screen.says(problem))
    address = str(link.get_attribute("href"))
    expect(page.locator(address)).to_have_count(1)


def answer_all(page: Page, told: Told, place: Place, words: str, folder: Path) -> None:
    """Answer the six questions, each wrong once where it can be."""
    says = told.screen.says
    page.get_by_role("link", name=says("Report something")).click()
    page.get_by_role("button", name=says("Begin")).click()
    asked(page, told, "What happened?", 1)
    go_on(page)
    refused(page, told, "Choose what fits best.")
    page.locator('input[value="fishery.angling"]').check()
    go_on(page)
    asked(page, told, "What did you see?", 2)
    page.locator("#id_telling").fill(words)
    go_on(page)
    asked(page, told, "Where was it?", 3)
    go_on(page)
    refused(page, told, "Tell us the place in one of these ways.")
    tell_where(page, told, place)
    go_on(page)
    asked(page, told, "When was it?", 4)
    page.locator('input[value="now"]').check()
    go_on(page)
    asked(page, told, "Do you have a photo?", 5)
    add_photo(page, told, folder)
    asked(page, told, "May we call you back?", 6)
    tell_number(page)


def tell_number(page: Page) -> None:
    """Give a number, which is not taken without consent and yet not lost."""
    page.locator('input[value="reachable"]').check()
    page.locator("#id_phone").fill("12012345678")
    page.locator("#id_name").fill("韦小河")
    go_on(page)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#id_phone")).to_have_value("12012345678")
    page.locator("#id_consent").check()
    go_on(page)


def tell_where(page: Page, told: Told, place: Place) -> None:
    """With scripts the device says it; without, the list of communities does."""
    page.locator("#id_place").fill("第三根灯柱旁")
    if not told.is_scripted:
        page.locator("#id_community").select_option(label=place.zone)
        return
    box = page.locator("[data-position]")
    page.wait_for_load_state()  # before its script is there the button does nothing
    box.get_by_role("button").click()
    expect(box.get_by_role("status")).to_contain_text(re.compile(r"\d"))


def add_photo(page: Page, told: Told, folder: Path) -> None:
    """Send a file that is no photo, which is told, then a good one."""
    broken = folder / "broken.jpg"
    broken.write_bytes(b"no picture at all")
    page.locator("#id_photo").set_input_files(broken)
    go_on(page)
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text(told.screen.says("Please look at this again"))
    expect(summary.get_by_role("link")).to_have_attribute("href", "#id_photo")
    page.locator("#id_photo").set_input_files(picture(folder))
    go_on(page)


def send(page: Page, told: Told, words: str) -> tuple[str, str]:
    """Check all answers, change one, send; returns receipt number and secret code."""
    says = told.screen.says
    answers = page.locator("dl.check")
    for text in (words, "第三根灯柱旁", "12012345678"):
        expect(answers).to_contain_text(text)
    expect(answers.get_by_role("img", name=says("Your photo"))).to_be_visible()
    change(answers, told, "What you saw")
    page.locator("#id_telling").fill(f"{words}，还有一条船")
    go_on(page)
    expect(answers).to_contain_text("还有一条船")
    expect(answers).to_contain_text("12012345678")
    if told.is_scripted:
        told.screen.shows(page)

    page.get_by_role("button", name=says("Send the report")).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(says("Your report has arrived"))
    number, secret = page.locator(".receipt .code").all_inner_texts()
    page.go_back()
    page.reload()  # what was sent stays sent, once
    expect(page.locator(".receipt .code").first).to_have_text(number)
    return number, secret


def change(answers: Locator, told: Told, label: str) -> None:
    row = answers.locator("div", has=answers.page.locator("dt", has_text=told.screen.says(label)))
    row.get_by_role("link").click()


def reported(desk: Page, told: Told) -> set[str]:
    """Return the numbers of the cases of the queue that residents have reported."""
    rows = desk.locator("#queue a[data-case]", has_text=told.screen.says("Report by a resident"))
    return {str(row.get_attribute("data-case")) for row in rows.all()}


def dispatch_reported(desk: Page, told: Told, place: Place, known: set[str]) -> str:
    """Find the reported case on the desk that is open already, read it, send the nearest team."""
    says, report = told.screen.says, desk.locator(".report")
    again = None if told.is_scripted else desk.reload
    await_until(desk, lambda: reported(desk, told) > known, between=again)
    [number] = reported(desk, told) - known
    desk.locator(f'#queue a[data-case="{number}"]').click()
    expect(report).to_contain_text(says("Reported by a resident; not verified"))
    expect(report).to_contain_text(f"{told}，还有一条船")
    expect(report).to_contain_text(says("can be called back"))
    expect(report).not_to_contain_text("12012345678")
    desk.locator('#detail [data-key="d"]').click()
    desk.locator("button[type=submit]", has_text=place.boat).first.click()
    expect(desk.locator(".detail-head, .case-head")).to_contain_text(says("Dispatched"))
    return number


def follow_and_rate(page: Page, told: Told, number: str, secret: str) -> None:
    """See with number and code what was done, and say what one thinks of it."""
    says = told.screen.says
    page.locator("#id_number").fill(number)
    page.locator("#id_secret").fill("00000000")
    show = page.get_by_role("button", name=says("Show my report"))
    show.click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("#id_secret").fill(secret)
    show.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(number)
    expect(page.locator(".plain-state")).to_have_text(says("It is done."))
    done = page.locator(".milestones")
    for step in ("Report received", "Somebody was sent", "Somebody was there", "Ended"):
        expect(done).to_contain_text(says(step))
    expect(done).to_contain_text(says("Dissuaded and left"))
    page.get_by_label(says("Very satisfied")).check()
    page.locator("#id_remark").fill("来得很快")
    go_on(page)
    opinion = f"{says('Your opinion')}: {says('Very satisfied')}"
    expect(page.locator("main")).to_contain_text(opinion)
    if told.is_scripted:
        told.screen.shows(page)
