"""Drag to dispatch: a unit onto a case, a case onto a unit, with mouse and finger."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS, Opener

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE_MS)


def desk_of(open_as: Opener, **options: object) -> Page:
    desk = open_as("operator", "/desk/?state=open", language="en", **options)
    desk.wait_for_selector('.map[data-ready="true"]')
    return desk


def waiting(desk: Page) -> Locator:
    return desk.locator("#queue a[data-case]:not([data-refuses])").first


def boat(desk: Page) -> Locator:
    return desk.locator(
        '#board-rows tr[data-able~="water"][data-able~="dissuasion"]:not([data-refuses])'
    ).first


def middle(place: Locator) -> tuple[float, float]:
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def carry(desk: Page, source: Locator, target: Locator) -> None:
    """Take something up and hold it over something else."""
    end = middle(target)
    desk.mouse.move(*middle(source))
    desk.mouse.down()
    desk.mouse.move(end[0] - 9, end[1], steps=4)
    desk.mouse.move(*end)
    desk.wait_for_timeout(100)


def take_back(desk: Page) -> None:
    desk.locator('#detail [data-key="z"]').click()
    expect(desk.locator("#detail .detail-head")).to_contain_text("Open")


def test_a_unit_dropped_on_a_case_is_sent_and_taken_back(open_as: Opener) -> None:
    desk = desk_of(open_as)
    row, unit = waiting(desk), boat(desk)
    name, code = unit.get_attribute("data-name"), row.get_attribute("data-code")

    carry(desk, unit, row)
    expect(desk.locator("#carried")).to_have_text(f"Let go: send {name} to {code}")
    expect(row).to_have_attribute("data-drop", "yes")
    desk.mouse.up()

    expect(desk.locator("#toasts")).to_contain_text(f"{name} is sent to {code}.")
    expect(desk.locator("#detail .detail-head")).to_contain_text(str(code))
    expect(desk.locator("#detail")).to_contain_text(f"{name} has the task.")
    expect(desk.locator("#carried")).to_be_hidden()
    take_back(desk)


def test_a_case_dropped_on_a_unit_sends_it(open_as: Opener) -> None:
    desk = desk_of(open_as)
    row, unit = waiting(desk), boat(desk)
    name = unit.get_attribute("data-name")

    carry(desk, row, unit)
    desk.mouse.up()

    expect(desk.locator("#detail")).to_contain_text(f"{name} has the task.")
    take_back(desk)


def test_a_unit_dropped_on_the_case_on_the_map_is_sent(open_as: Opener) -> None:
    desk = desk_of(open_as)
    row = waiting(desk)
    row.click()
    expect(desk.locator("#detail .detail-head")).to_be_visible()
    unit = boat(desk)
    unit.scroll_into_view_if_needed()
    start = middle(unit)
    box = desk.locator(".map").bounding_box()
    assert box is not None

    desk.mouse.move(*start)
    desk.mouse.down()
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # the map shows it there
    desk.mouse.move(at[0] - 9, at[1], steps=4)
    desk.mouse.move(*at)
    desk.wait_for_timeout(100)
    expect(desk.locator("#carried")).to_contain_text("Let go: send")
    desk.mouse.up()

    expect(desk.locator("#detail .detail-head")).to_contain_text("Dispatched")
    take_back(desk)


def test_escape_lets_go_and_nothing_is_sent_or_opened(open_as: Opener) -> None:
    desk = desk_of(open_as)
    address = desk.url

    carry(desk, boat(desk), waiting(desk))
    desk.keyboard.press("Escape")
    expect(desk.locator("#carried")).to_be_hidden()
    desk.mouse.up()

    expect(desk.locator("#queue [data-drop]")).to_have_count(0)
    assert desk.url == address


def test_a_unit_that_cannot_do_it_says_why_and_is_not_asked(open_as: Opener) -> None:
    desk = desk_of(open_as)
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.method))
    walker = desk.locator('#board-rows tr[data-able~="foot"]:not([data-refuses])').first

    carry(desk, walker, waiting(desk))
    expect(desk.locator("#carried")).to_have_text("This unit cannot do what the case needs.")
    expect(waiting(desk)).to_have_attribute("data-drop", "no")
    desk.mouse.up()

    expect(desk.locator("#toasts")).to_contain_text("This unit cannot do what the case needs.")
    assert "POST" not in sent


def test_a_busy_unit_says_what_it_does(open_as: Opener) -> None:
    desk = desk_of(open_as)
    busy = desk.locator("#board-rows tr[data-refuses]").first

    carry(desk, busy, waiting(desk))
    desk.mouse.up()

    expect(desk.locator("#toasts")).to_contain_text("is not free:")


def test_a_press_without_a_way_is_still_a_click(open_as: Opener) -> None:
    desk = desk_of(open_as)
    row = waiting(desk)
    desk.mouse.move(*middle(row))
    desk.mouse.down()
    desk.mouse.up()

    expect(desk.locator("#detail .detail-head")).to_contain_text(
        str(row.get_attribute("data-code"))
    )


def test_with_a_finger_the_grip_carries(open_as: Opener) -> None:
    desk = desk_of(open_as, viewport={"width": 1280, "height": 900}, has_touch=True, is_mobile=True)
    row, unit = waiting(desk), boat(desk)
    name = unit.get_attribute("data-name")
    end = middle(row)
    start = middle(unit.locator(".grip"))
    finger = desk.context.new_cdp_session(desk)

    def touch(kind: str, at: tuple[float, float] | None) -> None:
        points = [] if at is None else [{"x": at[0], "y": at[1]}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for part in (0.3, 0.6, 0.9, 1):
        touch(
            "touchMove",
            (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])),
        )
    expect(desk.locator("#carried")).to_contain_text("Let go: send")
    touch("touchEnd", None)

    expect(desk.locator("#detail")).to_contain_text(f"{name} has the task.")
    take_back(desk)


def test_a_leader_carries_nothing(open_as: Opener) -> None:
    desk = open_as("leader", "/desk/?state=open", language="en")
    desk.wait_for_selector('.map[data-ready="true"]')

    expect(desk.locator("#carried")).to_have_count(0)
    expect(desk.locator("#board-rows .grip").first).to_be_hidden()
