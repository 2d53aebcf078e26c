"""Alerts as messages of the Common Alerting Protocol (OASIS CAP 1.2), and what becomes of them.

An alert is told once when it is raised ("Alert"), again when it is over ("Update", all clear), and
taken back when its case turns out to be a false alarm ("Cancel"). The later ones name the earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from zhizhi.engine.models import Alert, Case, Zone
from zhizhi.trust.scoping import Scope

TOLD, OVER, FALSE = "alert", "clear", "cancel"
KEPT = timedelta(hours=24)  # how long the feed still tells that an alert is over
MOST = 500
Sent = Mapping[str, datetime]  # by step, in the order in which they were sent


@dataclass(frozen=True, slots=True)
class CapMessage:
    """One message about an alert; ``before`` are those that were sent earlier about it."""

    alert: Alert
    step: str
    sent: datetime
    before: Sent
    zone: Zone | None = None

    @property
    def kind(self) -> str:
        return {TOLD: "Alert", OVER: "Update", FALSE: "Cancel"}[self.step]


def current(scope: Scope, *, now: datetime) -> list[CapMessage]:
    """Return the newest message of each alert that is current or ended lately, newest first."""
    since = now - KEPT
    is_late = Q(clearing_at__gte=since) | Q(case__closed_at__gte=since)
    is_current = Q(clearing_at__isnull=True) & ~Q(case__state__in=Case.FINAL)
    found = _rows(scope).filter(is_current | is_late).order_by("-raised_at", "pk")
    return list(_newest(found[:MOST]))


def find(scope: Scope, alert: str, step: str) -> CapMessage | None:
    """Return one message, if it was sent and ``scope`` may read it."""
    row = _rows(scope).filter(pk=alert).first()
    sent = _sent(row) if row else {}
    if row is None or step not in sent:
        return None
    return _message(row, step, sent, _zones([row]))


def _rows(scope: Scope) -> QuerySet[Alert]:
    rows = Alert.objects.visible_to(scope).select_related("case", "case__area")
    return rows.defer("case__area__boundary")


def _newest(rows: Iterable[Alert]) -> Iterator[CapMessage]:
    alerts = list(rows)
    zones = _zones(alerts)
    for alert in alerts:
        sent = _sent(alert)
        yield _message(alert, [*sent][-1], sent, zones)


def _message(alert: Alert, step: str, sent: Sent, zones: Mapping[Any, Zone]) -> CapMessage:
    steps = [*sent]
    before = {name: sent[name] for name in steps[: steps.index(step)]}
    zone = zones.get((alert.zone, _version(alert))) or zones.get(alert.zone)
    return CapMessage(alert, step, sent[step], before, zone)


def _sent(alert: Alert) -> Sent:
    """Return when each message about ``alert`` was sent."""
    case, sent = alert.case, {TOLD: alert.raised_at}
    back = _first(alert.lifted_at, case.closed_at if case.state == Case.State.DISMISSED else None)
    over = _first(alert.clearing_at, case.closed_at if case.state in Case.FINAL else None)
    if over is not None and (back is None or over < back):
        sent[OVER] = over
    if back is not None:
        sent[FALSE] = back
    return sent


def _first(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _version(alert: Alert) -> Any:
    """Return the version of the zone in which the alert was found, as its explanation says."""
    told = alert.explanation.get("zone")
    return told.get("version") if isinstance(told, dict) else None


def _zones(alerts: Iterable[Alert]) -> dict[Any, Zone]:
    """Return the zones of alerts by key and version, and those in force by key alone."""
    found: dict[Any, Zone] = {}
    for zone in Zone.objects.filter(key__in={alert.zone for alert in alerts}):
        found[zone.key, zone.version] = zone
        if zone.is_current:
            found[zone.key] = zone
    return found
