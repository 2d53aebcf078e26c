"""A setting is found, tried on yesterday, changed with a reason and put back; nobody is overrun."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import in_both_themes
from tests.browser.conftest import Opener
from tests.browser.covering import SCREENS, Screen, says_on

pytestmark = pytest.mark.browser

LIMIT = "/settings/fishery.limit_minutes/"


def put(page: Page, value: str, reason: str) -> None:
    says = says_on(page)
    page.get_by_label(says("New value")).fill(value)
    page.get_by_label(says("Reason")).fill(reason)


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_limit_is_found_tried_on_yesterday_put_in_force_and_put_back(
    screen: Screen, open_as: Opener
) -> None:
    page, says = open_as("administrator", "/settings/", **screen.options), screen.says
    name, minutes = says("Stay limit"), says("minutes")

    page.get_by_role("searchbox", name=says("Search")).fill(name.lower())
    page.keyboard.press("Enter")
    page.get_by_role("link", name=name).click()
    put(page, "20", "many short stays")
    page.get_by_role("button", name=says("Preview and try on yesterday")).click()

    page.wait_for_selector('.map[data-ready="true"]')
    screen.shows(page)
    tried = page.get_by_role("group", name=says("Dry run")).locator("tbody tr").first
    before, after, change = (cell.inner_text() for cell in tried.locator("td.number").all())
    assert int(after) > int(before)
    assert change == f"+{int(after) - int(before)}"
    expect(page.locator(".verdict-line")).to_contain_text(f"20 {minutes}")

    page.get_by_role("button", name=says("Put in force")).click()

    said = says("{name}: {value} is in force.", name=name, value=f"20 {minutes}")
    expect(page.locator(".notices")).to_contain_text(said)
    newest = page.locator("section", has=page.locator("#history")).locator("li").first
    expect(newest).to_contain_text(f"30 {minutes} → 20 {minutes}")
    expect(newest).to_contain_text("many short stays")

    page.get_by_label(says("Reason")).fill("as before")
    back = says("Back to the default: %(value)s", value=f"30 {minutes}")
    page.get_by_role("button", name=back).click()
    page.get_by_role("button", name=says("Put in force")).click()

    expect(newest).to_contain_text(f"20 {minutes} → 30 {minutes}")


def test_a_value_outside_the_range_is_told_beside_its_field_and_kept(open_as: Opener) -> None:
    page = open_as("administrator", LIMIT, language="en")

    put(page, "4", "shorter")
    page.get_by_role("button", name="Preview and try on yesterday").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Nothing was saved.")
    summary.get_by_role("link", name="New value: Write a whole number from 5 to 1440.").click()
    field = page.get_by_label("New value")
    expect(field).to_be_focused()
    expect(field).to_have_value("4")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Reason")).to_have_value("shorter")


def test_without_scripts_and_by_keyboard_the_second_of_two_is_told_who_was_faster(
    open_as: Opener,
) -> None:
    path = "/settings/engine.position_minutes/"
    slow = open_as("administrator", path, language="en", java_script_enabled=False)
    fast = open_as("administrator", path, language="en", java_script_enabled=False)
    put(fast, "31", "first")
    fast.keyboard.press("Tab")
    fast.keyboard.press("Enter")
    expect(fast.locator(".notices")).to_contain_text("31 minutes is in force.")

    put(slow, "32", "second")
    slow.get_by_role("button", name="Put in force").click()

    expect(slow.get_by_role("alert")).to_contain_text("Somebody was faster.")
    expect(slow.get_by_role("alert")).to_contain_text("now: 31 minutes")

    expect(slow.get_by_label("New value")).to_have_value("32")
    expect(slow.get_by_label("Reason")).to_have_value("second")
    slow.get_by_role("button", name="Put in force").click()
    expect(slow.locator(".notices")).to_contain_text("32 minutes is in force.")


def test_axe_finds_nothing_in_a_preview_and_where_a_value_was_refused(open_as: Opener) -> None:
    page = open_as("administrator", LIMIT, language="en", reduced_motion="reduce")

    put(page, "4", "shorter")
    page.get_by_role("button", name="Preview and try on yesterday").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert in_both_themes(page) == set()

    put(page, "20", "shorter")
    page.get_by_role("button", name="Preview and try on yesterday").click()
    page.wait_for_selector('.map[data-ready="true"]')
    assert in_both_themes(page) == set()


@pytest.mark.parametrize("is_scripted", [True, False])
def test_a_map_without_scripts_says_where_else_to_look(is_scripted: bool, open_as: Opener) -> None:
    page = open_as("administrator", "/zones/", language="en", java_script_enabled=is_scripted)

    expect(page.get_by_text("The map needs scripts.")).to_be_visible(visible=not is_scripted)


def test_the_style_page_shows_both_themes_at_once_whatever_the_device_prefers(
    open_as: Opener,
) -> None:
    page = open_as("", "/style/", theme="auto", language="en", color_scheme="dark")

    page.wait_for_selector('.map[data-ready="true"]')
    colours = "[...document.querySelectorAll('{}')].map((one) => getComputedStyle(one).{})"
    light = set(page.evaluate(colours.format(".sample.theme-light", "backgroundColor")))
    dark = set(page.evaluate(colours.format(".sample.theme-dark", "backgroundColor")))
    body = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (light, dark) == ({"rgb(244, 246, 248)"}, {"rgb(15, 23, 32)"})
    assert body == "rgb(15, 23, 32)"
    expect(page.locator('.sample .map[data-ready="true"]')).to_have_count(2)


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_chosen_theme_wins_over_the_device_and_every_part_is_shown(
    screen: Screen, open_as: Opener
) -> None:
    other = "light" if screen.theme == "dark" else "dark"
    page = open_as("", "/style/", color_scheme=other, **screen.options)

    page.wait_for_selector('.map[data-ready="true"]')
    screen.shows(page)
    expect(page.locator("html")).to_have_css("color-scheme", screen.theme)
    parts = page.locator(".index a")
    assert parts.count() > 10
    for part in parts.all():
        address = str(part.get_attribute("href"))
        samples = page.locator(f"{address} .sample")
        expect(samples).to_have_count(2)
        heights = samples.evaluate_all("all => all.map((one) => one.offsetHeight)")
        assert min(heights) > 10, address
