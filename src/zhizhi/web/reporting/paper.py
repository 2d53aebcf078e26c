"""The statistics page as a report on paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.directory.models import Area
from zhizhi.engine.models import Severity
from zhizhi.trust.scoping import Scope
from zhizhi.web.charts import span_text
from zhizhi.web.exporting.report import FigureReport, FigureTable
from zhizhi.web.reporting.facts import facts
from zhizhi.web.spans import Span


def title(area: Area) -> str:
    """Return what the report is called."""
    return _("Statistics of {area}").format(area=area.name)


def report(scope: Scope, area: Area, span: Span, *, now: datetime) -> FigureReport:
    """Return the figures of ``area`` over ``span`` for paper."""
    found = facts(scope, area, span, now=now)
    return FigureReport(
        title=title(area),
        told=[(_("Days"), span_text(span))],
        figures=[(one.label, one.count) for one in found["figures"]],
        charts=[found["chart"]],
        tables=list(_tables(found)),
        definitions=found["definitions"],
    )


def _tables(found: dict[str, Any]) -> list[FigureTable]:
    chart, places = found["chart"], found["places"]
    return [
        FigureTable(_("By day"), (_("Day"), chart.bars.name, chart.line.name), chart.rows()),
        FigureTable(_("By severity"), (_("Severity"), _("Cases")),
              [(Severity(one.name).label, one.count) for one in found["severities"]]),
        FigureTable(_("By place"), (_("Place"), _("Cases")),
              [(one.label, one.count) for one in places["rows"]]),
        FigureTable(_("Time limits"), (_("Time limit"), _("in time"), _("of"), _("Share")),
              [(row.label, row.kept, row.total, _percent(row.share)) for row in found["kinds"]]),
        FigureTable(_("Waiting times"), (_("From the alert"), _("Median, minutes"), _("Cases")),
              [_wait(_("Alert to dispatch"), found["waits"]["sent"]),
               _wait(_("Alert to arrival"), found["waits"]["there"])]),
    ]  # fmt: skip


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0f}%"


def _wait(label: str, measure: dict[str, Any]) -> tuple[str, str, int]:
    middle = measure["median"]
    return (label, "–" if middle is None else f"{middle:.1f}", measure["count"])
