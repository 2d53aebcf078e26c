"""The queue of the desk: which cases, in which order, with what beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case as When
from django.db.models import IntegerField, Min, Q, QuerySet, Value
from django.db.models import When as Then

from zhizhi.engine.models import Case, Severity, Task, Zone
from zhizhi.trust.scoping import Scope

WINDOW = 100  # rows a page; the rest is counted and reached by filters
LIVE = ("open", "dispatched", "handling", "handled")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the operator looks for: the address of the page is the filter."""

    state: str = "live"
    severity: str = ""
    search: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> QueueFilter:
        """Read a filter from an address; unknown values mean no filter."""
        state, severity = query.get("state", "live"), query.get("severity", "")
        return cls(
            state if state in {"live", "all", *Case.State.values} else "live",
            severity if severity in Severity.values else "",
            query.get("q", "").strip()[:40],
        )

    def apply(self, cases: QuerySet[Case]) -> QuerySet[Case]:
        """Return the cases that fit."""
        if self.state == "live":
            cases = cases.filter(state__in=LIVE)
        elif self.state != "all":
            cases = cases.filter(state=self.state)
        if self.severity:
            cases = cases.filter(severity=self.severity)
        if self.search:
            number = self.search.rsplit("-", 1)[-1]
            found = Q(area__name__icontains=self.search) | Q(zone__icontains=self.search)
            zones = Zone.objects.filter(is_current=True, name__icontains=self.search)
            found |= Q(zone__in=zones.values("key"))
            if number.isdigit() and len(number) < 18:
                found |= Q(pk=int(number))
            cases = cases.filter(found)
        return cases


def cases_of(scope: Scope, wanted: QueueFilter) -> QuerySet[Case]:
    """Return the cases of a queue: what waits for somebody first, worst first, oldest first."""
    rank = When(
        *(Then(severity=value, then=Value(place)) for place, value in enumerate(Severity.values)),
        default=Value(9),
        output_field=IntegerField(),
    )
    turn = When(
        Then(state=Case.State.OPEN, then=Value(0)),
        Then(state=Case.State.HANDLED, then=Value(1)),
        Then(state__in=(Case.State.DISPATCHED, Case.State.HANDLING), then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    visible = wanted.apply(Case.objects.visible_to(scope))
    due = Min("clocks__due_at", filter=Q(clocks__state="running"))
    return visible.annotate(turn=turn, rank=rank, due_at=due).order_by("turn", "rank", "-opened_at")


def rows(scope: Scope, wanted: QueueFilter, *, now: datetime) -> dict[str, Any]:
    """Return the window of rows that a page shows, and how many there are."""
    cases = cases_of(scope, wanted).select_related("area")
    window = list(cases[: WINDOW + 1])
    zones = dict(Zone.objects.filter(is_current=True).values_list("key", "name"))
    sent = _sent(scope, window)
    shown = [
        {
            "case": case,
            "zone": zones.get(case.zone, case.zone),
            "units": sent.get(case.pk, []),
            "is_overdue": _is_past(getattr(case, "due_at", None), now),
        }
        for case in window[:WINDOW]
    ]
    total = len(window) if len(window) <= WINDOW else cases.count()
    return {"rows": shown, "total": total, "is_cut": len(window) > WINDOW, "now": now}


def _sent(scope: Scope, cases: list[Case]) -> dict[int, list[str]]:
    """Return the call signs on their way to each case."""
    found: dict[int, list[str]] = {}
    tasks = Task.objects.visible_to(scope).filter(
        case__in=[case.pk for case in cases], state__in=Task.LIVE, unit__isnull=False
    )
    for case, name in tasks.values_list("case_id", "unit__name"):
        found.setdefault(case, []).append(name)
    return found


def _is_past(due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and due_at < now
