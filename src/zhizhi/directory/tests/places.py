"""Builders of areas and units for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import shapely

from zhizhi.directory.models import Agency, Area, Unit

AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


def area(kind: str, code: str, box: tuple[float, float, float, float], **changed: Any) -> Area:
    """Insert a rectangular area; its path is its code unless ``path`` says otherwise."""
    shape = changed.pop("shape", shapely.box(*box))
    given = {
        "kind": kind, "code": code, "name": code, "path": f"/{code}/",
        "boundary": shapely.to_wkb(shape), "valid_from": AT,
        "min_lon": box[0], "min_lat": box[1], "max_lon": box[2], "max_lat": box[3],
        "lon": (box[0] + box[2]) / 2, "lat": (box[1] + box[3]) / 2,
    }  # fmt: skip
    return Area.objects.create(**{**given, **changed})


def unit(code: str = "R-1", **changed: Any) -> Unit:
    """Insert a river patrol with an area of its own."""
    if "area" not in changed:
        changed["area"] = area("district", f"99010{len(code)}000000000", (100, 30, 101, 31))
    given = {
        "code": code, "name": code, "kind": "river_patrol", "capabilities": ["water"],
        "lon": 100.5, "lat": 30.5, "position_at": AT,
    }  # fmt: skip
    return Unit.objects.create(**{**given, **changed})


def agency(code: str = "fishery") -> Agency:
    return Agency.objects.create(code=code, name=code)
