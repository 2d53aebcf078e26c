"""Lists as CSV and as workbooks, in which no cell can become a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM = "\ufeff"  # without it Excel reads Chinese as Latin

# OWASP, "CSV Injection": what may begin a formula, with the full-width forms that a Chinese Excel
# reads alike; blanks before it do not help everywhere.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - meant
_BLANKS = " \u00a0\u3000"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # no workbook may hold them
_WIDTH = 20  # characters: a moment fits
_HEAD = PatternFill("solid", fgColor="E4EEF8")

Cell = str | int | float | datetime | date | None
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Heads:
    """What stands above a list: its title and its columns; ``about`` says where it comes from."""

    title: str
    columns: Sequence[str]
    about: Sequence[tuple[str, str]] = ()


def safe(cell: Cell) -> Cell:
    """Return ``cell`` so that no spreadsheet program reads it as a formula."""
    if not isinstance(cell, str):
        return cell
    clean = _UNPRINTABLE.sub("", cell)
    return f"'{clean}" if clean.lstrip(_BLANKS).startswith(_FORMULA) else clean


def csv_lines(rows: Iterable[Row]) -> str:
    """Return ``rows`` as lines of CSV; moments are written in local time."""
    out = StringIO()
    csv.writer(out).writerows([_written(cell) for cell in row] for row in rows)
    return out.getvalue()


def _written(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return f"{_local(cell):%Y-%m-%d %H:%M:%S}"
    return cell.isoformat() if isinstance(cell, date) else safe(cell)


def workbook(heads: Heads, rows: Iterable[Row], *, size: int) -> bytes:
    """Return ``size`` rows as an Excel workbook: one sheet with them, one that tells what it is."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_named(heads.title))
    _lay_out(sheet, heads, size)
    sheet.append([_head_cell(sheet, name) for name in heads.columns])
    for row in rows:
        sheet.append([_valued(cell) for cell in row])
    about = book.create_sheet(_("About this file"))
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 18, 60
    for name, told in heads.about:
        about.append([safe(name), safe(told)])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _lay_out(sheet: Any, heads: Heads, size: int) -> None:
    """Keep the heads in sight and on every page; a list prints across one page."""
    for number in range(1, len(heads.columns) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    last = get_column_letter(len(heads.columns))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{last}{size + 1}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "&P / &N"


def _head_cell(sheet: Any, name: str) -> Any:
    cell = WriteOnlyCell(sheet, str(safe(name)))
    cell.font, cell.fill = Font(bold=True), _HEAD
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    return cell


def _valued(cell: Cell) -> Cell:
    """Return ``cell`` as a workbook keeps it: a moment without zone, in local time."""
    return _local(cell).replace(tzinfo=None) if isinstance(cell, datetime) else safe(cell)


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(microsecond=0)


def _named(title: str) -> str:
    """Return ``title`` as a workbook allows it for a sheet."""
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31]
