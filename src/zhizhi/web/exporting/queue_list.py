"""The queue of the desk as a list: every row of the filter, each read through the same scope."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.engine.models import Case, Severity, Task, Zone
from zhizhi.trust.scoping import Scope
from zhizhi.web.exporting.files import Listing
from zhizhi.web.exporting.spreadsheets import Row
from zhizhi.web.queue import TABS, QueueFilter, cases_of, with_due_at
from zhizhi.web.words import told_by


def queue_listing(scope: Scope, wanted: QueueFilter, *, now: datetime) -> Listing:
    """Return the cases of a queue in its order; the ids are taken at once, the rows as they go out.

    A case that changes meanwhile is written as it is then; one that the reader may no longer see
    is left out.
    """
    ids = list(cases_of(scope, wanted, now=now).values_list("pk", flat=True))
    zones = dict(Zone.objects.filter(is_current=True).values_list("key", "name"))

    def read(first: int, last: int) -> list[Row]:
        return _rows(scope, ids[first:last], zones, now)

    return Listing(
        name="queue",
        title=_("List of cases"),
        columns=_columns(),
        size=len(ids),
        read=read,
        # what was typed could be anything, also a name; the rest are codes
        wanted={
            "state": wanted.state,
            "severity": wanted.severity,
            "is_searched": bool(wanted.search),
            **wanted.beside.words(),
        },
        told=_told(wanted),
    )


def _columns() -> tuple[str, ...]:
    return (
        _("Number"),
        _("Severity"),
        _("State"),
        _("Zone"),
        _("Responsible"),
        _("Code of the area"),
        _("Longitude"),
        _("Latitude"),
        _("Opened"),
        _("Acknowledged"),
        _("Next time limit"),
        _("Overdue"),
        _("Units on the way"),
        _("Ended at"),
    )


def _told(wanted: QueueFilter) -> str:
    states = {value: str(label) for value, _states, label in TABS}
    parts = [states[wanted.state]] if wanted.state in states else []
    if wanted.severity:
        parts.append(str(Severity(wanted.severity).label))
    parts += [part["label"] for part in wanted.parts()]
    return " · ".join([*parts, wanted.search] if wanted.search else parts)


def _rows(scope: Scope, ids: list[int], zones: dict[str, str], now: datetime) -> list[Row]:
    cases = Case.objects.visible_to(scope).filter(pk__in=ids).select_related("area")
    found = {case.pk: case for case in with_due_at(cases)}
    units = _units(scope, ids)
    return [_row(found[pk], zones, units.get(pk, []), now) for pk in ids if pk in found]


def _row(case: Case, zones: dict[str, str], units: list[str], now: datetime) -> Row:
    due_at: datetime | None = getattr(case, "due_at", None)
    is_overdue = due_at is not None and due_at < now
    return [
        case.code,
        case.get_severity_display(),
        case.get_state_display(),
        zones.get(case.zone, case.zone) or told_by(case),
        case.area.name if case.area else "",
        case.area.code if case.area else "",
        round(case.lon, 6),
        round(case.lat, 6),
        case.opened_at,
        case.acknowledged_at,
        due_at,
        _("yes") if is_overdue else "",
        _(", ").join(units),
        case.closed_at,
    ]


def _units(scope: Scope, ids: list[int]) -> dict[int, list[str]]:
    """Return the call signs on their way to each case."""
    found: dict[int, list[str]] = {}
    tasks: Any = Task.objects.visible_to(scope).filter(
        case__in=ids, state__in=Task.LIVE, unit__isnull=False
    )
    for case, name in tasks.order_by("pk").values_list("case_id", "unit__name"):
        found.setdefault(case, []).append(name)
    return found
