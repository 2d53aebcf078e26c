"""Programs that ask: with a pass, as the public, and what they read."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from tests.district_world import AT, World

from zhizhi.directory import walls
from zhizhi.directory.models import Area, WallPass
from zhizhi.engine.models import Case

HOUR = timedelta(hours=1)


def passed(area: Area, *, until: datetime | None = None) -> tuple[WallPass, str]:
    """Make a pass for programs."""
    ends = until or timezone.now() + HOUR
    use = WallPass.Use.PROGRAMS
    return walls.issue("GIS", area, expires_at=ends, by="account:1", now=AT, use=use)


def program(token: str, *, basic: bool = False) -> Client:
    """Give a client that shows ``token``, as bearer token or as password of a user "qgis"."""
    told = base64.b64encode(f"qgis:{token}".encode()).decode() if basic else token
    return Client(headers={"authorization": f"{'Basic' if basic else 'Bearer'} {told}"})


def reading(world: World) -> Client:
    """Give a program with a pass for the town "here"."""
    return program(passed(world.records["area"])[1])


def more_cases(world: World, count: int, **facts: Any) -> list[Case]:
    """Add cases to the town "here", one an hour, each a little further east."""
    like, place = world.records["case"], world.records["area"]
    rows = [
        Case(
            **{
                "key": f"more:{number}:{facts.get('lon', 0)}", "kind": "illegal-fishing",
                "system": "fishery", "state": "open", "severity": "normal", "area": place,
                "area_path": place.path, "lon": like.lon + (number + 1) / 1000, "lat": like.lat,
                "opened_at": AT + number * HOUR, "changed_at": AT, **facts,
            }
        )
        for number in range(count)
    ]  # fmt: skip
    return Case.everything.bulk_create(rows)


def ids(client: Client, path: str) -> list[Any]:
    """Return the ids of all pages, following "next"."""
    found = []
    while path:
        told = client.get(path).json()
        found += [one["id"] for one in told["features"]]
        path = next((one["href"] for one in told["links"] if one["rel"] == "next"), "")
    return found
