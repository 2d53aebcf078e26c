"""Long absences and pages that cannot be sent: nothing typed is lost, everything comes once."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.covering import last_found, why_false
from tests.browser.installing import LATENESS_S
from tests.browser.server import ROOT, Server
from tests.browser.test_stories import (
    LISTEN,
    await_until,
    cases_in,
    opened_since,
    picture,
)

pytestmark = pytest.mark.browser

BROKEN = (ROOT / "src/zhizhi/web/templates/500.html").read_text(encoding="utf-8")
AN_HOUR = "01:00:00"


def freeze(page: Page, state: str) -> None:
    """Do with a page what the browser does with tabs that lie hidden: "frozen", then "active"."""
    page.context.new_cdp_session(page).send("Page.setWebLifecycleState", {"state": state})


def test_a_tab_that_was_hidden_for_an_hour_shows_every_alert_once(
    server: Server, open_as: Opener
) -> None:
    desk = open_as("operator", "/healthz", language="en")
    desk.clock.install()
    desk.goto("/desk/?state=open")
    expect(desk.locator("[data-connection]")).to_have_text("Live")
    desk.wait_for_selector('.map[data-ready="true"]')
    last_found(desk).click()
    desk.locator("#detail summary", has_text="Report a false alarm").click()
    reason = why_false(desk)
    reason.fill("fog on the")
    desk.evaluate(LISTEN)
    known = cases_in(desk, server, "quiet")

    freeze(desk, "frozen")
    for _ in range(3):
        server.linger("quiet")
    server.processes["web"].kill()  # what lies between drops a quiet connection as well
    desk.wait_for_timeout(1000 * (LATENESS_S + 3))  # the worker raises the alerts meanwhile
    server.processes["web"].start()
    server.wait_until_it_answers()
    freeze(desk, "active")
    desk.clock.fast_forward(AN_HOUR)

    await_until(desk, lambda: len(cases_in(desk, server, "quiet")) >= len(known) + 3)
    rows = desk.locator("#queue a[data-case]", has_text=server.places["quiet"].zone)
    shown = [str(row.get_attribute("data-case")) for row in rows.all()]
    assert len(shown) == len(set(shown)) == len(known) + 3
    new = set(shown) - known
    opened = opened_since(desk)
    assert {case: opened[case] for case in new} == dict.fromkeys(new, 1)
    expect(desk.locator("[data-connection]")).to_have_text("Live")
    expect(reason).to_have_value("fog on the")
    assert desk.evaluate("window.isTheSamePage")


def press(page: Page, name: str) -> None:
    """Send a form, whether a server answers or the browser says that nobody does."""
    with contextlib.suppress(Error):
        page.get_by_role("button", name=name).last.click()
        page.wait_for_load_state()


def half_a_macro(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Half a macro")


def test_a_page_that_no_server_took_is_opened_again_with_what_was_typed(
    server: Server, open_as: Opener
) -> None:
    page = open_as("administrator", "/macros/new/", language="en")
    half_a_macro(page)
    server.processes["web"].stop()
    press(page, "Put in force")

    server.processes["web"].start()
    server.wait_until_it_answers()
    page.goto("/macros/new/")

    expect(page.locator("#toasts")).to_contain_text("What you had typed is back")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half a macro")
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")  # once, not for ever


def test_what_a_server_took_is_not_typed_again(open_as: Opener) -> None:
    page = open_as("administrator", "/settings/engine.offers_before_alarm/", language="en")
    for value in ("4", "3"):
        page.get_by_label("New value").fill(value)
        page.get_by_label("Reason").fill("as agreed")
        page.get_by_role("button", name="Put in force").click()
        expect(page.locator(".notices")).to_contain_text(f"{value} is in force.")

        expect(page.get_by_label("Reason")).to_have_value("")
        page.reload()
        expect(page.get_by_label("Reason")).to_have_value("")
        expect(page.locator("#toasts")).to_be_empty()


@pytest.mark.parametrize("is_scripted", [True, False])
def test_a_page_on_which_the_server_broke_says_so_and_comes_back_with_what_was_typed(
    is_scripted: bool, open_as: Opener
) -> None:
    page = open_as("administrator", "/macros/new/", language="en", java_script_enabled=is_scripted)
    half_a_macro(page)
    page.route(
        "**/macros/new/",
        lambda route: (
            route.fulfill(status=500, body=BROKEN, content_type="text/html")
            if route.request.method == "POST"
            else route.continue_()
        ),
    )

    press(page, "Put in force")
    expect(page.locator("main")).to_contain_text("Nothing was saved. Go back and try again")
    page.go_back()

    expect(page.get_by_label("Name", exact=True)).to_have_value("Half a macro")


@pytest.mark.parametrize("is_scripted", [True, False])
def test_a_resident_without_a_network_goes_back_and_finds_the_words_again(
    is_scripted: bool, open_as: Opener, tmp_path: Path
) -> None:
    page = open_as("", "/home/report/", language="en", java_script_enabled=is_scripted, **PHONE)
    page.get_by_role("button", name="Begin").click()
    page.locator('input[value="fishery.angling"]').check()
    press(page, "Continue")
    page.locator("#id_telling").fill("two rods below the bridge")
    page.context.set_offline(True)
    press(page, "Continue")

    page.context.set_offline(False)
    page.go_back()
    expect(page.locator("#id_telling")).to_have_value("two rods below the bridge")
    press(page, "Continue")
    page.goto("/home/report/photo/")
    page.locator("#id_photo").set_input_files(picture(tmp_path))
    page.context.set_offline(True)
    press(page, "Continue")
    page.context.set_offline(False)
    page.goto("/home/report/telling/")
    expect(page.locator("#id_telling")).to_have_value("two rods below the bridge")
