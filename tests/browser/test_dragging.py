"""Drag to dispatch: a unit onto a case, a case onto a unit, with mouse and finger."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import WIDE, Screen, says_on

pytestmark = pytest.mark.browser

CLOSE = 13.5  # how near the map looks at a case that was chosen from afar
DRAWN = """() => {
  const canvas = document.querySelector(".leaflet-units-pane canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter(Boolean).length;
}"""


def desk_of(open_as: Opener, **options: object) -> Page:
    desk = open_as("operator", "/desk/?state=open", language="en", **options)
    desk.wait_for_selector('.map[data-ready="true"]')
    return desk


WAITING = "#queue a[data-case]:not([data-refuses])"


def waiting(desk: Page) -> Locator:
    return desk.locator(WAITING).first


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
    expect(desk.locator("#detail .detail-head")).to_contain_text(says_on(desk)("Open"))


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


def projected(lon: float, lat: float) -> tuple[float, float]:
    """Return where a place lies on a world that is one unit wide."""
    return (lon + 180) / 360, 0.5 - math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) / (
        2 * math.pi
    )


def units_near(desk: Page, row: Locator) -> list[tuple[str, str, tuple[float, float]]]:
    """Return label, abilities and pixel of the free units on the map, which shows ``row`` amid it.

    What lies so near to another one that the pointer could mean either is left out.
    """
    box = desk.locator(".map").bounding_box()
    assert box is not None
    middle_at = projected(*(float(str(row.get_attribute(f"data-{k}"))) for k in ("lon", "lat")))
    dots, found = 256 * 2**CLOSE, []
    told = desk.request.get("/desk/now?state=open").json()["units"]
    for number, label in enumerate(told["label"]):
        x, y = projected(told["lon"][number], told["lat"][number])
        right, down = (x - middle_at[0]) * dots, (y - middle_at[1]) * dots
        if abs(right) < box["width"] / 2 - 60 and abs(down) < box["height"] / 2 - 60:
            at = (box["x"] + box["width"] / 2 + right, box["y"] + box["height"] / 2 + down)
            able = told["abilities"][told["able"][number]] if told["kind"][number] == 0 else "busy"
            found.append((label, able, at))
    return [
        one
        for one in found
        if all(other is one or math.dist(other[2], one[2]) > 30 for other in found)
    ]


def near_a_unit(
    desk: Page, fits: Callable[[set[str]], bool]
) -> tuple[Locator, str, tuple[float, float]]:
    """Return a waiting case with a unit near by whose abilities fit, its label and its pixel.

    Stories that came before may have left cases where there is none.
    """
    for row in desk.locator(WAITING).all():
        for label, able, at in units_near(desk, row):
            if fits(set(able.split())):
                return row, label, at
    message = "no case waits near such a unit"
    raise LookupError(message)


@pytest.mark.parametrize("screen", WIDE, ids=str)
def test_a_case_dropped_on_a_units_mark_on_the_map_sends_it(
    screen: Screen, open_as: Opener
) -> None:
    desk, says = open_as("operator", "/desk/?state=open", **screen.options), screen.says
    desk.wait_for_selector('.map[data-ready="true"]')
    row, label, at = near_a_unit(desk, lambda able: {"water", "dissuasion"} <= able)
    row.click()
    expect(desk.locator("#detail .detail-head")).to_be_visible()
    code = str(row.get_attribute("data-code"))
    name = label.split("\n")[0]

    desk.mouse.move(*middle(row))
    desk.mouse.down()
    desk.mouse.move(at[0] - 9, at[1], steps=4)
    desk.mouse.move(*at)
    hint = says("Let go: send {unit} to {case}", unit=name, case=code)
    expect(desk.locator("#carried")).to_have_text(hint)
    expect(desk.locator(".leaflet-tooltip", has_text=name)).to_be_visible()
    desk.mouse.up()

    expect(desk.locator("#toasts")).to_contain_text(
        says("{unit} is sent to {case}.", unit=name, case=code)
    )
    expect(desk.locator("#detail")).to_contain_text(says("{unit} has the task.", unit=name))
    take_back(desk)


def test_a_unit_on_the_map_that_cannot_do_it_says_so_and_is_not_asked(open_as: Opener) -> None:
    desk = desk_of(open_as, viewport={"width": 1920, "height": 1080})
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.url))
    row, _label, at = near_a_unit(desk, lambda able: not able & {"water", "busy"})
    row.click()
    expect(desk.locator("#detail .detail-head")).to_be_visible()

    desk.mouse.move(*middle(row))
    desk.mouse.down()
    desk.mouse.move(at[0] - 9, at[1], steps=4)
    desk.mouse.move(*at)
    expect(desk.locator("#carried")).to_have_text("This unit cannot do what the case needs.")
    desk.mouse.up()

    expect(desk.locator("#toasts")).to_contain_text("This unit cannot do what the case needs.")
    expect(desk.locator("#detail .detail-head")).to_contain_text("Open")
    assert [url for url in sent if url.endswith("/dispatch/")] == []


def test_while_a_case_is_carried_the_map_shows_the_units_that_could_take_it(
    open_as: Opener,
) -> None:
    desk = desk_of(open_as)
    before = desk.evaluate(DRAWN)

    carry(desk, waiting(desk), desk.locator(".map"))
    desk.wait_for_function(f"before => ({DRAWN})() > before + 100", arg=before)
    desk.keyboard.press("Escape")
    desk.mouse.up()

    desk.wait_for_function(f"before => ({DRAWN})() === before", arg=before)


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
