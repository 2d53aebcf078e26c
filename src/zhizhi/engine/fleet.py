"""Keeping units: new ones, changed ones, out of service and back, retired; never one at work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from zhizhi.directory.models import Unit
from zhizhi.engine.models import Task
from zhizhi.engine.states import StateConflict
from zhizhi.engine.timeline import leave, writing
from zhizhi.trust.audit import Leaf

FIELDS = ("code", "name", "kind", "agency", "area", "capabilities", "speed_kmh")
IDLE = (Unit.Status.AVAILABLE, Unit.Status.OFF_DUTY)
OUT = {"status": Unit.Status.OFF_DUTY, "is_in_service": False}
BACK = {"status": Unit.Status.AVAILABLE, "is_in_service": True}


class CallSignTaken(ValueError):
    """Another unit has this call sign, perhaps one that was retired."""


class UnitAtWork(Exception):
    """The unit has a live task: it cannot leave before that has ended."""

    def __init__(self, unit: Unit, task: Task | None) -> None:
        super().__init__(f"unit {unit.pk} is at work")
        self.unit, self.task = unit, task


def enlist(facts: Mapping[str, Any], *, by: str, now: datetime) -> Unit:
    """Make a unit; where nobody knows its position yet, it stands in the middle of its area."""
    area = facts["area"]
    with writing():
        try:
            with transaction.atomic():
                unit = Unit.objects.create(
                    **{name: facts[name] for name in FIELDS}, lon=area.lon, lat=area.lat,
                    position_at=now, changed_at=now, changed_by=by,
                )  # fmt: skip
        except IntegrityError as error:
            raise CallSignTaken(facts["code"]) from error
        _leave("unit.enlist", unit, by=by, now=now)
    return unit


def amend(unit: Unit, facts: Mapping[str, Any], *, seen: int, by: str, now: datetime) -> Unit:
    """Change what is known of a unit; raises StateConflict when somebody changed it since."""
    changed = sorted(name for name in FIELDS if getattr(unit, name) != facts[name])
    with writing():
        try:
            with transaction.atomic():
                _move(unit, seen=seen, by=by, now=now, **{name: facts[name] for name in FIELDS})
        except IntegrityError as error:
            raise CallSignTaken(facts["code"]) from error
        _leave("unit.amend", unit, by=by, now=now, fields=changed)
    return unit


def take_out(unit: Unit, *, reason: str, seen: int, by: str, now: datetime) -> Unit:
    """Take a unit out of service: it is sent nowhere until it is back."""
    return _serve("unit.take_out", unit, reason, seen=seen, by=by, now=now, **OUT)


def bring_back(unit: Unit, *, reason: str, seen: int, by: str, now: datetime) -> Unit:
    """Put a unit back in service: it is available again."""
    return _serve("unit.bring_back", unit, reason, seen=seen, by=by, now=now, **BACK)


def retire(unit: Unit, *, reason: str, seen: int, by: str, now: datetime) -> Unit:
    """Take a unit off the lists for ever; what it did stays in the histories."""
    return _serve("unit.retire", unit, reason, seen=seen, by=by, now=now, retired_at=now, **OUT)


def _serve(
    verb: str, unit: Unit, reason: str, *, seen: int, by: str, now: datetime, **columns: Any
) -> Unit:
    with writing():
        _move_idle(unit, seen=seen, by=by, now=now, service_note=reason, **columns)
        _leave(verb, unit, by=by, now=now)
    return unit


def _move_idle(unit: Unit, *, seen: int, by: str, now: datetime, **columns: Any) -> None:
    """Change a unit that is not at work, by one conditional UPDATE; raises UnitAtWork."""
    now_idle = {"status__in": IDLE, "task__isnull": True}
    try:
        _move(unit, seen=seen, by=by, now=now, only=now_idle, **columns)
    except StateConflict:
        if unit.version == seen and unit.retired_at is None:
            raise UnitAtWork(unit, Task.everything.filter(pk=unit.task or 0).first()) from None
        raise


def _move(
    unit: Unit, *, seen: int, by: str, now: datetime, only: Mapping[str, Any] | None = None,
    **columns: Any,
) -> None:  # fmt: skip
    rows = Unit.objects.filter(pk=unit.pk, version=seen, retired_at__isnull=True, **(only or {}))
    moved = rows.update(**columns, version=seen + 1, changed_at=now, changed_by=by)
    unit.refresh_from_db()
    if not moved:
        message = f"unit {unit.pk} was changed by somebody else; load it again"
        raise StateConflict(message, record=unit)


def _leave(verb: str, unit: Unit, *, by: str, now: datetime, **detail: Any) -> None:
    leaf = Leaf(
        by, verb, f"unit:{unit.pk}", now, unit.area.path, {"version": unit.version, **detail}
    )
    leave(leaf)
