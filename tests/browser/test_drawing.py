"""A zone is drawn with mouse, finger, keyboard or typed corners, tried, and saved as a version."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import in_both_themes
from tests.browser.conftest import Opener, enter
from tests.browser.covering import SCREENS, Screen, says_on
from tests.browser.server import Server

pytestmark = pytest.mark.browser

DRAW = "/zones/draw/"
READY = '.map[data-ready="true"]'
SQUARE = "107.01, 29.7\n107.02, 29.7\n107.02, 29.71\n107.01, 29.71"
WIDE = {"viewport": {"width": 1500, "height": 950}}


def drawing(open_as: Opener, path: str = DRAW, **options: Any) -> Page:
    page = open_as("administrator", path, **{"language": "en", **options})
    page.wait_for_selector(READY)
    return page


def spot(page: Page, across: float, down: float) -> tuple[float, float]:
    """Return a place of the map by its share of width and height."""
    page.locator(".map").evaluate("map => map.scrollIntoView({ block: 'center' })")
    box = page.locator(".map").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * across, box["y"] + box["height"] * down


def click(page: Page, across: float, down: float) -> None:
    page.mouse.click(*spot(page, across, down), delay=30)
    page.wait_for_timeout(350)  # two clicks in a shorter time are a double click


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*spot(page, *start))
    page.mouse.down()
    page.mouse.move(*spot(page, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    page.mouse.move(*spot(page, *end))
    page.mouse.up()


def corners(page: Page) -> list[str]:
    lines: str = page.get_by_label(says_on(page)("Corners"), exact=True).input_value()
    return [line for line in lines.splitlines() if line]


def tool(page: Page, name: str) -> Locator:
    says = says_on(page)
    toolbar = page.get_by_role("toolbar", name=says("Drawing tools"))
    return toolbar.get_by_role("button", name=says(name), exact=True)


def cornered(page: Page, count: int) -> str:
    return says_on(page)("%(km)s km around · %(n)s corners", n=count).rpartition("· ")[2]


def measured(page: Page) -> Locator:
    return page.locator("#measure")


def name_and_reason(page: Page, name: str) -> None:
    says = says_on(page)
    page.get_by_label(says("Name"), exact=True).fill(name)
    page.get_by_label(says("Reason")).fill("notice 12")


def put_in_force(page: Page, said: str) -> None:
    says = says_on(page)
    page.get_by_role("button", name=says("Preview and try on yesterday")).click()
    expect(page.get_by_role("group", name=says("Dry run"))).to_be_visible()
    page.get_by_role("button", name=says("Put in force")).click()
    expect(page.locator(".notices")).to_contain_text(said)


@pytest.mark.parametrize("screen", SCREENS[:2], ids=str)
def test_an_outline_is_drawn_changed_taken_back_and_put_in_force_with_the_mouse(
    screen: Screen, open_as: Opener
) -> None:
    page, says = drawing(open_as, **screen.options), screen.says
    screen.shows(page)
    tool(page, "Outline").click()
    for place in [(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)]:
        click(page, *place)
    click(page, 0.3, 0.3)  # closes it
    expect(measured(page)).to_contain_text(cornered(page, 4))

    drag(page, (0.7, 0.7), (0.8, 0.75))
    moved = corners(page)
    expect(tool(page, "Undo")).to_be_enabled()
    drag(page, (0.5, 0.3), (0.5, 0.2))  # an edge: one corner more
    expect(measured(page)).to_contain_text(cornered(page, 5))
    page.keyboard.press("Control+z")
    assert corners(page) == moved
    page.keyboard.press("Control+Shift+z")
    expect(measured(page)).to_contain_text(cornered(page, 5))

    page.get_by_label(says("as a hole")).check()
    tool(page, "Rectangle").click()
    drag(page, (0.45, 0.45), (0.55, 0.55))
    expect(measured(page)).to_contain_text(cornered(page, 9))

    name = f"鼠标绘制区 {screen}"
    name_and_reason(page, name)
    put_in_force(page, says("{name}, version {number}, is in force.", name=name, number=1))
    expect(page.get_by_text(cornered(page, 9))).to_be_visible()
    page.goto(DRAW)
    page.wait_for_selector(READY)
    expect(page.locator("#restored")).to_be_hidden()
    assert corners(page) == []


def test_a_crossing_is_shown_at_once_with_its_place_and_refused_by_the_server(
    open_as: Opener,
) -> None:
    page = drawing(open_as, **WIDE)
    tool(page, "Rectangle").click()
    drag(page, (0.3, 0.3), (0.6, 0.6))

    drag(page, (0.3, 0.3), (0.7, 0.5))  # through the opposite side

    problem = page.locator("#problem")
    expect(problem).to_contain_text("crosses or touches itself at 10")
    name_and_reason(page, "蝶形")
    page.get_by_role("button", name="Preview and try on yesterday").click()
    page.wait_for_selector(READY)
    expect(page.get_by_role("alert").first).to_contain_text("Nothing was saved.")
    expect(page.locator("#problem")).to_be_visible()

    page.get_by_role("link", name="Discard").click()
    page.goto(DRAW)
    page.wait_for_selector(READY)
    assert corners(page) == []


def test_a_circle_has_its_radius_and_parts_are_counted(open_as: Opener) -> None:
    page = drawing(open_as, **WIDE)
    page.get_by_label("Radius").fill("500")
    tool(page, "Circle").click()
    click(page, 0.4, 0.4)
    expect(measured(page)).to_contain_text("0.784 km² · 3.140 km around · 64 corners")

    page.get_by_label("Radius").fill("250")
    tool(page, "Circle").click()
    click(page, 0.7, 0.7)
    expect(measured(page)).to_contain_text("0.980 km²")
    expect(measured(page)).to_contain_text("128 corners")
    tool(page, "Undo").click()
    expect(measured(page)).to_contain_text("64 corners")
    tool(page, "Clear").click()
    expect(measured(page)).to_contain_text("Nothing is drawn yet.")


def test_by_keyboard_alone_corners_are_typed_chosen_moved_and_saved(open_as: Opener) -> None:
    page = drawing(open_as, **WIDE)
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("键盘绘制区")
    page.get_by_label("Corners", exact=True).focus()
    page.keyboard.type(SQUARE)
    expect(measured(page)).to_contain_text("4 corners")

    page.locator(".map").focus()
    page.keyboard.press("n")
    expect(page.locator("#said")).to_contain_text("Corner 1 of 4: 107.01000, 29.70000")
    before = corners(page)[0]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    assert corners(page)[0] < before
    page.keyboard.press("i")
    expect(measured(page)).to_contain_text("5 corners")
    page.keyboard.press("Delete")
    expect(measured(page)).to_contain_text("4 corners")
    page.keyboard.press("Control+z")
    expect(measured(page)).to_contain_text("5 corners")

    page.get_by_label("Reason").focus()
    page.keyboard.type("notice 12")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Dry run")).to_be_visible()
    page.get_by_role("button", name="Put in force").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notices")).to_contain_text("键盘绘制区, version 1, is in force.")


@pytest.mark.parametrize("screen", SCREENS[2:], ids=str)
def test_with_a_finger_an_outline_is_drawn_and_a_corner_dragged(
    screen: Screen, open_as: Opener
) -> None:
    page = drawing(open_as, **screen.options)
    screen.shows(page)
    tool(page, "Outline").tap()
    for place in [(0.3, 0.3), (0.7, 0.3), (0.7, 0.7)]:
        page.touchscreen.tap(*spot(page, *place))
        page.wait_for_timeout(350)
    tool(page, "Close outline").tap()
    expect(measured(page)).to_contain_text(cornered(page, 3))

    before = corners(page)
    x, y = spot(page, 0.7, 0.7)
    session = page.context.new_cdp_session(page)
    for kind, points in [
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 10, "y": y + 15}]),
        ("touchMove", [{"x": x + 30, "y": y + 40}]),
        ("touchEnd", []),
    ]:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    expect(tool(page, "Undo")).to_be_enabled()
    after = corners(page)
    assert after[:2] == before[:2]
    assert after[2] != before[2]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_draft_survives_reload_lost_network_and_an_expired_session(
    open_as: Opener, server: Server
) -> None:
    page = drawing(open_as, **WIDE)
    page.context.clear_cookies()
    enter(page, server, "administrator")  # a session of its own, which may end
    page.goto(DRAW)
    page.wait_for_selector(READY)
    tool(page, "Rectangle").click()
    drag(page, (0.3, 0.3), (0.6, 0.6))
    name_and_reason(page, "草稿区")
    drawn = corners(page)
    expect(page.locator("#kept")).to_be_visible()

    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator("#restored")).to_be_visible()
    assert corners(page) == drawn

    page.context.set_offline(True)
    page.get_by_role("button", name="Preview and try on yesterday").click()
    expect(page.locator("#toasts")).to_contain_text("kept on this device")
    page.context.set_offline(False)

    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Preview and try on yesterday").click()
    page.wait_for_url("**/sign-in/**")
    page.click('button[name="username"][value="administrator"]')
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto(DRAW)
    page.wait_for_selector(READY)
    assert corners(page) == drawn
    expect(page.locator('[name="name"]')).to_have_value("草稿区")

    page.locator("#restored [data-discard]").click()
    page.wait_for_selector(READY)
    assert corners(page) == []


def test_without_scripts_corners_are_typed_tried_and_nobody_is_overrun(open_as: Opener) -> None:
    first = open_as("administrator", DRAW, language="en", java_script_enabled=False)
    name_and_reason(first, "无脚本区")
    first.get_by_label("Corners", exact=True).fill(SQUARE)
    put_in_force(first, "无脚本区, version 1, is in force.")
    address = first.get_by_role("link", name="Change it on the map").get_attribute("href")
    assert address is not None
    slow = open_as("administrator", address, language="en", java_script_enabled=False)
    first.goto(address)
    first.get_by_label("Limit of this zone").fill("45")
    first.get_by_label("Reason").fill("shorter")
    put_in_force(first, "version 2, is in force.")

    slow.get_by_label("Corners", exact=True).fill(SQUARE.replace("29.71", "29.72"))
    slow.get_by_label("Reason").fill("larger")
    slow.get_by_role("button", name="Preview and try on yesterday").click()

    told = slow.get_by_role("alert").first
    expect(told).to_contain_text("Somebody was faster.")
    expect(told).to_contain_text("version 2")
    assert "29.7200000" in slow.get_by_label("Corners", exact=True).input_value()
    put_in_force(slow, "version 3, is in force.")

    newest = slow.locator(".versions li").first
    expect(newest).to_contain_text("larger")
    expect(newest).to_contain_text("border: +1.0")
    newest.get_by_role("link", name="Show the difference").click()
    expect(slow.get_by_text("Version 3 against version 2")).to_be_visible()
    slow.locator(".versions li").last.get_by_role("link", name="Restore").click()
    expect(slow.get_by_text("The drawing begins with version 1")).to_be_visible()


@pytest.mark.parametrize(
    ("screen", "is_scripted"), list(zip(SCREENS, [True, False, False, True], strict=True)), ids=str
)
def test_seasons_are_typed_refused_mended_and_said_back(
    screen: Screen, is_scripted: bool, open_as: Opener
) -> None:
    says = screen.says
    page = open_as("administrator", DRAW, java_script_enabled=is_scripted, **screen.options)
    name = f"季节区 {screen}"
    page.get_by_label(says("Corners"), exact=True).fill(SQUARE)
    name_and_reason(page, name)
    seasons = page.get_by_label(says("Seasons"))
    seasons.fill("02-30 to 06-30")
    page.get_by_role("button", name=says("Preview and try on yesterday")).click()
    problem = says("Write each season as two days of the year, for example 03-01 to 06-30.")
    expect(page.get_by_role("alert").first).to_contain_text(problem)
    expect(seasons).to_have_value("02-30 to 06-30")

    seasons.fill("03-01至06-30，11-15至02-15")
    put_in_force(page, says("{name}, version {number}, is in force.", name=name, number=1))

    over = says(" (over new year)")
    said = f"03-01 – 06-30{says(', ')}11-15 – 02-15{over}"
    expect(page.locator("dl.facts", has_text=said)).to_be_visible()
    page.get_by_role("link", name=says("Change it on the map")).click()
    one, other = (
        says("{first} to {last}", first=first, last=last)
        for first, last in (("03-01", "06-30"), ("11-15", "02-15"))
    )
    expect(page.get_by_label(says("Seasons"))).to_have_value(f"{one}{says(', ')}{other}")


def test_axe_finds_nothing_in_a_preview_and_in_a_comparison(open_as: Opener) -> None:
    page = drawing(open_as, "/zones/draw/?zone=nf-town", reduced_motion="reduce", **WIDE)
    drag(page, (0.5, 0.5), (0.52, 0.52))
    page.get_by_label("Limit of this zone").fill("20")
    page.get_by_label("Reason").fill("try")
    page.get_by_role("button", name="Preview and try on yesterday").click()
    page.wait_for_selector(READY)

    expect(page.get_by_role("group", name="Dry run")).to_be_visible()
    assert in_both_themes(page) == set()

    page.get_by_label("Limit of this zone").fill("25")
    expect(page.get_by_text("The draft has changed since: try it again.")).to_be_visible()
    expect(page.get_by_role("button", name="Put in force")).to_be_hidden()
