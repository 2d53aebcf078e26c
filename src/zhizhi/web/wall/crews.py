"""The units of an area: what they do, of which kind and agency, and how old their positions are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Area, Unit
from zhizhi.engine.models import Task
from zhizhi.trust.scoping import Scope
from zhizhi.web.places import units_in
from zhizhi.web.unit_filter import ALL, UNCERTAIN, UnitFilter, stale_after
from zhizhi.web.wall.figures import Figure
from zhizhi.web.words import kind_of_unit

Status = Unit.Status
COLUMNS = (Status.AVAILABLE, Status.RESERVED, Status.EN_ROUTE, Status.ON_SCENE, Status.OFF_DUTY)
BUSY = (Status.ON_SCENE, Status.EN_ROUTE, Status.RESERVED)
MOST_ROWS, MOST_BUSY = 9, 9


def crews(scope: Scope, area: Area, *, now: datetime) -> dict[str, Any]:
    """Return totals by state, a row for each kind and agency, and who is under way."""
    base = UnitFilter(ALL, area=area.path)
    units = list(base.apply(units_in(scope), now=now).select_related("agency"))
    kinds = Counter((unit.kind, unit.agency) for unit in units)
    most = sorted(kinds, key=lambda key: (-kinds[key], key[0]))
    busy = sorted(
        (unit for unit in units if unit.status in BUSY),
        key=lambda unit: (BUSY.index(Status(unit.status)), unit.code),
    )
    return {
        "is_empty": not units,
        "totals": [_figure(base, ALL, _("Units"), units, now), *_states(base, units, now)],
        "columns": [status.label for status in COLUMNS],
        "rows": [_row(base, kind, agency, units, now) for kind, agency in most[:MOST_ROWS]],
        "others": len(most[MOST_ROWS:]),
        "busy": _lines(scope, busy[:MOST_BUSY], now),
        "more_busy": len(busy[MOST_BUSY:]),
        "stale_after": stale_after(),
    }


def _states(base: UnitFilter, units: Sequence[Unit], now: datetime) -> list[Figure]:
    shown = [_figure(base, status, status.label, units, now) for status in COLUMNS]
    return [*shown, _figure(base, UNCERTAIN, _("Position uncertain"), units, now)]


def _figure(
    base: UnitFilter, status: str, label: Any, units: Sequence[Unit], now: datetime
) -> Figure:
    """Count among ``units``, which fit ``base`` already, those that the desk would list."""
    if status == UNCERTAIN:
        oldest = now - stale_after()
        count = sum(unit.position_at < oldest for unit in units)
    else:
        count = sum(status in {ALL, unit.status} for unit in units)
    address = replace(base, status=status).address()
    return Figure(status, label, count, reverse("web:desk") + address)


def _row(
    base: UnitFilter, kind: str, agency: Any, units: Sequence[Unit], now: datetime
) -> dict[str, Any]:
    mine = [unit for unit in units if (unit.kind, unit.agency) == (kind, agency)]
    narrowed = replace(base, kind=kind, agency=agency.code if agency else "")
    return {
        "kind": kind_of_unit(kind),
        "agency": agency,
        "cells": [_figure(narrowed, ALL, "", mine, now), *_states(narrowed, mine, now)],
    }


def _lines(scope: Scope, units: Sequence[Unit], now: datetime) -> list[dict[str, Any]]:
    """Return who is under way, to which case, and how old the position is."""
    tasks = Task.objects.visible_to(scope).filter(pk__in=[u.task for u in units if u.task])
    cases = {task.pk: task.case for task in tasks.select_related("case")}
    return [
        {
            "unit": unit,
            "case": cases.get(unit.task or 0),
            "is_stale": now - unit.position_at > stale_after(),
        }
        for unit in units
    ]
