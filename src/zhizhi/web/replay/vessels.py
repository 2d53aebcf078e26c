"""Who was last seen around a case at a past moment: tokens only, and inside its zone alone.

The journal knows more than the rule used, so the look is held to what the alert was about: in the
zone, half an hour back, vessels and the case's own subject. Telephones of others are never shown.
Each look leaves a line in the audit chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely

from zhizhi.engine import journal, timeline, zone_history
from zhizhi.engine.models import Case
from zhizhi.trust.audit import Leaf

VESSELS, SHORE = "vessel_positions.v1", "shore_positions.v1"
STREAMS = (VESSELS, SHORE)
BACK = timedelta(minutes=30)
MOST = 200
VERB = "replay.positions"


def last_seen(case: Case, *, at: datetime) -> list[dict[str, Any]]:
    """Return token, place and time of each, the case's subject first; what came later is not read.

    Only what had arrived at ``at`` counts.
    """
    zone = zone_history.begun_until(at).get(case.zone)
    if zone is None:
        return []
    shape = shapely.from_wkb(bytes(zone.boundary))
    shapely.prepare(shape)
    newest: dict[int, dict[str, Any]] = {}
    for row in _rows(case, shape, since=at - BACK, until=at):
        known = newest.get(row["token"])
        if known is None or known["seen_at"] <= row["seen_at"]:
            newest[row["token"]] = row
    found = sorted(newest.values(), key=lambda row: (not row["is_subject"], -_stamp(row)))
    return found[:MOST]


def _stamp(row: dict[str, Any]) -> float:
    moment: datetime = row["seen_at"]
    return moment.timestamp()


def _rows(
    case: Case, shape: shapely.Geometry, *, since: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    for segments in journal.walk(STREAMS, journal.first_since(since), until=until):
        for segment in segments:
            if segment.table is None or "entity" not in segment.table.column_names:
                continue
            lon, lat, entity, time_us = (
                np.asarray(segment.table[name].to_numpy())
                for name in ("lon", "lat", "entity", "time_us")
            )
            wanted = shapely.contains_xy(shape, lon, lat)
            if segment.stream == SHORE:
                wanted &= entity == (case.subject or 0)
            for i in np.flatnonzero(wanted).tolist():
                yield {
                    "token": int(entity[i]),
                    "lon": float(lon[i]),
                    "lat": float(lat[i]),
                    "seen_at": journal.from_us(int(time_us[i])),
                    "is_subject": int(entity[i]) == case.subject,
                }


def leave_trace(case: Case, *, at: datetime, by: str, now: datetime) -> None:
    """Note in the audit chain who looked at which moment of which case."""
    detail = {"moment": at.isoformat(timespec="seconds")}
    timeline.leave(Leaf(by, VERB, f"case:{case.pk}", now, case.area_path, detail))


def points(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return them as columns for the map."""
    return {
        "id": [row["token"] % 2**53 for row in rows],
        "lon": [row["lon"] for row in rows],
        "lat": [row["lat"] for row in rows],
        "kind": [0 if row["is_subject"] else 1 for row in rows],
        "label": [str(row["token"]) for row in rows],
    }
