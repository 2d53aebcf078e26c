"""The wall on the screens of command centres: nothing scrolls, nothing overlaps, all lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import GROUNDS
from tests.browser.server import Server

pytestmark = pytest.mark.browser

SIZES = [(1366, 768), (1920, 1080), (3840, 1080), (6656, 1792)]
READY = '.map[data-ready="true"]'
# Boxes that hold text or a number: two of them must not lie over each other, and all lie inside.
WRONG = """() => {
  const said = (one) => `${one.className || one.tagName}: ${one.textContent.trim().slice(0, 30)}`;
  const kept = ".wall-head > *, .wall-foot > *, .is-shown h2, .is-shown h3, .is-shown tr > *, "
    + ".big > div, .by-severity > div, .measures > div, caption, .empty, .dots a, .key li";
  const all = [...document.querySelectorAll(kept)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .map((one) => [one, one.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
  const wrong = [];
  for (const [one, box] of all) {
    if (box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1)
      wrong.push(`outside ${said(one)}`);
    if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
      wrong.push(`too narrow ${said(one)}`);
    for (const [other, its] of all) {
      if (other === one || other.contains(one) || one.contains(other)) continue;
      const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
      const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
      if (across > 1.5 && down > 1.5) wrong.push(`${said(one)} over ${said(other)}`);
    }
  }
  const main = document.querySelector("main").getBoundingClientRect();
  for (const scene of document.querySelectorAll(".scene.is-shown")) {
    if (scene.scrollHeight > scene.clientHeight + 1) wrong.push(`too high ${scene.id}`);
    if (scene.getBoundingClientRect().bottom > main.bottom + 1) wrong.push(`below ${scene.id}`);
  }
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) wrong.push("scrolls");
  return wrong;
}"""


def shown(page: Page) -> list[str]:
    """Return which scenes are to be seen."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".scene")]
          .filter((one) => !one.inert && one.checkVisibility({ visibilityProperty: true }))
          .map((one) => one.dataset.scene)"""
    )
    return found


def settled(page: Page) -> list[str]:
    """Wait until one scene has made way for the next; return which are to be seen."""
    page.evaluate(
        "Promise.allSettled(document.getAnimations().map((one) => one.finished)).then(() => 0)"
    )
    return shown(page)


def opened(open_as: Opener, **options: Any) -> Page:
    given: dict[str, Any] = {"viewport": {"width": 1920, "height": 1080}, **options}
    page = open_as("wall", "/wall/", **given)
    page.wait_for_selector(READY)
    return page


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_scene_fits_the_screen_without_scrolling_and_without_overlap(
    width: int, height: int, language: str, open_as: Opener
) -> None:
    page = opened(
        open_as, viewport={"width": width, "height": height}, language=language,
        reduced_motion="reduce",
    )  # fmt: skip
    scenes, wrong = set(shown(page)), {tuple(shown(page)): page.evaluate(WRONG)}

    for _ in range(3):
        page.keyboard.press("ArrowRight")
        scenes |= set(shown(page))
        wrong[tuple(shown(page))] = page.evaluate(WRONG)

    assert scenes == {"map", "trend", "units", "limits"}
    assert {scene: what for scene, what in wrong.items() if what} == {}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_letters_grow_with_the_screen_and_nothing_is_stretched(
    width: int, height: int, open_as: Opener
) -> None:
    page = opened(open_as, viewport={"width": width, "height": height})

    rem = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    scaled = page.evaluate(
        """() => [...document.querySelectorAll("body, body *:not(.leaflet-container *)")]
          .map((one) => getComputedStyle(one).transform)
          .filter((how) => how !== "none" && !how.startsWith("matrix(1, 0, 0, 1")).length"""
    )
    family = page.evaluate("getComputedStyle(document.body).fontVariantNumeric")

    assert rem == pytest.approx(min(width / 120, height / 67.5), rel=0.01)
    assert scaled == 0
    assert family == "tabular-nums"


def test_keys_move_through_the_scenes_and_space_holds_them(open_as: Opener) -> None:
    page = opened(open_as)
    pause = page.locator("[data-pause]")
    expect(pause).to_have_attribute("aria-pressed", "false")
    seen = [shown(page)]

    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        seen.append(settled(page))
    page.keyboard.press(" ")

    assert seen == [["map"], ["trend"], ["units"], ["limits"], ["map"], ["limits"]]
    expect(pause).to_have_attribute("aria-pressed", "true")
    here = page.locator(".dots a[aria-current]")
    expect(here).to_have_count(1)
    expect(here).to_have_attribute("data-to", "limits")
    page.locator('.dots a[data-to="units"]').click()
    assert settled(page) == ["units"]


def test_scenes_take_turns_every_thirty_seconds_unless_held_or_motion_is_unwanted(
    open_as: Opener,
) -> None:
    page = open_as("wall", "/healthz", viewport={"width": 1920, "height": 1080})
    page.clock.install(time="2026-03-01T00:00:00Z")
    page.goto("/wall/")
    page.wait_for_selector(READY)
    page.clock.pause_at("2026-03-01T02:00:00Z")
    here = page.locator(".dots a[aria-current]")
    page.locator('.dots a[data-to="map"]').click()
    turns = []

    for milliseconds in (29_999, 1, 30_000):
        page.clock.run_for(milliseconds)
        turns.append(here.get_attribute("data-to"))
    page.keyboard.press(" ")
    page.clock.run_for(120_000)

    assert turns == ["map", "trend", "units"]
    assert here.get_attribute("data-to") == "units"
    calm = opened(open_as, reduced_motion="reduce")
    expect(calm.locator("[data-pause]")).to_have_attribute("aria-pressed", "true")


def test_on_a_very_wide_screen_the_map_stays_beside_the_others(open_as: Opener) -> None:
    page = opened(open_as, viewport={"width": 3840, "height": 1080}, reduced_motion="reduce")
    seen = []

    for _ in range(4):
        seen.append(shown(page))
        page.keyboard.press("ArrowRight")

    assert seen == [["map", "trend"], ["map", "units"], ["map", "limits"], ["map", "trend"]]
    expect(page.locator(".dots li:not([hidden])")).to_have_count(3)


@pytest.mark.parametrize(("language", "theme"), [("zh-hans", "light"), ("en", "dark")])
def test_a_number_changes_without_loading_the_page_again(
    language: str, theme: str, open_as: Opener, server: Server
) -> None:
    page = opened(open_as, language=language)
    page.goto(f"/wall/?theme={theme}")
    page.wait_for_selector(READY)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == GROUNDS[theme]
    expect(page.locator("[data-connection]")).to_have_attribute("data-state", "online")
    page.evaluate("window.isTheSame = true")
    number = page.locator('[data-figure="opened-24"]')
    before = int(number.text_content() or "")

    server.linger("screen")

    expect(number).to_have_text(str(before + 1))
    assert page.evaluate("window.isTheSame") is True


def test_a_number_leads_whoever_is_signed_in_to_the_list_that_has_as_many_rows(
    open_as: Opener, sign_ins: Callable[[str], Any]
) -> None:
    page = opened(open_as, reduced_motion="reduce")
    number = page.locator('[data-figure="in-hand"]')
    count = int(number.inner_text())
    address = number.get_attribute("href")
    assert address is not None
    dead = page.locator(".scene span.n").all_inner_texts()
    assert set(dead) <= {"0"}  # every number that counts something leads to what it counts
    number.click()
    page.wait_for_url("**/sign-in/**")

    desk = open_as("operator", address)

    desk.wait_for_selector(READY)
    expect(desk.locator("#queue a[data-case]")).to_have_count(count)


def test_a_withdrawn_pass_goes_dark_within_seconds_and_says_what_to_do(
    open_as: Opener, server: Server
) -> None:
    desk = open_as("administrator", "/walls/", language="en")
    desk.get_by_label("Name").fill("右侧大屏")
    desk.get_by_role("button", name="Make a pass").click()
    address = desk.get_by_label("Address of the wall").input_value()
    screen = open_as("", address.removeprefix(server.url), language="en")
    screen.wait_for_selector(READY)
    assert screen.url == f"{server.url}/wall/"

    desk.goto("/walls/")
    desk.on("dialog", lambda dialog: dialog.accept())
    row = desk.locator("#valid + ul > li", has_text="右侧大屏")
    row.get_by_role("button", name="Withdraw").click()

    expect(screen.locator("h1")).to_have_text("This wall’s pass was withdrawn")
    expect(screen.locator("main")).to_contain_text("Ask an administrator for a new wall pass")


def test_a_server_that_was_away_is_told_and_found_again(open_as: Opener, server: Server) -> None:
    page = opened(open_as, language="en")
    line = page.locator("[data-connection]")
    expect(line).to_have_attribute("data-state", "online")
    page.evaluate("window.isTheSame = true")

    server.processes["web"].stop()
    expect(line).to_have_attribute("data-state", "offline")
    expect(line).to_contain_text("Connection lost, trying again; as of")
    server.processes["web"].start()
    server.wait_until_it_answers()

    expect(line).to_have_attribute("data-state", "online")
    assert page.evaluate("window.isTheSame") is True


def test_the_clock_shows_the_time_of_the_server_whatever_this_machine_says(
    open_as: Opener, server: Server
) -> None:
    page = open_as(
        "wall", "/healthz", viewport={"width": 1920, "height": 1080}, timezone_id="America/Lima"
    )
    page.clock.set_system_time("2020-01-01T00:00:00Z")
    page.goto("/wall/")
    page.wait_for_selector(READY)

    told = page.locator("#clock").inner_text()
    right = page.evaluate(
        """async () => {
          const told = Number((await fetch("/wall/now")).headers.get("X-Now"));
          const there = told + 8 * 3600 * 1000;  // Shanghai
          return [0, 60].map((s) => new Date(there - s * 1000).toISOString().slice(0, 16));
        }"""
    )

    hour, day = told.split()[0][:5], told.split()[1]
    assert f"{day}T{hour}" in right


def test_without_script_all_scenes_stand_below_one_another(open_as: Opener) -> None:
    page = open_as(
        "wall", "/wall/", viewport={"width": 1920, "height": 1080}, java_script_enabled=False
    )

    tops = [
        page.locator(f"#scene-{name}").bounding_box()
        for name in ("map", "trend", "units", "limits")
    ]

    heights = [box["y"] for box in tops if box]
    assert len(heights) == 4
    assert heights == sorted(heights)
    assert len(set(heights)) == 4
    expect(page.locator('[data-figure="open"]')).to_be_visible()
    expect(page.locator("svg.outline")).to_be_visible()
