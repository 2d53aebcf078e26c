"""Statistics as a file for a spreadsheet, in which no cell can become a formula."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO

from django.utils.translation import gettext as _
from openpyxl import Workbook

from zhizhi.systems.fishery.counting import HEADINGS, Statistics

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Row = Sequence[str | int]


def table(found: Statistics, names: Mapping[str, str]) -> list[Row]:
    """Return heading, one row for each day and zone, and the total."""
    rows: list[Row] = [[_("Day"), _("Zone"), *(str(heading) for heading in HEADINGS)]]
    for (day, zone), figures in sorted(found.cells.items()):
        rows.append([day.isoformat(), names.get(zone, zone), *figures.values()])
    rows.append([_("Total"), "", *found.total.values()])
    return rows


def safe(cell: str | int) -> str | int:
    """Return ``cell`` so that no spreadsheet program reads it as a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def as_csv(rows: Sequence[Row]) -> bytes:
    """Return ``rows`` as CSV with a byte-order mark, without which Excel breaks Chinese."""
    out = StringIO()
    csv.writer(out).writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_workbook(rows: Sequence[Row]) -> bytes:
    """Return ``rows`` as an Excel workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Fishery watch"))
    for row in rows:
        sheet.append([safe(cell) for cell in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()
