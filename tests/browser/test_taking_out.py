"""What leaves the pages as a file: lists, a case, figures and the map, in the reader's language."""

from __future__ import annotations

import csv
import re
from io import BytesIO, StringIO
from pathlib import Path
from unicodedata import normalize

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page
from pypdf import PdfReader

from tests.browser.conftest import Opener
from tests.browser.covering import SCREENS, Screen
from tests.browser.server import Server
from tests.browser.test_stories import raised_in

pytestmark = pytest.mark.browser

FORMULA = ("=", "+", "-", "@")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def taken(page: Page, link: Locator) -> bytes:
    """Press what takes something out and return the file."""
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def sheets(paper: bytes) -> list[str]:
    """The text of each sheet, without its line breaks."""
    read = PdfReader(BytesIO(paper)).pages
    return [normalize("NFKC", sheet.extract_text()).replace("\n", "") for sheet in read]


def numbered(paper: bytes, screen: Screen) -> str:
    """See that each sheet says which of how many it is; returns the whole text."""
    found = sheets(paper)
    for number, text in enumerate(found, 1):
        says = f"第 {number} 页" if screen.language != "en" else f"Page {number} of {len(found)}"
        assert says in text
    return "".join(found)


def both(desk: Page, menu: Locator, screen: Screen) -> tuple[bytes, bytes]:
    """Take the list out in both forms; again when the worker changed a case meanwhile."""
    plain = taken(desk, menu.get_by_role("link", name=screen.says("CSV")))
    for _time in range(5):
        book = taken(desk, menu.get_by_role("link", name=screen.says("Excel workbook")))
        before, plain = plain, taken(desk, menu.get_by_role("link", name=screen.says("CSV")))
        if before == plain:
            return plain, book
    pytest.fail("the queue was never twice the same")


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_the_queue_is_taken_out_whole_and_harmless(screen: Screen, open_as: Opener) -> None:
    desk, says = open_as("operator", "/desk/?state=open", **screen.options), screen.says
    total = int(desk.locator("#tabs a[aria-current] .count").first.inner_text())
    menu = desk.locator(".take-out")
    menu.locator("summary").click()

    plain, book = both(desk, menu, screen)

    head, *rows = csv.reader(StringIO(plain.decode("utf-8-sig")))
    assert head[:3] == [says(name) for name in ("Number", "Severity", "State")]
    assert len(rows) == total
    cells = [cell for row in rows for cell in row if not NUMBER.fullmatch(cell)]
    assert [cell for cell in cells if cell.startswith(FORMULA)] == []
    first = load_workbook(BytesIO(book)).worksheets[0]
    assert [[str(cell.value or "") for cell in row] for row in first.iter_rows()] == [head, *rows]


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_case_and_the_figures_go_on_paper(
    screen: Screen, open_as: Opener, server: Server
) -> None:
    says = screen.says
    case = open_as("leader", f"/cases/{server.case}/", **screen.options)
    code = case.locator(".case-head > span").nth(1).inner_text()
    zone = case.locator("dl.facts dd").first.inner_text()
    file = numbered(taken(case, case.get_by_role("link", name=says("Case file (PDF)"))), screen)
    case.goto("/statistics/")
    report = numbered(taken(case, case.get_by_role("link", name=says("Report (PDF)"))), screen)
    drawn = case.request.get(f"/geo/map.svg?state=all&theme={screen.theme}")

    for text in (code, normalize("NFKC", zone), says("Why this alert"), "fishery.dwell"):
        assert text in file
    for text in (says("By severity"), says("Waiting times"), says("Cases opened")):
        assert text in report
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert "<script" not in drawn.text()
    assert drawn.text().count("<path") > 10


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_notice_is_issued_sealed_and_read_in_chinese(
    screen: Screen, open_as: Opener, server: Server
) -> None:
    desk, says = open_as("operator", "/desk/?state=open", language="en"), screen.says
    desk.wait_for_selector('.map[data-ready="true"]')
    case = raised_in(desk, server, "quiet")
    page = open_as("fishery", f"/cases/{case}/notice/", **screen.options)
    screen.shows(page)

    page.locator('input[name="kind"]:not([disabled])').first.check()
    page.get_by_role("button", name=says("Issue and seal")).click()
    sealed = page.get_by_role("link", name=says("As it was sealed (PDF)")).first
    paper = sheets(taken(page, sealed))

    text = "".join(paper)
    assert "通知书" in text
    assert normalize("NFKC", server.places["quiet"].zone) in text
    for number, sheet in enumerate(paper, 1):  # a document in Chinese, whoever issues it
        assert f"第 {number} 页" in sheet
