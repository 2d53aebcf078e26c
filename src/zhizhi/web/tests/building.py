"""More records for the small district of tests/district_world.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.district_world import AT, LAT, LON, World

from zhizhi.engine.models import Case


def case(world: World, number: int, **columns: Any) -> Case:
    """One more case of the town, ``number`` minutes younger than the first."""
    at = AT + timedelta(minutes=number)
    area = world.records["area"]
    given: dict[str, Any] = {
        "key": f"k{number}", "kind": "illegal-fishing", "system": "fishery", "severity": "normal",
        "subject": number, "zone": "reach-1", "area": area, "area_path": area.path, "lon": LON,
        "lat": LAT, "opened_at": at, "changed_at": at, "capabilities": ["water"],
        "task_kind": "dissuade", **columns,
    }  # fmt: skip
    return Case.everything.create(**given)
