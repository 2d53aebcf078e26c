"""The export: the same figures, and no cell that a spreadsheet program would run."""

from __future__ import annotations

import csv
from datetime import date
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from zhizhi.systems.fishery.counting import Figures, Outcome, Statistics
from zhizhi.systems.fishery.exporting import as_csv, as_workbook, safe, table

EVIL = "=HYPERLINK(1)"


def rows(zone: str = "reach-1") -> list[list[str]]:
    figures = Figures(3, 2, 1)
    figures.outcomes[Outcome.OFFENCE] = 3
    day = date(2026, 3, 2)
    found = Statistics(figures, {zone: figures}, {day: figures}, {(day, zone): figures})
    return [[str(cell) for cell in row] for row in table(found, {zone: EVIL})]


def test_a_table_has_heading_days_and_total() -> None:
    heading, day, total = rows()

    assert len(heading) == len(day) == len(total) == 11
    assert day[:2] == ["2026-03-02", EVIL]
    assert day[2:] == total[2:] == ["3", "2", "3", "0", "0", "0", "0", "0", "1"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_could_be_a_formula_is_disarmed(start: str) -> None:
    assert safe(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("cell", ["白涛", "1=1", "", 7, -7])
def test_other_cells_stay_as_they_are(cell: str | int) -> None:
    assert safe(cell) == cell


def test_the_csv_opens_in_excel_and_has_no_formula() -> None:
    content = as_csv(rows())

    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(StringIO(content.decode("utf-8-sig"))))
    assert read[1][1] == f"'{EVIL}"


def test_the_workbook_has_the_same_rows_and_no_formula() -> None:
    sheet = load_workbook(BytesIO(as_workbook(rows()))).active

    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert sheet.max_row == 3
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert sheet["B2"].value == f"'{EVIL}"
