"""The whole loop as people live it: see, understand, send, go there, report, verify, close."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, Opener
from tests.browser.covering import ENGLISH, OPPOSITE, SCREENS, Screen, played, says_on
from tests.browser.installing import LATENESS_S
from tests.browser.server import Place, Server
from tests.district_world import photo

pytestmark = pytest.mark.browser

LISTEN = """() => {
  window.isTheSamePage = true;
  window.changes = [];
  window.ear = new BroadcastChannel("zhizhi/events/"); // what the stream brings to every tab
  ear.addEventListener("message", ({ data }) => { if (data.id) changes.push(data); });
}"""
CLOCK = re.compile(r"\d\d:\d\d:\d\d")


def cases_in(page: Page, server: Server, place: str) -> set[str]:
    """Return the numbers of the cases that a desk shows of a place."""
    return cases_of(page, server.places[place])


def cases_of(page: Page, place: Place) -> set[str]:
    rows = page.locator("#queue a[data-case]", has_text=place.zone)
    return {str(row.get_attribute("data-case")) for row in rows.all()}


def raised_in(page: Page, server: Server, place: str) -> str:
    """Let somebody linger in a place and wait until the open desk shows the case; returns it."""
    known = cases_in(page, server, place)
    server.linger(place)
    page.wait_for_function(
        """([zone, known]) => [...document.querySelectorAll("#queue a[data-case]")]
          .some((row) => row.textContent.includes(zone) && !known.includes(row.dataset.case))""",
        arg=[server.places[place].zone, sorted(known)],
    )
    [case] = cases_in(page, server, place) - known
    return case


def opened_since(desk: Page) -> Counter[str]:
    """Return how often a page that ran ``LISTEN`` was told of each case that was opened since.

    A case changes again soon after it opens (somebody is told, somebody sees it); those are told
    too, each once.
    """
    changes = desk.evaluate("window.changes")
    numbers = [change["id"] for change in changes]
    assert len(numbers) == len(set(numbers)), numbers
    opened = [change["subject"] for change in changes if change["verb"] == "case.open"]
    return Counter(subject.removeprefix("case:") for subject in opened)


def picture(folder: Path) -> Path:
    path = folder / "bank.jpg"
    path.write_bytes(photo())
    return path


@pytest.mark.parametrize("screen", played(SCREENS, OPPOSITE), ids=str)
def test_an_alert_arrives_is_understood_sent_handled_on_the_phone_and_closed(
    screen: Screen, server: Server, open_as: Opener, tmp_path: Path
) -> None:
    desk = open_as("operator", "/desk/", **screen.options)
    desk.wait_for_selector('.map[data-ready="true"]')
    desk.evaluate("window.isTheSamePage = true")
    head = desk.locator("#detail .detail-head")

    case = raised_in(desk, server, "loop")
    steps = dispatch_newest(desk, screen, server.places["loop"])

    assert len(steps) <= 4
    assert desk.evaluate("window.isTheSamePage")
    screen.shows(desk)
    told = {"language": screen.language, "theme": screen.theme}
    handle_on_the_phone(open_as("loop", "/my/", **told, **PHONE), screen, tmp_path)
    expect(head).to_contain_text(screen.says("Handled, to be inspected"))
    assert desk.evaluate("window.isTheSamePage")
    close(open_as("inspector", f"/cases/{case}/", **screen.options), screen)
    expect(head).to_contain_text(screen.says("Closed"))


def dispatch_newest(desk: Page, screen: Screen, place: Place) -> list[str]:
    """Open the newest alert, read why, send the nearest boat; returns the keys or taps it took."""
    steps = []

    def step(key: str, tapped: str) -> None:
        steps.append(key)
        if screen.is_phone:
            desk.locator(tapped).first.click()
        else:
            desk.keyboard.press(key)

    says, why = screen.says, desk.locator("#detail .why[aria-labelledby=why]")
    newest = max(int(number) for number in cases_of(desk, place))
    desk.bring_to_front()
    step("n", f'#queue a[data-case="{newest}"]')
    expect(desk).to_have_url(re.compile(rf"[?&]case={newest}\b"))
    expect(why).to_contain_text(f"fishery.dwell · {says('version')} 1")
    stay = why.locator("tr", has_text=says("time in the zone"))
    expect(stay).to_contain_text(f"0.05 {says('minutes')}")
    expect(stay).to_contain_text(says("yes"))
    expect(why.locator("tr", has_text=place.zone)).to_be_visible()
    unused = why.locator(f'dt:text-is("{says("Not used")}") + dd')
    expect(unused).to_contain_text(f"{says('identity')}{says(', ')}{says('telephone number')}")
    step("d", '#detail [data-key="d"]')
    first = desk.locator("#suggestions button[type=submit]").first
    expect(first).to_be_focused()
    expect(first).to_contain_text(place.boat)
    step("d", "#suggestions button[type=submit]")
    expect(desk.locator("#detail .detail-head")).to_contain_text(says("Dispatched"))
    expect(desk.locator("#detail")).to_contain_text(says("Undo dispatch"))
    return steps


def handle_on_the_phone(phone: Page, screen: Screen, folder: Path) -> None:
    """Wait for the task, accept, arrive, photograph and report, on a page that stays open."""
    says = screen.says
    phone.evaluate("window.isTheSamePage = true")
    accept = phone.get_by_role("button", name=says("Accept", context="step"), exact=True)
    expect(accept).to_be_visible()
    assert phone.evaluate("window.isTheSamePage"), "the task came without a reload"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    accept.tap()
    phone.get_by_role("button", name=says("I have arrived")).tap()
    write_report(phone, screen, folder)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name=says("Send report")).tap()
    expect(phone.locator("#toasts")).to_contain_text(says("The report has arrived."))
    expect(phone.locator("#tasks")).to_contain_text(
        says("No task now. This page tells you when one comes.")
    )


def write_report(phone: Page, screen: Screen, folder: Path) -> None:
    says, task = screen.says, phone.locator("section.task")
    phone.get_by_label(says("Dissuaded and left")).check()
    task.get_by_label(says("Photo")).set_input_files(picture(folder))
    task.get_by_label(says("Note"), exact=True).fill("two rods, one person")


def handle_without_scripts(phone: Page, screen: Screen, folder: Path) -> None:
    """Load the page until the task is there; then every step is a form."""
    says = screen.says
    accept = phone.get_by_role("button", name=says("Accept", context="step"), exact=True)
    reload_until(phone, lambda: accept.count() == 1)
    accept.click()
    phone.get_by_role("button", name=says("I have arrived")).click()
    write_report(phone, screen, folder)
    phone.get_by_role("button", name=says("Send report")).click()
    expect(phone.locator(".notices")).to_contain_text(says("The report has arrived."))


def close(page: Page, screen: Screen = ENGLISH) -> None:
    """Verify what was done and close the case."""
    evidence = page.locator("section", has=page.locator("#evidence"))
    expect(evidence.locator("p").first).to_contain_text(re.compile("[1-9]"))
    page.get_by_label(screen.says("What you checked")).fill("seen and agreed")
    page.get_by_role("button", name=screen.says("Passed: close")).click()
    expect(page.locator(".case-head")).to_contain_text(screen.says("Closed"))


def test_of_two_operators_who_dispatch_at_once_one_wins_and_the_other_is_told_who_and_when(
    server: Server, open_as: Opener
) -> None:
    desks = {name: open_as(name, "/desk/", language="en") for name in ("operator", "operator2")}
    case = raised_in(desks["operator"], server, "race")
    for desk in desks.values():
        desk.locator(f'#queue a[data-case="{case}"]').click()
        desk.locator('#detail [data-key="d"]').click()
        expect(desk.locator("#suggestions button[type=submit]").first).to_be_focused()

    at = desks["operator"].evaluate("Date.now() + 1500")
    for desk in desks.values():
        desk.evaluate(
            """at => setTimeout(
              () => document.querySelector("#suggestions button").click(), at - Date.now())""",
            at,
        )

    told = {name: desk.locator("#toasts .notice") for name, desk in desks.items()}
    await_until(desks["operator"], lambda: any(notice.count() for notice in told.values()))
    for desk in desks.values():
        expect(desk.locator("#detail .detail-head")).to_contain_text("Dispatched")
    [loser] = [name for name, notice in told.items() if notice.count()]
    winner = desks["operator2" if loser == "operator" else "operator"].locator(".who span").first
    expect(told[loser]).to_contain_text("Somebody was faster.")
    expect(told[loser]).to_contain_text(winner.inner_text())
    expect(told[loser]).to_contain_text(CLOCK)
    assert desks[loser].locator("#detail #tasks-title + ul > li").count() == 1
    withdraw(desks["operator2" if loser == "operator" else "operator"])


def withdraw(desk: Page) -> None:
    """Take the task back with a reason."""
    detail, says = desk.locator("#detail"), says_on(desk)
    detail.get_by_text(says("Withdraw the task")).first.click()
    detail.get_by_label(says("Reason")).first.fill("the race is over")
    detail.get_by_role("button", name=says("Withdraw the task")).click()
    expect(desk.locator("#detail .detail-head")).to_contain_text(says("Open"))


def test_the_loop_goes_round_without_scripts(
    server: Server, open_as: Opener, tmp_path: Path
) -> None:
    plain = {"java_script_enabled": False}
    place = server.places["plain"]
    desk = open_as("operator", "/desk/", language="en", **plain)
    known = cases_in(desk, server, "plain")
    server.linger("plain")
    reload_until(desk, lambda: cases_in(desk, server, "plain") > known)

    [case] = cases_in(desk, server, "plain") - known
    desk.locator(f'#queue a[data-case="{case}"]').click()
    desk.locator('#detail a[data-key="d"]').click()
    desk.get_by_role("button", name=place.boat).click()
    expect(desk.locator(".case-head")).to_contain_text("Dispatched")

    phone = open_as("plain", "/my/", language="en", **plain, **PHONE)
    handle_without_scripts(phone, ENGLISH, tmp_path)

    close(open_as("inspector", f"/cases/{case}/", language="en", **plain))


def reload_until(page: Page, is_there: Callable[[], bool]) -> None:
    """Load a page without scripts again until it shows what is awaited."""
    await_until(page, is_there, between=page.reload)


def await_until(
    page: Page, is_there: Callable[[], bool], *, between: Callable[[], object] | None = None
) -> None:
    """Look once a second, and do ``between`` looks what makes a page show more."""
    for _ in range(PATIENCE_MS // 1000):
        if is_there():
            return
        page.wait_for_timeout(1000)
        if between is not None:
            between()
    pytest.fail(f"{page.url} never showed it")


def test_a_desk_that_lost_its_server_shows_what_it_missed_without_a_reload(
    server: Server, open_as: Opener
) -> None:
    desk = open_as("operator", "/desk/", language="en")
    line = desk.locator("[data-connection]")
    expect(line).to_have_text("Live")
    desk.evaluate("window.isTheSamePage = true")
    known = cases_in(desk, server, "away")
    server.linger("away")

    server.processes["web"].stop()
    expect(line).to_have_text("Connection lost, trying again")
    desk.wait_for_timeout(1000 * LATENESS_S)  # the worker raises the alert meanwhile
    assert cases_in(desk, server, "away") == known
    server.processes["web"].start()

    expect(line).to_have_text("Live")
    desk.wait_for_function(
        "([zone, count]) => [...document.querySelectorAll('#queue a[data-case]')]"
        ".filter((row) => row.textContent.includes(zone)).length > count",
        arg=[server.places["away"].zone, len(known)],
    )
    assert desk.evaluate("window.isTheSamePage")


def test_the_tabs_of_a_browser_share_a_stream_and_another_takes_it_over(
    server: Server, open_as: Opener
) -> None:
    first = open_as("operator", "/desk/", language="en")
    second = first.context.new_page()
    second.goto("/desk/")
    expect(second.locator("[data-connection]")).to_have_text("Live")

    case = raised_in(first, server, "quiet")
    expect(second.locator(f'#queue a[data-case="{case}"]')).to_be_visible()

    first.close()
    raised_in(second, server, "quiet")
