"""The desk as it was: queue, alerts, units and counts of a past moment, for the same eyes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zhizhi.engine import past, zone_history
from zhizhi.engine.models import Alert, Case, Severity, Task
from zhizhi.trust.scoping import Scope
from zhizhi.web import board, places, queue
from zhizhi.web.queue import ALL, LIVE, STATES, TURNS, WINDOW, QueueFilter
from zhizhi.web.words import told_by

MOST_ALERTS = 60
MOST_LABELS = 500
RANKS = {severity: rank for rank, severity in enumerate(Severity.values)}
_TURN = {state: place for place, (states, _name) in enumerate(TURNS) for state in states}


@dataclass(frozen=True, slots=True)
class PastFilter(QueueFilter):
    """The filter of a past queue: state and severity; every address keeps the moment."""

    at: str = ""

    @classmethod
    def then(cls, state: str, severity: str, at: str) -> PastFilter:
        """Return a filter; unknown words and states that have ended mean no filter."""
        is_known = state in STATES and state not in Case.RESTING
        return cls(
            state=state if is_known else queue.IN_WORK,
            severity=severity if severity in Severity.values else "",
            at=at,
        )

    def address(self) -> str:
        """Return the filter and the moment as the query of an address."""
        return f"{QueueFilter.address(self)}&at={self.at}"

    def fits(self, case: Case) -> bool:
        """Say whether a case, as it was, is wanted."""
        return case.state in STATES[self.state] and self.severity in {"", case.severity}


def screen(scope: Scope, wanted: PastFilter, *, at: datetime) -> dict[str, Any]:
    """Return what the desk showed at ``at``, in the words of ``queue.page`` and ``board.board``."""
    cases = past.cases_at(
        Case.objects.visible_to(scope).select_related("area").defer("area__boundary"), at
    )
    shown = _ordered(wanted, cases)
    return {
        **_queue(scope, wanted, cases, shown, at=at),
        "board": _board(scope, at=at, needs=_needs(shown)),
        "standing": _standing(scope, at=at),
        "grids": places.counts_by_grid(case.area_path for case in cases),
        "places": _points(shown[: places.MOST_POINTS]),
    }


def _points(cases: Sequence[Case]) -> dict[str, Any]:
    """Return cases as columns of points, as ``places.alert_points`` does."""
    labels = [f"{case.code} {case.get_severity_display()}" for case in cases]
    return {
        "id": [case.pk for case in cases],
        "lon": [case.lon for case in cases],
        "lat": [case.lat for case in cases],
        "kind": [RANKS.get(case.severity, len(RANKS) - 1) for case in cases],
        "label": labels if len(labels) <= MOST_LABELS else None,
    }


def _ordered(wanted: PastFilter, cases: Sequence[Case]) -> list[Case]:
    """Return the cases that fit in the order of the queue: turn, severity, newest first."""
    fitting = [case for case in cases if wanted.fits(case)]
    fitting.sort(key=lambda case: (case.opened_at, case.pk), reverse=True)
    fitting.sort(key=lambda case: (_TURN[case.state], RANKS.get(case.severity, len(RANKS))))
    return fitting


def _queue(
    scope: Scope, wanted: PastFilter, cases: Sequence[Case], shown: Sequence[Case], *, at: datetime
) -> dict[str, Any]:
    found = shown[:WINDOW]
    zones = zone_names(at)
    due = past.due_at([case.pk for case in found], at)
    sent = _sent(scope, found, at)
    rows = [
        {
            "case": case,
            "turn": _TURN[case.state],
            "zone": zones.get(case.zone, case.zone) or told_by(case),
            "units": sent.get(case.pk, []),
            "is_overdue": case.pk in due and due[case.pk] < at,
        }
        for case in found
    ]
    counts = Counter(case.state for case in cases if wanted.severity in {"", case.severity})
    window = queue.Window()
    by_state = {str(state): counts[state] for state in LIVE}
    laid = queue.laid_out(rows, by_state, wanted, window, now=at)
    tabs = [tab for tab in laid["tabs"] if f"state={ALL}" not in tab["address"]]
    return {**laid, "tabs": tabs}


def zone_names(at: datetime) -> dict[str, str]:
    """Return the names that zones had at ``at``, also those that had been retired by then."""
    known = zone_history.begun_until(at, but=("boundary",))
    return {key: zone.name for key, zone in known.items()}


def _sent(scope: Scope, cases: Sequence[Case], at: datetime) -> dict[int, list[str]]:
    """Return the call signs that were on their way to each case."""
    given = Task.objects.visible_to(scope).filter(
        case__in=[case.pk for case in cases], unit__isnull=False
    )
    found: dict[int, list[str]] = {}
    for task in past.tasks_at(given.select_related("unit").order_by("pk"), at):
        if task.state in Task.LIVE:
            found.setdefault(task.case_id, []).append(str(task.unit))
    return found


def _board(scope: Scope, *, at: datetime, needs: set[frozenset[str]]) -> dict[str, Any]:
    units = past.units_at(places.units_in(scope), at)
    held = [unit.task for unit in units if unit.task]
    visible = Task.objects.visible_to(scope).filter(pk__in=held).select_related("case")
    return board.laid_out(units, past.tasks_at(visible, at), now=at, needs=needs)


def _needs(cases: Sequence[Case]) -> set[frozenset[str]]:
    """Return what the cases that waited needed: of free units the ones that fit stand first."""
    found = cases[:WINDOW]
    return {frozenset(case.capabilities) for case in found if case.state == Case.State.OPEN}


def _standing(scope: Scope, *, at: datetime) -> dict[str, Any]:
    """Return the alerts that stood at ``at``: raised, and not known to have ended."""
    alerts = past.alerts_at(Alert.objects.visible_to(scope), at)
    count = alerts.count()
    newest = alerts.select_related("case").order_by("-raised_at", "pk")[:MOST_ALERTS]
    names = zone_names(at)
    rows = [{"alert": one, "zone": names.get(one.zone, one.zone)} for one in newest]
    return {"count": count, "rows": rows, "is_cut": count > len(rows)}
