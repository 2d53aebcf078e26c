"""Several cases at once: chosen by key or mouse, done together, told one by one, undone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import SCREENS, Screen, last_found

pytestmark = pytest.mark.browser

CHANGED = """document.body.dispatchEvent(
  new CustomEvent("live", { detail: { subjects: new Set(["*"]) } }))"""


def desk_of(open_as: Opener, **options: object) -> Page:
    return open_as("operator", "/desk/?state=open", language="en", **options)


def drawn(desk: Page) -> Page:
    desk.wait_for_selector('.map[data-ready="true"]')
    return desk


def codes(desk: Page) -> list[str]:
    return desk.locator("#queue .code").all_inner_texts()


def test_two_cases_are_chosen_by_key_acknowledged_and_told(open_as: Opener) -> None:
    desk = drawn(desk_of(open_as))
    bar = desk.locator("#bulk")
    expect(bar).to_be_hidden()

    for key in ("j", "x", "j", "x"):
        desk.keyboard.press(key)
    expect(bar.locator("[data-chosen]")).to_have_text("2 chosen")
    bar.get_by_role("button", name="Acknowledge").click()

    outcomes = desk.locator("#outcomes")
    expect(outcomes).to_contain_text(re.compile("2 cases done|2 left as they were|1 case done"))
    expect(outcomes.locator("li")).to_have_count(2)
    expect(bar).to_be_hidden()


def test_what_is_chosen_outlives_a_redrawn_queue_and_escape_lets_it_go(open_as: Opener) -> None:
    desk = drawn(desk_of(open_as))
    desk.locator("#queue .pick input").nth(1).check()

    with desk.expect_response("**/desk/now**"):
        desk.evaluate(CHANGED)

    expect(desk.locator("#bulk [data-chosen]")).to_have_text("1 chosen")
    expect(desk.locator("#queue .pick input").nth(1)).to_be_checked()
    desk.keyboard.press("Escape")
    expect(desk.locator("#bulk")).to_be_hidden()
    expect(desk.locator("#queue .pick input:checked")).to_have_count(0)


def test_shift_chooses_a_range_and_a_button_all(open_as: Opener) -> None:
    desk = drawn(desk_of(open_as))
    boxes = desk.locator("#queue .pick input")

    boxes.nth(0).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(desk.locator("#bulk [data-chosen]")).to_have_text("4 chosen")

    desk.get_by_role("button", name="All shown").click()
    expect(desk.locator("#bulk [data-chosen]")).to_have_text(f"{len(codes(desk))} chosen")
    desk.get_by_role("button", name="None").click()
    expect(desk.locator("#bulk")).to_be_hidden()


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_sent_together_and_undone_together(screen: Screen, open_as: Opener) -> None:
    desk, says = drawn(open_as("operator", "/desk/?state=open", **screen.options)), screen.says
    number = last_found(desk).get_attribute("data-case")
    desk.locator(f'#queue .pick input[value="{number}"]').check()

    desk.get_by_role("button", name=says("Nearest unit to each")).click()
    outcomes = desk.locator("#outcomes")
    expect(outcomes).to_contain_text(says("%(count)s case done", count=1))
    screen.shows(desk)
    outcomes.get_by_role("button", name=says("Undo all that is still held")).click()

    expect(outcomes).to_contain_text(says("Dispatch undone; nothing was sent."))
    expect(desk.locator(f'#queue a[data-case="{number}"]')).to_contain_text(says("Open"))


def test_without_scripts_a_reason_ends_them_together(open_as: Opener) -> None:
    desk = desk_of(open_as, java_script_enabled=False)
    number = last_found(desk).get_attribute("data-case")
    desk.locator(f'#queue .pick input[value="{number}"]').check()
    fold = desk.locator("#bulk details", has_text="False alarm")
    fold.locator("summary").click()

    desk.get_by_role("button", name="Dismiss them").click()
    expect(desk.get_by_role("alert")).to_contain_text("Say why")

    desk.go_back()
    desk.locator(f'#queue .pick input[value="{number}"]').check()
    if not fold.evaluate("one => one.open"):
        fold.locator("summary").click()
    desk.get_by_label("Reason").fill("fog on the lens")
    desk.get_by_role("button", name="Dismiss them").click()
    expect(desk.locator("main")).to_contain_text("Dismissed as a false alarm.")


def test_on_a_phone_the_bar_fits(open_as: Opener) -> None:
    desk = drawn(desk_of(open_as, viewport={"width": 390, "height": 844}))

    desk.locator("#queue .pick input").first.check()

    expect(desk.locator("#bulk")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_leader_has_nothing_to_choose(open_as: Opener) -> None:
    desk = drawn(open_as("leader", "/desk/?state=open", language="en"))

    expect(desk.locator("#queue .pick").first).to_be_hidden()
