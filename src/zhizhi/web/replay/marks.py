"""What happened when: the marks under the slider, each of which leads to its moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from zhizhi.engine.models import Alert, TimelineEntry
from zhizhi.trust.scoping import Scope, any_of
from zhizhi.web.replay import moments
from zhizhi.web.words import verb_name

# what a mark tells, and how it is drawn
KINDS = {
    "alert.raise": "alert",
    "case.dispatch": "dispatch",
    "task.arrive": "arrival",
    "case.close": "closing",
    "case.dismiss": "closing",
}
SHOWN = 12
BINS = 240
LONG = timedelta(days=400)


def lines_of(scope: Scope) -> QuerySet[TimelineEntry]:
    """Return the marks of the cases in the viewer's area (roles of the desk see all of these)."""
    mine = any_of(Q(case__area_path__startswith=grant.area_path) for grant in scope.grants)
    return TimelineEntry.objects.filter(mine, verb__in=KINDS)


def around(scope: Scope, at: datetime, *, case: int | None = None) -> dict[str, Any]:
    """Return what happened next, and the mark before: of one case where it is chosen."""
    lines = lines_of(scope) if case is None else lines_of(scope).filter(case=case)
    lines = lines.select_related("case", "task__unit", "task__agency")
    return {
        "next": [_mark(one) for one in lines.filter(at__gt=at).order_by("at", "pk")[:SHOWN]],
        "before": [_mark(one) for one in lines.filter(at__lt=at).order_by("-at", "-pk")[:1]],
    }


def _mark(line: TimelineEntry) -> dict[str, Any]:
    given = line.task and (line.task.unit or line.task.agency)
    return {
        "at": line.at,
        "written": moments.write(line.at),
        "kind": KINDS[line.verb],
        "what": verb_name(line.verb),
        "case": line.case,
        "who": str(given) if given else "",
    }


@dataclass(frozen=True, slots=True)
class Stripe:
    """One column of the strip above the slider, in parts of a thousand."""

    x: float
    width: float
    height: float


def strip(scope: Scope, history: moments.History) -> list[Stripe]:
    """Return how many alerts were raised over the whole history, as columns of one strip."""
    span = max(history.last - history.first, timedelta(minutes=1))
    raised = Alert.objects.visible_to(scope).order_by()
    raised = raised.filter(raised_at__gte=max(history.first, history.last - LONG))
    counts = [0] * BINS
    for _pk, at in raised.values_list("pk", "raised_at"):
        counts[min(BINS - 1, max(0, int((at - history.first) / span * BINS)))] += 1
    return bars(counts)


def bars(counts: Sequence[int]) -> list[Stripe]:
    """Return one column for each count that is not zero."""
    most, width = max(counts, default=0), 1000 / max(1, len(counts))
    return [
        Stripe(round(number * width, 2), round(width * 0.8, 2), round(2 + 26 * count / most, 1))
        for number, count in enumerate(counts)
        if count
    ]


def place(at: datetime, history: moments.History) -> float:
    """Return where ``at`` lies on the slider, in parts of a thousand."""
    span = max(history.last - history.first, timedelta(minutes=1))
    return round(1000 * max(0.0, min(1.0, (at - history.first) / span)), 2)


def ticks(moments_of: Iterable[tuple[datetime, str]], history: moments.History) -> list[Any]:
    """Return differences as ticks of the slider: place, address of the moment, kind."""
    return [
        {"x": place(at, history), "written": moments.write(at), "kind": kind, "at": at}
        for at, kind in moments_of
    ]
