"""The list of units: filtered, a page at a time, and whole as a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.directory.models import Agency, Area, Unit
from zhizhi.engine.models import Task
from zhizhi.trust.scoping import Scope
from zhizhi.web.exporting.files import Listing
from zhizhi.web.exporting.spreadsheets import Row
from zhizhi.web.places import areas_in, units_in
from zhizhi.web.unit_filter import ALL, UNCERTAIN, UnitFilter, stale_after
from zhizhi.web.words import capability_name, kind_of_unit

PAGE = 100


def asked(query: Any) -> UnitFilter:
    """Read the filter of an address; without a state every unit is meant."""
    told = query.dict() if hasattr(query, "dict") else dict(query)
    return UnitFilter.of({**told, "units": told.get("units") or ALL})


def chosen(scope: Scope, wanted: UnitFilter, *, now: datetime) -> Any:
    """Return the units that the reader answers for and that fit."""
    units = wanted.apply(units_in(scope), now=now)
    return units.select_related("agency", "area").order_by("code")


def choices(scope: Scope) -> dict[str, Any]:
    """Return what the list can be filtered by."""
    units = units_in(scope).order_by()
    kinds = sorted(set(units.values_list("kind", flat=True)))
    agencies = Agency.objects.filter(units__in=units).distinct().order_by("name")
    towns = areas_in(scope).filter(kind=Area.Kind.TOWN).order_by("code")
    states = [(ALL, _("all states")), (UNCERTAIN, _("old position")), *Unit.Status.choices]
    return {
        "states": states,
        "kinds": [(kind, kind_of_unit(kind)) for kind in kinds],
        "agencies": [(one.code, one.name) for one in agencies],
        "towns": [(one.path, one.name) for one in towns],
    }


def lines(scope: Scope, units: Sequence[Unit], *, now: datetime) -> list[dict[str, Any]]:
    """Return units with their present task and how old their position is."""
    tasks = tasks_of(scope, units)
    stale = stale_after()
    return [
        {
            "unit": unit,
            "kind": kind_of_unit(unit.kind),
            "able": [capability_name(one) for one in unit.capabilities],
            "task": tasks.get(unit.task or 0),
            "is_stale": now - unit.position_at > stale,
        }
        for unit in units
    ]


def tasks_of(scope: Scope, units: Sequence[Unit]) -> dict[int, Task]:
    held = [unit.task for unit in units if unit.task]
    tasks = Task.objects.visible_to(scope).filter(pk__in=held).select_related("case")
    return {task.pk: task for task in tasks}


def unit_listing(scope: Scope, wanted: UnitFilter, *, now: datetime) -> Listing:
    """Return the units of a filter as a list to take out."""
    ids = list(chosen(scope, wanted, now=now).values_list("pk", flat=True))

    def read(first: int, last: int) -> list[Row]:
        units = units_in(scope).filter(pk__in=ids[first:last]).select_related("agency", "area")
        return [_row(line) for line in lines(scope, list(units), now=now)]

    return Listing(
        name="units",
        title=_("List of units"),
        columns=(
            _("Call sign"), _("Name"), _("Kind"), _("Agency"), _("Home area"),
            _("Code of the area"), _("State"), _("Case"), _("Capabilities"), _("Longitude"),
            _("Latitude"), _("Position of"), _("Note"),
        ),
        size=len(ids),
        read=read,
        wanted={
            "state": wanted.status, "kind": wanted.kind, "agency": wanted.agency,
            "area": wanted.area,
        },
        told=" · ".join(filter(None, (wanted.status, wanted.kind, wanted.agency, wanted.area))),
    )  # fmt: skip


def _row(line: dict[str, Any]) -> Row:
    unit: Unit = line["unit"]
    return [
        unit.code, unit.name, line["kind"], unit.agency.name if unit.agency else "",
        unit.area.name, unit.area.code, unit.get_status_display(),
        line["task"].case.code if line["task"] else "", _(", ").join(line["able"]),
        round(unit.lon, 6), round(unit.lat, 6), unit.position_at, unit.service_note,
    ]  # fmt: skip
