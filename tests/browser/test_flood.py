"""Five thousand alerts at once: the desk stays in hand, scrolls through all of them, loses none."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, choose, enter
from tests.browser.server import ROOT, Server, serve

pytestmark = pytest.mark.browser

FLOOD = 5000
REST_S = 0.25
ALL_ROWS = "[...document.querySelectorAll('#queue a[data-case]')].map((row) => row.dataset.case)"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation of its own: nobody else's queue becomes that long.

    It is made now. In a copy of an older one the time of some case is over amid the counting.
    """
    home: Path = tmp_path_factory.mktemp("crowded")
    with serve(home) as running:
        yield running


@pytest.fixture(scope="module")
def desk(crowded: Server, browser: Browser) -> Iterator[Page]:
    """A desk that is open while the flood comes."""
    context = browser.new_context(base_url=crowded.url)
    context.set_default_timeout(PATIENCE_MS)
    choose(context, crowded.url, language="en")
    page = context.new_page()
    enter(page, crowded, "operator")
    page.goto("/desk/?state=open")
    page.wait_for_selector('.map[data-ready="true"]')
    yield page
    context.close()


# By the page's own clock: the test's does not run while the flood is made.
ASKED = """() => performance.getEntriesByType("resource")
  .filter((one) => one.name.includes("/desk/now")).map((one) => one.startTime / 1000)"""


@dataclass
class Flood:
    """A desk over which the flood has gone, how many waited before, and when it asked anew."""

    desk: Page
    before: int
    asked: list[float]


@pytest.fixture(scope="module")
def flooded(crowded: Server, desk: Page) -> Flood:
    """The desk, from the moment on at which it shows that all have come."""
    known = Flood(desk, waiting(desk), [])

    desk.evaluate("window.isTheSamePage = true; performance.clearResourceTimings()")
    flood(crowded)
    desk.wait_for_function(
        """(count) =>
          Number(document.querySelectorAll('#queue .group span')[1].textContent) >= count""",
        arg=known.before + FLOOD,
    )
    known.asked = desk.evaluate(ASKED)
    assert desk.evaluate("window.isTheSamePage")
    return known


def flood(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.flooding", str(FLOOD)],
        env=dict(server.processes["web"].environment), cwd=ROOT, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def waiting(desk: Page) -> int:
    """Return how many cases the queue says that it holds."""
    return int(desk.locator("#queue .group span").nth(1).inner_text())


def test_the_flood_arrives_whole_and_is_shown_in_windows(flooded: Flood) -> None:
    desk = flooded.desk

    assert waiting(desk) == flooded.before + FLOOD
    assert len(desk.evaluate(ALL_ROWS)) <= 300


def test_the_desk_is_drawn_at_most_four_times_a_second(flooded: Flood) -> None:
    gaps = [later - earlier for earlier, later in itertools.pairwise(flooded.asked)]

    assert all(gap >= REST_S * 0.9 for gap in gaps), gaps


def test_the_desk_answers_a_key_while_five_thousand_wait(flooded: Flood) -> None:
    desk = flooded.desk
    desk.keyboard.press("j")
    expect(desk).to_have_url(re.compile(r"[?&]case=\d+"))
    expect(desk.locator("#detail .detail-head")).to_be_visible()


def test_j_goes_on_behind_the_last_row_of_a_window_and_k_comes_back(flooded: Flood) -> None:
    desk = flooded.desk
    desk.reload()  # begins with one window
    desk.wait_for_selector('.map[data-ready="true"]')
    last = desk.locator("#queue a[data-case]").nth(99)
    number = last.get_attribute("data-case")
    last.evaluate("row => { row.scrollIntoView(); row.click(); }")
    expect(desk).to_have_url(re.compile(f"case={number}"))

    desk.keyboard.press("j")
    desk.wait_for_function(
        "(last) => document.querySelector('#queue a[aria-current]')?.dataset.case !== last",
        arg=number,
    )
    behind = desk.locator('#queue a[aria-current="true"]').get_attribute("data-case")
    desk.keyboard.press("k")

    expect(desk.locator(f'#queue a[data-case="{number}"]')).to_have_attribute(
        "aria-current", "true"
    )
    rows = desk.evaluate(ALL_ROWS)
    assert rows.index(behind) == rows.index(number) + 1


def test_the_row_that_is_looked_at_stays_where_it_is_when_something_happens(flooded: Flood) -> None:
    desk = flooded.desk
    desk.evaluate("document.querySelector('#queue').scrollTop = 3000")
    desk.wait_for_timeout(1000)  # windows that the scrolling asked for have come
    top = """() => { const queue = document.querySelector('#queue').getBoundingClientRect().top;
      const row = [...document.querySelectorAll('#queue a[data-case]')]
        .find((one) => one.getBoundingClientRect().bottom > queue);
      return [row.dataset.case, Math.round(row.getBoundingClientRect().top)]; }"""
    before = desk.evaluate(top)

    with desk.expect_response("**/desk/now**"):
        desk.evaluate(
            """document.body.dispatchEvent(
              new CustomEvent("live", { detail: { subjects: new Set(["*"]) } }))"""
        )
    desk.wait_for_timeout(500)

    case, at = desk.evaluate(top)
    assert case == before[0]
    assert abs(at - before[1]) <= 2


def test_scrolling_to_the_end_shows_every_case_once(flooded: Flood) -> None:
    desk = flooded.desk
    total = waiting(desk)
    found = desk.evaluate(
        """async (total) => {
          const queue = document.querySelector('#queue');
          queue.scrollTop = 0;
          const seen = new Set();
          const end = performance.now() + 400_000; // else it would never end
          while (seen.size < total && performance.now() < end) {
            document.querySelectorAll('#queue a[data-case]')
              .forEach((row) => seen.add(row.dataset.case));
            const isEnd = queue.scrollTop + queue.clientHeight >= queue.scrollHeight - 1;
            queue.scrollTop = isEnd ? 0 : queue.scrollTop + 2500; // one may have moved up
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)));
          }
          return [seen.size, document.querySelectorAll('#queue a[data-case]').length];
        }""",
        total,
    )

    assert found[0] == total
    assert found[1] <= 300
