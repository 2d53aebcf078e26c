"""Figures as a report on paper: numbers, charts and tables, and the audit chain's head as seal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from zhizhi.trust import audit
from zhizhi.web import charts
from zhizhi.web.charts import Columns
from zhizhi.web.exporting.files import demo_note
from zhizhi.web.exporting.printing import NUMBERS, Manuscript


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A table of a report; all columns but the first ``words`` hold numbers."""

    title: str
    heads: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    words: int = 1
    has_total: bool = False  # the last row is the sum of the others


@dataclass(frozen=True, slots=True)
class FigureReport:
    """What a report tells, in the order in which it is read."""

    title: str
    told: Sequence[tuple[Any, Any]]  # what was asked for: area, days, zone
    figures: Sequence[tuple[Any, Any]] = ()
    charts: Sequence[Columns] = ()
    tables: Sequence[FigureTable] = ()
    definitions: Sequence[tuple[Any, Any]] = field(default=())


def manuscript(report: FigureReport, *, user: str, now: datetime) -> Manuscript:
    """Return ``report`` as a page, sealed with the newest entry of the audit chain.

    Write the export down before: that entry is then the seal.
    """
    drawn = [(f"chart-{number}", chart) for number, chart in enumerate(report.charts, 1)]
    context = {
        "report": report,
        "charts": drawn,
        "key": charts.key(),
        "seal": audit.head(),
        "demo": demo_note(),
        "user": user,
        "now": now,
        **NUMBERS,
    }
    pictures = {name: charts.svg(chart).encode() for name, chart in drawn}
    return Manuscript(render_to_string("web/paper/report.html", context), pictures)
