"""Pages on paper: what is read stays, what is pressed goes, and nothing runs out of the sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from unicodedata import normalize

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from tests.browser.conftest import Opener, visit
from tests.browser.pages import PAGES
from tests.browser.server import Server

pytestmark = pytest.mark.browser

A4 = (595, 842)  # points
SHEET_PX = 688  # between the margins of 14 mm
PRINTED = (
    "web:desk", "web:case", "fishery:statistics", "fishery:violations", "fishery:violation",
    "web:statistics", "web:trial", "web:rules", "web:rule", "web:zone", "web:units", "web:health",
)  # fmt: skip


def paper(page: Page) -> PdfReader:
    return PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))


def sheets(read: PdfReader) -> list[str]:
    """The text of each sheet; Chromium writes some characters as the radicals they look like."""
    return [normalize("NFKC", sheet.extract_text()) for sheet in read.pages]


def text(read: PdfReader) -> str:
    return "".join(sheets(read))


@pytest.mark.parametrize("name", PRINTED)
def test_a_page_on_paper_says_when_who_and_which_sheet_and_shows_no_control(
    name: str, readers: Callable[[str], Page], server: Server
) -> None:
    page = readers(PAGES[name].username)
    visit(page, PAGES[name], server, language="zh-hans")

    read = paper(page)

    first = sheets(read)[0]
    assert "打印时间 20" in first
    assert "演示数据" in first
    assert f"1 / {len(read.pages)}" in first
    assert [word for word in ("筛选", "导出", "退出登录", "English") if word in text(read)] == []
    assert {tuple(round(side) for side in sheet.mediabox[2:]) for sheet in read.pages} == {A4}


@pytest.mark.parametrize("name", PRINTED)
def test_nothing_runs_out_of_the_sheet(
    name: str, readers: Callable[[str], Page], server: Server
) -> None:
    page = readers(PAGES[name].username)
    visit(page, PAGES[name], server, language="en")

    page.set_viewport_size({"width": SHEET_PX, "height": 1000})
    page.emulate_media(media="print")
    width = page.evaluate("document.documentElement.scrollWidth")
    page.emulate_media(media="null")
    page.set_viewport_size({"width": 1280, "height": 720})

    assert width <= SHEET_PX


def test_the_desk_prints_its_queue_alone_one_line_for_a_case(
    readers: Callable[[str], Page], server: Server
) -> None:
    desk = readers("operator")
    visit(desk, PAGES["web:desk"], server, language="zh-hans")
    rows = desk.locator("#queue a[data-case]").count()
    codes = desk.locator("#queue .code").all_text_contents()

    read = paper(desk)

    assert rows > 0
    assert len(read.pages) <= 1 + rows // 25
    printed = text(read)
    assert sorted(re.findall(r"[A-Z]{2}-\d{6}-\d+", printed)) == sorted(codes)
    assert "分钟前" not in printed


def test_a_case_prints_its_whole_history_without_the_map(open_as: Opener, server: Server) -> None:
    case = open_as("operator", f"/cases/{server.case}/")
    lines = case.locator("ol.timeline > li").count()

    case.emulate_media(media="print")

    assert lines > 3
    assert case.locator("ol.timeline > li:visible").count() == lines
    assert case.locator(".map:visible, .bar:visible, button:visible, .button:visible").count() == 0


def test_the_minute_on_paper_is_that_of_printing(open_as: Opener, server: Server) -> None:
    desk = open_as("operator", "/desk/")
    desk.clock.set_fixed_time("2031-01-02T03:04:05Z")

    assert "2031-01-02 11:04" in text(paper(desk))


def test_the_desk_without_scripts_shows_the_drawn_map_inside_its_place(
    open_as: Opener, server: Server
) -> None:
    desk = open_as("operator", "/desk/", java_script_enabled=False)
    drawn = desk.locator("img.drawn")

    drawn.wait_for()

    box, frame = drawn.bounding_box(), desk.locator(".map-box").bounding_box()
    assert box is not None
    assert frame is not None
    assert desk.locator(".map").is_hidden()
    assert 100 < box["height"] <= frame["height"] + 1
    assert 100 < box["width"] <= frame["width"] + 1


def test_the_drawn_map_is_a_picture_that_a_browser_can_read(
    open_as: Opener, server: Server
) -> None:
    desk = open_as("operator", "/desk/")

    wide = desk.evaluate(
        """async () => {
          const picture = new Image();
          picture.src = "/geo/map.svg?state=all";
          await picture.decode();
          return picture.naturalWidth;
        }"""
    )

    assert wide == 1600
