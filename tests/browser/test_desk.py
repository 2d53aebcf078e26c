"""What the desk promises whoever sits there: one screen, one key, a true reason, a real undo."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import SCREENS, WIDE, Screen, last_found
from tests.browser.installing import HOLD_S
from tests.browser.server import Server, database
from tests.browser.test_stories import await_until, withdraw

pytestmark = pytest.mark.browser

READY = '.map[data-ready="true"]'
PANES = [".queue-pane", ".map-pane", ".detail-pane", "#detail .actions"]
OUTSIDE = """panes => panes.filter((name) => {
  const box = document.querySelector(name).getBoundingClientRect();
  return box.width < 100 || box.left < 0 || box.top < 0
    || box.right > innerWidth || box.bottom > innerHeight;
})"""


def desk_at(open_as: Opener, screen: Screen, path: str = "/desk/?state=open") -> Page:
    desk = open_as("operator", path, **screen.options)
    desk.wait_for_selector(READY)
    return desk


def act(desk: Page, screen: Screen, key: str) -> None:
    """Do something of the case: by its key at a desk, by its button on a phone."""
    if screen.is_phone:
        desk.locator(f'#detail [data-key="{key}"]').click()
    else:
        desk.keyboard.press(key)


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_case_is_understood_sent_and_taken_back(screen: Screen, open_as: Opener) -> None:
    desk, says = desk_at(open_as, screen), screen.says
    detail = desk.locator("#detail")
    row = last_found(desk)
    row.click()
    expect(detail.locator(".detail-head")).to_contain_text(str(row.get_attribute("data-code")))
    screen.shows(desk)
    if not screen.is_phone:
        assert desk.evaluate(OUTSIDE, PANES) == []
    understand(detail, screen)
    expect(desk.locator("#board-rows tbody tr").first.locator("td").last).to_contain_text(
        re.compile(rf"\d|{says('just now')}")  # how old the position is
    )

    act(desk, screen, "d")
    first = desk.locator("#suggestions button[type=submit]").first
    expect(first).to_be_focused()
    first.press("Enter")
    expect(detail.locator(".detail-head")).to_contain_text(says("Dispatched"))
    act(desk, screen, "z")

    expect(detail).to_contain_text(says("Dispatch undone; nothing was sent."))
    expect(detail.locator(".detail-head")).to_contain_text(says("Open"))
    newest = detail.locator(".timeline li")
    told = " ".join(newest.all_inner_texts())
    for verb in ("Unit sent", "Dispatch undone"):  # both acts stay on record
        assert says(verb) in told
    screen.shows(desk)


def understand(detail: Locator, screen: Screen) -> None:
    """See the whole reason: rule, version, values, thresholds, what was not used, who sees it."""
    says, why = screen.says, detail.locator(".why[aria-labelledby=why]")
    rule = rf"{says('Rule')} fishery\.dwell · {says('version')} \d"
    expect(why.locator(".rule")).to_contain_text(re.compile(rule))
    compared = why.locator("table.inputs tbody tr", has_text=says("yes"))
    numbers = compared.first.locator("td.number").all_inner_texts()
    assert all(re.search(r"\d", number) for number in numbers), numbers
    for term in ("Not used", "Who else can see it", "Replays from journal"):
        expect(why.locator("dt", has_text=says(term))).to_be_visible()
    expect(why.locator("summary", has_text=says("Report a false alarm"))).to_be_visible()


def test_after_the_hold_a_dispatch_stands_and_only_a_withdrawal_ends_it(
    server: Server, open_as: Opener
) -> None:
    desk = desk_at(open_as, Screen("en", "light", 1366, 768))
    detail = desk.locator("#detail")
    last_found(desk).click()
    detail.locator('[data-key="d"]').click()
    desk.locator("#suggestions button[type=submit]").first.click()
    undo = detail.locator('form:has([data-key="z"])')
    expect(undo).to_be_visible()
    address = str(undo.get_attribute("action"))
    until = undo.locator("button").get_attribute("data-until")
    assert 0 < desk.evaluate("until => Date.parse(until) - Date.now()", until) <= HOLD_S * 1000

    expect(undo).to_have_count(0, timeout=(HOLD_S + 10) * 1000)
    await_until(desk, lambda: not is_held(server, address.rstrip("/").rpartition("/")[2]))
    desk.keyboard.press("z")
    answer = desk.request.post(
        address,
        headers={"X-CSRFToken": csrf(desk), "Referer": desk.url},
    )

    assert answer.status == 409
    assert "Somebody was faster" in answer.text() or "not held" in answer.text()
    expect(detail.locator(".detail-head")).to_contain_text("Dispatched")
    withdraw(desk)
    expect(detail.locator(".timeline")).to_contain_text("Task withdrawn")
    expect(detail.locator(".timeline")).to_contain_text("the race is over")


def is_held(server: Server, task: str) -> bool:
    """Say whether the worker has yet to come to the message about a task."""
    held = "SELECT 1 FROM engine_message WHERE task_id = ? AND state = 'held'"
    with database(server.home) as kept:
        return kept.execute(held, [task]).fetchone() is not None


def csrf(page: Page) -> str:
    """Return the token that a form of the page would send."""
    return next(str(one["value"]) for one in page.context.cookies() if one["name"] == "csrftoken")


@pytest.mark.parametrize("screen", WIDE, ids=str)
def test_a_paused_desk_counts_what_comes_and_shows_it_when_asked(
    screen: Screen, open_as: Opener
) -> None:
    desk = desk_at(open_as, screen, "/desk/?state=all")
    expect(desk.locator("[data-connection]")).to_have_text(screen.says("Live"))
    other = open_as("operator2", "/desk/?state=open", language="en")
    other.wait_for_selector(READY)
    theirs = last_found(other)
    row = desk.locator(f'#queue a[data-case="{theirs.get_attribute("data-case")}"]')
    drawn: list[str] = []
    desk.on("request", lambda request: drawn.append(request.url))
    desk.keyboard.press("p")
    held = desk.locator("[data-held]")
    expect(held).to_contain_text("0")

    theirs.click()
    other.locator('#detail [data-key="d"]').click()
    other.locator("#suggestions button[type=submit]").first.click()
    expect(other.locator("#detail .detail-head")).to_contain_text("Dispatched")

    waiting = screen.says("Paused: 0 new. Show them").replace("0", r"[1-9]\d*")
    expect(held).to_have_text(re.compile(waiting))
    desk.wait_for_timeout(1000)  # long enough to draw what must not be drawn
    assert [url for url in drawn if "/desk/now" in url] == []
    expect(row).to_contain_text(screen.says("Open"))
    held.click()
    expect(held).to_be_hidden()
    expect(row).not_to_contain_text(screen.says("Open"))
    withdraw(other)
    expect(row).to_contain_text(screen.says("Open"))


@pytest.mark.parametrize("screen", WIDE, ids=str)
def test_keys_search_explain_themselves_and_can_be_switched_off(
    screen: Screen, open_as: Opener
) -> None:
    desk, says = desk_at(open_as, screen), screen.says
    chosen = desk.locator('#queue a[aria-current="true"]')
    desk.keyboard.press("/")
    expect(desk.get_by_role("searchbox", name=says("Search"))).to_be_focused()
    desk.keyboard.type("j")
    expect(chosen).to_have_count(0)  # it was a letter
    desk.keyboard.press("Escape")

    desk.keyboard.press("?")
    keys = desk.get_by_role("dialog", name=says("Keys"))
    keys.get_by_role("button", name=says("Single keys")).click()
    keys.get_by_role("button", name=says("Close")).click()
    desk.keyboard.press("j")
    desk.keyboard.press("?")
    expect(keys).to_be_hidden()
    expect(chosen).to_have_count(0)
    desk.reload()
    desk.wait_for_selector(READY)
    desk.keyboard.press("j")
    expect(chosen).to_have_count(0)

    desk.locator('.status [data-key="?"]').click()
    single = keys.get_by_role("button", name=says("Single keys"))
    expect(single).to_have_attribute("aria-pressed", "false")
    single.click()
    keys.get_by_role("button", name=says("Close")).click()
    desk.keyboard.press("j")
    first = str(chosen.get_attribute("data-case"))
    desk.keyboard.press("j")
    expect(chosen).not_to_have_attribute("data-case", first)
    desk.keyboard.press("k")
    expect(chosen).to_have_attribute("data-case", first)
