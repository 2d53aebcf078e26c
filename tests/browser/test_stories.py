"""The whole loop as people live it: see, understand, send, go there, report, verify, close."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, Opener
from tests.browser.covering import says_on
from tests.browser.installing import LATENESS_S
from tests.browser.server import Server
from tests.district_world import photo

pytestmark = pytest.mark.browser

CLOCK = re.compile(r"\d\d:\d\d:\d\d")
expect.set_options(timeout=PATIENCE_MS)


def cases_in(page: Page, server: Server, place: str) -> set[str]:
    """Return the numbers of the cases that a desk shows of a place."""
    rows = page.locator("#queue a[data-case]", has_text=server.places[place].zone)
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


def picture(folder: Path) -> Path:
    path = folder / "bank.jpg"
    path.write_bytes(photo())
    return path


def test_an_alert_arrives_is_understood_sent_handled_on_the_phone_and_closed(
    server: Server, open_as: Opener, tmp_path: Path
) -> None:
    desk = open_as("operator", "/desk/", language="en")
    desk.wait_for_selector('.map[data-ready="true"]')
    desk.evaluate("window.isTheSamePage = true")

    case = raised_in(desk, server, "loop")
    keys = dispatch_by_keyboard(desk, server)

    assert len(keys) <= 4
    assert desk.evaluate("window.isTheSamePage")
    handle_on_the_phone(open_as("loop", "/my/", language="en", **PHONE), tmp_path)
    expect(desk.locator("#detail .detail-head")).to_contain_text("Handled, to be inspected")
    assert desk.evaluate("window.isTheSamePage")
    close(open_as("inspector", f"/cases/{case}/", language="en"))
    expect(desk.locator("#detail .detail-head")).to_contain_text("Closed")


def dispatch_by_keyboard(desk: Page, server: Server) -> list[str]:
    """Open the newest alert, read why, send the nearest boat; returns the keys pressed."""
    pressed = []

    def press(key: str) -> None:
        pressed.append(key)
        desk.keyboard.press(key)

    desk.bring_to_front()
    press("n")
    expect(desk).to_have_url(re.compile(r"[?&]case=\d+"))
    why = desk.locator("#detail .why")
    expect(why).to_contain_text("fishery.dwell · version 1")
    stay = why.locator("tr", has_text="time in the zone")
    expect(stay).to_contain_text("0.05 minutes")
    expect(stay).to_contain_text("yes")
    expect(why.locator("tr", has_text=server.places["loop"].zone)).to_be_visible()
    expect(why).to_contain_text("Not usedidentity, telephone number")
    press("d")
    first = desk.locator("#suggestions button[type=submit]").first
    expect(first).to_be_focused()
    expect(first).to_contain_text(server.places["loop"].boat)
    press("d")
    expect(desk.locator("#detail .detail-head")).to_contain_text("Dispatched")
    expect(desk.locator("#detail")).to_contain_text("Undo dispatch")
    return pressed


def handle_on_the_phone(phone: Page, folder: Path) -> None:
    """Wait for the task, accept, arrive, photograph and report, on a page that stays open."""
    phone.evaluate("window.isTheSamePage = true")
    accept = phone.get_by_role("button", name="Accept", exact=True)
    expect(accept).to_be_visible()
    assert phone.evaluate("window.isTheSamePage"), "the task came without a reload"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    accept.tap()
    phone.get_by_role("button", name="I have arrived").tap()
    phone.get_by_label("Dissuaded and left").check()
    task = phone.locator("section.task")
    task.get_by_label("Photo").set_input_files(picture(folder))
    task.get_by_label("Note", exact=True).fill("two rods, one person")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Send report").tap()
    expect(phone.locator("#toasts")).to_contain_text("The report has arrived.")
    expect(phone.locator("#tasks")).to_contain_text("No task now.")


def close(page: Page) -> None:
    """Verify what was done and close the case."""
    expect(page.locator("main")).to_contain_text("1 sealed photo")
    page.get_by_label("What you checked").fill("seen and agreed")
    page.get_by_role("button", name="Passed: close").click()
    expect(page.locator(".case-head")).to_contain_text("Closed")


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
    accept = phone.get_by_role("button", name="Accept", exact=True)
    reload_until(phone, lambda: accept.count() == 1)
    accept.click()
    phone.get_by_role("button", name="I have arrived").click()
    phone.get_by_label("Dissuaded and left").check()
    phone.locator("section.task").get_by_label("Photo").set_input_files(picture(tmp_path))
    phone.get_by_role("button", name="Send report").click()
    expect(phone.locator(".notices")).to_contain_text("The report has arrived.")

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
