"""The units of the desk: who is where, doing what, and how old that knowledge is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.directory.models import Unit
from zhizhi.engine.models import Task
from zhizhi.trust.scoping import Scope
from zhizhi.web.places import units_in
from zhizhi.web.unit_filter import UnitFilter, stale_after
from zhizhi.web.words import age

SHOWN = 60  # lines; whoever is busy comes first
Status = Unit.Status
ORDER = (Status.ON_SCENE, Status.EN_ROUTE, Status.RESERVED, Status.AVAILABLE, Status.OFF_DUTY)
FREE, BUSY, OFF = range(3)  # how the map draws them
DRAWN = {Status.AVAILABLE: FREE, Status.OFF_DUTY: OFF}


def board(
    scope: Scope,
    *,
    now: datetime,
    wanted: UnitFilter | None = None,
    needs: Collection[frozenset[str]] = (),
) -> dict[str, Any]:
    """Return counts by status, the lines of the board, and the points of the map.

    ``needs`` are those of the cases that wait: of free units the ones that fit stand first.
    """
    wanted = wanted or UnitFilter()
    units = list(wanted.apply(units_in(scope), now=now))
    tasks = Task.objects.visible_to(scope).filter(pk__in=[unit.task for unit in units if unit.task])
    drawn = laid_out(units, tasks.select_related("case"), now=now, needs=needs)
    return {**drawn, "is_narrowed": wanted != UnitFilter()}


def laid_out(
    units: list[Unit],
    tasks: Iterable[Task],
    *,
    now: datetime,
    needs: Collection[frozenset[str]] = (),
) -> dict[str, Any]:
    """Return ``units`` as the board shows them; ``tasks`` are those that the viewer may see."""
    stale, known = stale_after(), {task.pk: task for task in tasks}
    units.sort(
        key=lambda unit: (
            ORDER.index(Status(unit.status)),
            not any(need <= set(unit.capabilities) for need in needs),
            -unit.position_at.timestamp(),
        )
    )
    shown = units[:SHOWN]
    return {
        "statuses": [
            {"label": status.label, "count": sum(unit.status == status for unit in units)}
            for status in ORDER
        ],
        "lines": [
            {
                "unit": unit,
                "task": known.get(unit.task or 0),
                "is_stale": now - unit.position_at > stale,
            }
            for unit in shown
        ],
        "is_cut": len(units) > len(shown),
        "count": len(units),
        "now": now,
        "points": _points(units, now),
    }


def _points(units: list[Unit], now: datetime) -> dict[str, Any]:
    """Return the units that are on duty as columns of points."""
    on_duty = [
        unit
        for unit in units
        if unit.status != Status.OFF_DUTY and getattr(unit, "is_placed", True)
    ]
    seen = _("position {age}")
    abilities: dict[str, int] = {}  # told once for all units that can do the same
    can = [" ".join(sorted(unit.capabilities)) for unit in on_duty]
    able = [abilities.setdefault(one, len(abilities)) for one in can]
    labels = {status: str(Status(status).label) for status in Status.values}
    return {
        "id": [unit.pk for unit in on_duty],
        "lon": [unit.lon for unit in on_duty],
        "lat": [unit.lat for unit in on_duty],
        "kind": [DRAWN.get(Status(unit.status), BUSY) for unit in on_duty],
        "able": able,
        "abilities": list(abilities),
        "label": [
            f"{unit.name}\n{labels[unit.status]} · {seen.format(age=age(unit.position_at, now))}"
            for unit in on_duty
        ],
    }
