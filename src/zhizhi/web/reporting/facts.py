"""What happened in an area over some days: the figures of the statistics page and of its report."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.directory.models import Area
from zhizhi.engine.models import Alert, Case, Severity, TimelineEntry
from zhizhi.trust.scoping import Scope
from zhizhi.web import queue
from zhizhi.web.charts import Columns, Series, buckets
from zhizhi.web.narrowing import ANY, Narrowing
from zhizhi.web.queue import QueueFilter
from zhizhi.web.spans import Span
from zhizhi.web.wall.figures import Figure, by_place, figure, in_place, names_of
from zhizhi.web.wall.keeping import kept_by_kind
from zhizhi.web.wall.trend import Wait, cases_opened, medians, moments, opened_in, per_part


def facts(scope: Scope, area: Area, span: Span, *, now: datetime) -> dict[str, Any]:
    """Return everything that the page shows; every number counts what the reader may see."""
    came = cases_opened(scope, area, span, now)
    return {
        "figures": _figures(scope, area, span, now=now),
        "chart": _chart(scope, area, span, came),
        "waits": medians(area, span, came),
        "severities": _severities(scope, area, span, now=now),
        "places": _places(scope, area, span, now=now),
        "kinds": kept_by_kind(scope, area, span, now),
        "definitions": definitions(),
    }


def _figures(scope: Scope, area: Area, span: Span, *, now: datetime) -> list[Figure]:
    every = opened_in(area, span)
    place = Narrowing(area=area.path)
    ended = QueueFilter(Case.State.CLOSED, beside=replace(place, closed=span))
    dismissed = QueueFilter(Case.State.DISMISSED, beside=replace(place, closed=span))
    late = QueueFilter(queue.ALL, beside=replace(place, missed=ANY, due=span))
    return [
        figure(scope, "opened", _("Cases opened"), every, now=now),
        Figure("alerts", _("Alerts raised"), _alerts(scope, area, span).count(), ""),
        figure(scope, "closed", _("Closed"), ended, now=now),
        figure(scope, "dismissed", _("False alarms"), dismissed, now=now),
        figure(scope, "late", _("With a missed limit"), late, now=now),
        Figure("reopened", _("Opened again"), _reopened(scope, area, span), ""),
    ]


def _alerts(scope: Scope, area: Area, span: Span) -> Any:
    alerts = Alert.objects.visible_to(scope).filter(case__area_path__startswith=area.path)
    return alerts.filter(raised_at__gte=span.start, raised_at__lt=span.end)


def _reopened(scope: Scope, area: Area, span: Span) -> int:
    cases = Case.objects.visible_to(scope).filter(area_path__startswith=area.path)
    lines = TimelineEntry.objects.filter(
        verb="case.reopen",
        at__gte=span.start,
        at__lt=span.end,
        case__in=cases.order_by().values("pk"),
    )
    return lines.count()


def _chart(scope: Scope, area: Area, span: Span, came: list[Wait]) -> Columns:
    parts = buckets(span)
    opened = [wait.opened for wait in came]
    raised = moments(_alerts(scope, area, span), "raised_at")
    return Columns(
        _("Cases opened and alerts raised"),
        parts,
        Series(_("Cases"), per_part(opened, parts)),
        Series(_("Alerts"), per_part(raised, parts)),
    )


def _severities(scope: Scope, area: Area, span: Span, *, now: datetime) -> list[Figure]:
    every = opened_in(area, span)
    return [
        figure(scope, value, value, replace(every, severity=value), now=now)
        for value in Severity.values
    ]


def _places(scope: Scope, area: Area, span: Span, *, now: datetime) -> dict[str, Any]:
    """Return where the cases were, the places with most of them first."""
    found = by_place(scope, area, opened_in(area, span), now=now)
    names = names_of(found)
    rows = [
        in_place(
            area,
            path,
            count,
            QueueFilter(queue.ALL, beside=Narrowing(area=path, opened=span)),
            names.get(path),
        )
        for path, count in sorted(found.items(), key=lambda one: (-one[1], one[0]))
    ]
    return {"rows": rows, "most": rows[0].count if rows else 0}


def definitions() -> list[tuple[str, str]]:
    """Return what each number means."""
    return [
        (
            _("Cases opened"),
            _("Cases whose first alert came in these days, whatever became of them."),
        ),
        (_("Alerts raised"), _("Several alerts of one case count each.")),
        (_("Closed"), _("Cases that ended in these days after inspection or by themselves.")),
        (_("False alarms"), _("Cases that an operator dismissed in these days.")),
        (
            _("With a missed limit"),
            _("Cases with a time limit that ended in these days and was not kept."),
        ),
        (_("Opened again"), _("How often an ended case was opened again in these days.")),
        (
            _("Alert to dispatch"),
            _(
                "Median over the cases opened in these days to which somebody was sent; the number "
                "behind it stands beside it."
            ),
        ),
    ]
