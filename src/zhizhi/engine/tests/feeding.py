"""Boats on the river of ``building``, and their positions on the way into the journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from zhizhi.engine import intake, journal
from zhizhi.engine.intake import Envelope, Receipt
from zhizhi.engine.models import Source
from zhizhi.engine.reading import Reader
from zhizhi.engine.system import systems
from zhizhi.engine.tests.building import LAT, LON, NOON
from zhizhi.kernel.dwell import Dwell
from zhizhi.kernel.streams import stream_named

VESSELS = "vessel_positions.v1"
RULE = Dwell(code="fishery.dwell", version=1, reads=(VESSELS,))


def seed_systems() -> None:
    """Write what the installed systems bring along, such as the words of their messages."""
    for system in systems():
        if find_spec(f"{system.name}.seeding"):
            import_module(f"{system.name}.seeding").seed(now=NOON, by="test")


def source(code: str = "boats") -> Source:
    return Source.objects.get_or_create(
        code=code, defaults={"name": code, "kind": "http_push", "streams": [VESSELS]}
    )[0]


def fix(entity: int = 7, *, at: datetime = NOON, east: float = 0.0, **more: Any) -> dict[str, Any]:
    """One position, in the middle of the zone unless moved ``east`` by degrees."""
    place = {"lon": LON + east, "lat": LAT, "accuracy_m": 5.0}
    return {"entity": entity, "observed_at": at.isoformat(), **place, **more}


def envelope(
    rows: Sequence[Mapping[str, Any]], *, at: datetime, key: str = "", by: Source | None = None
) -> Envelope:
    digest = hashlib.sha256(json.dumps([at.isoformat(), *rows]).encode()).hexdigest()
    return Envelope(
        source=by or source(),
        stream=VESSELS,
        reading=Reader(b"key").read(stream_named(VESSELS), rows, arrival_at=at),
        key=key or digest,
        body_digest=digest,
        arrival_at=at,
    )


def send(rows: Sequence[Mapping[str, Any]], *, at: datetime, **more: Any) -> Receipt:
    return intake.append([envelope(rows, at=at, **more)], now=at)[0]


def stay(entity: int = 7, *, minutes: int = 40, start: datetime = NOON) -> None:
    """A boat stays in the zone and reports each minute, a second late."""
    times = [start + timedelta(minutes=minute) for minute in range(minutes + 1)]
    made = [envelope([fix(entity, at=at)], at=at + timedelta(seconds=1)) for at in times]
    intake.append(made, now=times[-1] + timedelta(seconds=1))


def tick(at: datetime) -> int:
    """Move the arrival clock without any observation."""
    return intake.heartbeat(now=at, passed=0)


def offsets() -> list[int]:
    return [segment.offset for segment in journal.read([VESSELS], 1)]
