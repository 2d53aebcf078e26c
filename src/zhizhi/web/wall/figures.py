"""The numbers of a wall: each counts a queue of the desk and leads to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Area
from zhizhi.engine.models import Case, Severity
from zhizhi.trust.scoping import Scope
from zhizhi.web import queue
from zhizhi.web.narrowing import Narrowing
from zhizhi.web.queue import QueueFilter
from zhizhi.web.spans import Span

URGENT = "urgent"
MOST_PLACES = 7
State = Case.State


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, what it counts, and the address of the desk that lists exactly that."""

    name: str
    label: str | Promise
    count: int
    href: str
    tone: str = ""


def desk_address(wanted: QueueFilter) -> str:
    return reverse("web:desk") + wanted.address().rstrip("?")


def whole(area: Area) -> QueueFilter:
    """Return the queue of everything that is in work in ``area``."""
    return QueueFilter(beside=Narrowing(area=area.path))


def figure(
    scope: Scope,
    name: str,
    label: str | Promise,
    wanted: QueueFilter,
    *,
    now: datetime,
    tone: str = "",
) -> Figure:
    """Count a queue."""
    count = queue.count(scope, wanted, now=now)
    return Figure(name, label, count, desk_address(wanted), tone if count else "")


def big(scope: Scope, area: Area, *, now: datetime) -> list[Figure]:
    """Return the five numbers beside the map, and what waits for inspection."""
    every = whole(area)
    today = Span.days(now, 1)
    late = replace(every, beside=replace(every.beside, is_overdue=True))
    ended = replace(every, state=State.CLOSED, beside=replace(every.beside, closed=today))
    rows: list[tuple[str, str | Promise, QueueFilter, str]] = [
        ("open", _("In work"), every, ""),
        ("waiting", _("Waits for a unit"), replace(every, state=State.OPEN), ""),
        ("overdue", _("Overdue"), late, URGENT),
        ("in-hand", _("In hand"), replace(every, state=queue.IN_HAND), ""),
        ("to-inspect", _("Waits for inspection"), replace(every, state=State.HANDLED), ""),
        ("closed", _("Closed today"), ended, ""),
    ]
    return [
        figure(scope, name, label, wanted, now=now, tone=tone) for name, label, wanted, tone in rows
    ]


def severities(scope: Scope, area: Area, *, now: datetime) -> list[Figure]:
    """Return how many cases in work there are of each severity."""
    return [
        figure(scope, value, value, replace(whole(area), severity=value), now=now)
        for value in Severity.values
    ]


def places(scope: Scope, area: Area, *, now: datetime) -> dict[str, Any]:
    """Return the places inside ``area`` with the most cases in work."""
    found = by_place(scope, area, whole(area), now=now)
    most = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    shown = most[:MOST_PLACES]
    names = names_of(path for path, _count in shown)
    return {
        "rows": [
            in_place(area, path, count, QueueFilter(beside=Narrowing(area=path)), names.get(path))
            for path, count in shown
        ],
        "others": len(most[MOST_PLACES:]),
        "most": most[0][1] if most else 0,
        "found": found,
    }


def by_place(scope: Scope, area: Area, wanted: QueueFilter, *, now: datetime) -> Counter[str]:
    """Count a queue by the areas one step below ``area``."""
    steps = area.path.count("/")
    rows = wanted.apply(Case.objects.visible_to(scope), now=now).order_by()
    found: Counter[str] = Counter()
    # by state as well, which the database then finds in one index
    grouped = rows.values_list("state", "area_path").annotate(count=Count("pk"))
    for _state, path, cases in grouped:
        found[inside(path, steps)] += cases
    return found


def in_place(
    area: Area, path: str, count: int, wanted: QueueFilter, label: str | None = None, tone: str = ""
) -> Figure:
    """Return the number of a place; what lies in ``area`` but in none of its parts has no list."""
    href = desk_address(wanted) if path != area.path else ""
    return Figure(path, label or path, count, href, tone if count else "")


def inside(path: str, steps: int) -> str:
    """Return the area one step below one with ``steps`` slashes; itself where there is none."""
    return "/".join(path.split("/")[: steps + 1]).rstrip("/") + "/"


def names_of(paths: Any) -> dict[str, str]:
    rows = Area.objects.in_force().filter(path__in=list(paths))
    return dict(rows.values_list("path", "name"))
