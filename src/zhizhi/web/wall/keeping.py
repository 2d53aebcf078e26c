"""How well time limits are kept, by kind and by place, and which cases have waited longest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from typing import Any

from django.db.models import Count
from django.urls import reverse

from zhizhi.directory.models import Area
from zhizhi.engine.models import Case, Clock
from zhizhi.trust.scoping import Scope
from zhizhi.web import limits, queue
from zhizhi.web.narrowing import ANY, Narrowing
from zhizhi.web.queue import QueueFilter
from zhizhi.web.spans import Span
from zhizhi.web.wall.drawing import share
from zhizhi.web.wall.figures import (
    URGENT,
    Figure,
    by_place,
    figure,
    in_place,
    inside,
    names_of,
    whole,
)
from zhizhi.web.words import CLOCKS, clock_name

DAYS, OLDEST, MOST_PLACES = 14, 5, 12


@dataclass(frozen=True, slots=True)
class Kept:
    """Of the limits that ended in the span, how many were kept, and the cases that were late."""

    label: str
    kept: int
    total: int
    late: Figure
    overdue: Figure | None = None

    @property
    def share(self) -> float | None:
        return share(self.kept, self.total)


def keeping(scope: Scope, area: Area, *, now: datetime) -> dict[str, Any]:
    """Return the shares of the last 14 days and the oldest cases in work."""
    span = Span.days(now, DAYS)
    counts = _counts(scope, area, span, now)
    places = sorted(_by_place(scope, area, span, counts, now), key=_worst_first)
    return {
        "days": DAYS,
        "kinds": [_of_kind(scope, area, span, kind, counts, now) for kind in _known(counts)],
        "places": places[:MOST_PLACES],
        "others": len(places[MOST_PLACES:]),
        "is_empty": not counts,
        "oldest": [_old(case, now) for case in _oldest(scope, area, now)],
    }


def kept_by_kind(scope: Scope, area: Area, span: Span, now: datetime) -> list[Kept]:
    """Return the shares of the limits that ended in ``span``, kind by kind."""
    counts = _counts(scope, area, span, now)
    return [_of_kind(scope, area, span, kind, counts, now) for kind in _known(counts)]


def _oldest(scope: Scope, area: Area, now: datetime) -> Sequence[Case]:
    """Return the cases in work that were opened first.

    Chosen here: asked for the oldest, a database walks through all the ended ones before them.
    """
    live = whole(area).apply(Case.objects.visible_to(scope), now=now).order_by()
    oldest = nsmallest(OLDEST, live.values_list("opened_at", "pk"))
    found = queue.with_due_at(live.filter(pk__in=[pk for _at, pk in oldest]))
    return list(found.select_related("area").order_by("opened_at", "pk"))


Counts = Mapping[tuple[str, str], tuple[int, int]]  # (kind, place) -> kept, missed


def _counts(scope: Scope, area: Area, span: Span, now: datetime) -> Counts:
    """Return how many limits that ended in the span were kept and missed."""
    clocks = Clock.objects.filter(
        Case.scope_filter(scope, "case__"),
        due_at__gte=span.start,
        due_at__lt=span.end,
        case__area_path__startswith=area.path,
    )
    rows = clocks.values_list("kind", "case__area_path").annotate(
        kept=Count("pk", filter=limits.kept()), missed=Count("pk", filter=limits.missed(now))
    )
    found: dict[tuple[str, str], tuple[int, int]] = {}
    steps = area.path.count("/")
    for kind, path, kept, missed in rows.order_by():
        if kept or missed:
            key = (kind, inside(path, steps))
            before = found.get(key, (0, 0))
            found[key] = (before[0] + kept, before[1] + missed)
    return found


def _known(counts: Counts) -> list[str]:
    """Return the kinds of limits that have a name, in the order of the work, then any others."""
    seen = {kind for kind, _place in counts}
    return [*(kind for kind in CLOCKS if kind in seen), *sorted(seen - set(CLOCKS))]


def _sum(counts: Counts, *, kind: str = "", place: str = "") -> tuple[int, int]:
    """Return kept and all of one kind or one place."""
    fit = [n for (k, p), n in counts.items() if kind in {"", k} and place in {"", p}]
    kept = sum(one for one, _missed in fit)
    return kept, kept + sum(missed for _kept, missed in fit)


def _of_kind(
    scope: Scope, area: Area, span: Span, kind: str, counts: Counts, now: datetime
) -> Kept:
    late = figure(scope, "late", "", _missed(area.path, kind, span), now=now)
    return Kept(clock_name(kind), *_sum(counts, kind=kind), late)


def _by_place(scope: Scope, area: Area, span: Span, counts: Counts, now: datetime) -> list[Kept]:
    paths = {place for _kind, place in counts}
    names = names_of(paths)
    late = by_place(scope, area, _missed(area.path, ANY, span), now=now)
    overdue = by_place(scope, area, _overdue(area.path), now=now)
    return [
        Kept(
            names.get(path, path),
            *_sum(counts, place=path),
            in_place(area, path, late[path], _missed(path, ANY, span)),
            in_place(area, path, overdue[path], _overdue(path), tone=URGENT),
        )
        for path in sorted(paths)
    ]


def _overdue(path: str) -> QueueFilter:
    return QueueFilter(beside=Narrowing(area=path, is_overdue=True))


def _missed(path: str, kind: str, span: Span) -> QueueFilter:
    return QueueFilter(queue.ALL, beside=Narrowing(area=path, missed=kind, due=span))


def _worst_first(row: Kept) -> tuple[float, int]:
    return (row.share if row.share is not None else 100, -row.total)


def _old(case: Case, now: datetime) -> dict[str, Any]:
    due_at = getattr(case, "due_at", None)
    is_overdue = due_at is not None and due_at < now
    href = f"{reverse('web:desk')}?case={case.pk}"
    return {"case": case, "is_overdue": is_overdue, "href": href}
