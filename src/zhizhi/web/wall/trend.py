"""How many alerts and cases came, hour by hour and day by day, and how long they waited."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Min, Q, QuerySet

from zhizhi.directory.models import Area
from zhizhi.engine.models import Alert, Case
from zhizhi.trust.scoping import Scope
from zhizhi.web import queue
from zhizhi.web.narrowing import Narrowing
from zhizhi.web.queue import QueueFilter
from zhizhi.web.spans import Span
from zhizhi.web.wall.drawing import Chart, chart
from zhizhi.web.wall.figures import desk_address

HOURS, DAYS = 24, 14


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour or day: how many cases were opened in it and how many alerts raised."""

    start: datetime
    cases: int
    alerts: int
    href: str
    is_present: bool


class Wait(NamedTuple):
    """When a case was opened, and when a unit was first sent to it and first arrived."""

    opened: datetime
    sent: datetime | None
    there: datetime | None


def trend(scope: Scope, area: Area, *, now: datetime) -> dict[str, Any]:
    """Return both charts and the medians."""
    days = Span.days(now, DAYS)
    came = cases_opened(scope, area, days, now)
    opened = [wait.opened for wait in came]
    alerts = Alert.objects.visible_to(scope).filter(case__area_path__startswith=area.path)
    raised = moments(alerts.filter(raised_at__gte=days.start), "raised_at")
    charts = [
        {
            "name": name,
            "span": span,
            **_chart(area, span, opened, raised, now),
            **_alerted(scope, area, span, now),
        }
        for name, span in (("hours", Span.hours(now, HOURS)), ("days", days))
    ]
    return {
        "charts": charts,
        "is_empty": not opened and not raised,
        "waits": [medians(area, span, came) for span in (charts[0]["span"], days)],
    }


def moments(rows: QuerySet[Any], column: str) -> list[datetime]:
    """Return one moment a row; of two rows with the same moment both count."""
    return [moment for _pk, moment in rows.order_by().values_list("pk", column)]


def _chart(
    area: Area, span: Span, opened: list[datetime], raised: list[datetime], now: datetime
) -> dict[str, Any]:
    parts = span.parts()
    cases, alerts = per_part(opened, parts), per_part(raised, parts)
    bars = [
        Bar(part.start, n, m, desk_address(opened_in(area, part)), part.start <= now < part.end)
        for part, n, m in zip(parts, cases, alerts, strict=True)
    ]
    drawn: Chart = chart(cases, alerts)
    return {
        "bars": bars,
        "drawn": drawn,
        "alerts": sum(alerts),
    }


def _alerted(scope: Scope, area: Area, span: Span, now: datetime) -> dict[str, Any]:
    """Return in how many cases alerts were raised: several may be raised in one."""
    wanted = QueueFilter(queue.ALL, beside=Narrowing(area=area.path, alerted=span))
    count = queue.count(scope, wanted, now=now)
    return {"alerted": desk_address(wanted), "alerted_cases": count}


def per_part(moments: Iterable[datetime], parts: Sequence[Span]) -> list[int]:
    """Return how many of ``moments`` lie in each part; those outside count in none."""
    ordered = sorted(moments)
    edges = [part.start for part in parts] + [parts[-1].end]
    before = [bisect_left(ordered, edge) for edge in edges]
    return [until - since for since, until in pairwise(before)]


def opened_in(area: Area, span: Span) -> QueueFilter:
    """Return the queue of the cases opened in ``span``, whatever became of them."""
    return QueueFilter(queue.ALL, beside=Narrowing(area=area.path, opened=span))


def cases_opened(scope: Scope, area: Area, span: Span, now: datetime) -> list[Wait]:
    """Return the cases opened in ``span``, with when a first unit was sent and arrived."""
    units = Q(tasks__unit__isnull=False)
    cases = opened_in(area, span).apply(Case.objects.visible_to(scope), now=now).order_by()
    # values() first: the database then groups by the two columns and not by all of a case
    rows = cases.values("pk", "opened_at").annotate(
        sent=Min("tasks__offered_at", filter=units),
        there=Min("tasks__arrived_at", filter=units),
    )
    told = rows.values_list("opened_at", "sent", "there")
    return [Wait(*moments) for moments in told]


def medians(area: Area, span: Span, came: Iterable[Wait]) -> dict[str, Any]:
    """Return the medians, in minutes, from the first alert to the first unit sent and arrived.

    A case is opened by its first alert. One that nobody was sent to has no such time and is left
    out; the number of cases behind each median stands beside it.
    """
    start, end = span.start, span.end
    inside = [wait for wait in came if start <= wait.opened < end]
    return {
        "span": span,
        "hours": round((end - start) / timedelta(hours=1)),
        "href": desk_address(opened_in(area, span)),
        "count": len(inside),
        "sent": minutes_between((wait.opened, wait.sent) for wait in inside),
        "there": minutes_between((wait.opened, wait.there) for wait in inside),
    }


def minutes_between(pairs: Iterable[tuple[datetime, datetime | None]]) -> dict[str, Any]:
    """Return the median span in minutes of the pairs that have an end, and how many have one."""
    spans = [(end - start) / timedelta(minutes=1) for start, end in pairs if end is not None]
    return {"count": len(spans), "median": median(spans) if spans else None}
