"""Lists as files: no cell that a spreadsheet program would run, Chinese as it was written."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from zhizhi.web.exporting.spreadsheets import BOM, Cell, Heads, csv_lines, safe, workbook

EVIL = "=HYPERLINK(1)"
NOON = datetime(2026, 3, 2, 4, 0, 1, 999_999, tzinfo=UTC)
HEADS = Heads("事件: a/b", ("编号", "区域"), [("说明", EVIL)])


@pytest.mark.parametrize("blanks", ["", " ", "\u3000"])
@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]  # noqa: RUF001
)  # fmt: skip
def test_a_text_that_could_be_a_formula_is_disarmed(start: str, blanks: str) -> None:
    assert safe(f"{blanks}{start}1+1") == f"'{blanks}{start}1+1"


@pytest.mark.parametrize("cell", ["白涛", "1=1", "", 7, -7, -7.5, None, "a\nb"])
def test_other_cells_stay_as_they_are(cell: Cell) -> None:
    assert safe(cell) == cell


def test_what_no_workbook_may_hold_is_left_out_before_a_formula_is_looked_for() -> None:
    assert safe("\x00=1") == "'=1"


def test_csv_disarms_quotes_and_writes_local_time() -> None:
    [row] = csv.reader(StringIO(csv_lines([[EVIL, 'a,"b"\nc', NOON, date(2026, 3, 2), None, 0]])))

    assert row == [f"'{EVIL}", 'a,"b"\nc', "2026-03-02 12:00:01", "2026-03-02", "", "0"]


def test_the_byte_order_mark_is_utf_8s() -> None:
    assert BOM.encode() == b"\xef\xbb\xbf"


def test_a_workbook_has_the_rows_no_formula_and_moments_that_sort() -> None:
    content = workbook(HEADS, [["白涛", EVIL], [NOON, -3]], size=2)

    book = load_workbook(BytesIO(content))
    sheet = book.worksheets[0]
    assert sheet.title == "事件  a b"
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["编号", "区域"],
        ["白涛", f"'{EVIL}"],
        [datetime(2026, 3, 2, 12, 0, 1), -3],  # noqa: DTZ001 - workbooks know no zones
    ]
    cells = [cell for one in book.worksheets for row in one.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n", "d"}


def test_the_heads_stay_in_sight_on_the_screen_and_on_every_page() -> None:
    sheet = load_workbook(BytesIO(workbook(HEADS, [["a", "b"]], size=1))).worksheets[0]

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B2"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.column_dimensions["A"].width == 20
