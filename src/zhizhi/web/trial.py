"""Zones tried on the last day before they are saved: how many stays, which of them, and where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from zhizhi.engine import zoning
from zhizhi.engine.system import systems
from zhizhi.engine.track import backtest
from zhizhi.engine.zoning import ZoneDraft

DAY = timedelta(days=1)
FOUND = "dwell"  # a finding that somebody should know of; "cleared" ends one
SHOWN = 60  # stays a page
NEW, GONE, SAME = "new", "gone", "same"
ORDER = (NEW, GONE, SAME)
RANKS = {NEW: 1, SAME: 2}  # how the map draws those that would be found
Stay = dict[str, Any]


def dry_run(drafts: Sequence[ZoneDraft], *, now: datetime) -> dict[str, Any]:
    """Return the counts for each rule and changed zone, and the stays behind them."""
    before, after = zoning.reference(zoning.current()), zoning.with_drafts(drafts)
    rows, stays = [], []
    for detector in (detector for system in systems() for detector in system.detectors()):
        was, will = (
            _stays(backtest(detector, reference, since=now - DAY, until=now))
            for reference in (before, after)
        )
        rows += list(_rows(detector.code, drafts, was, will))
        stays += compared(was, will)
    names = {draft.key: draft.name for draft in drafts}
    shown = [{**stay, "name": names[stay["zone"]]} for stay in stays if stay["zone"] in names]
    shown.sort(key=lambda stay: (ORDER.index(stay["change"]), stay["found_at"]))
    return {
        "rows": rows,
        "stays": shown[:SHOWN],
        "is_cut": len(shown) > SHOWN,
        "points": points(shown[:SHOWN]),
    }


def compared(was: Sequence[Stay], will: Sequence[Stay]) -> list[Stay]:
    """Say of each stay whether it is new, gone or the same.

    A border that moves shifts the beginning of a stay: stays of one subject in one zone that
    overlap in time are the same.
    """
    left = list(was)
    told = []
    for stay in will:
        twin = next((one for one in left if _is_same(one, stay)), None)
        if twin is not None:
            left.remove(twin)
        told.append({**stay, "change": NEW if twin is None else SAME})
    return [*told, *({**stay, "change": GONE} for stay in left)]


def _is_same(one: Stay, other: Stay) -> bool:
    is_theirs = (one["entity"], one["zone"]) == (other["entity"], other["zone"])
    latest, earliest = (
        max(one["started_at"], other["started_at"]),
        min(one["found_at"], other["found_at"]),
    )
    return is_theirs and bool(latest <= earliest)


def _stays(findings: pa.Table) -> list[Stay]:
    """Return the findings that would have become alerts."""
    columns = ["kind", "entity", "zone", "started_at", "found_at", "lon", "lat"]
    found = [row for row in findings.select(columns).to_pylist() if row["kind"] == FOUND]
    return [{**stay, "is_placed": math.isfinite(stay["lon"])} for stay in found]


def _rows(
    rule: str, drafts: Sequence[ZoneDraft], was: Sequence[Stay], will: Sequence[Stay]
) -> Iterator[dict[str, Any]]:
    """Return the counts over all zones (without a name), then of each changed zone."""
    yield _row(rule, "", len(was), len(will))
    for draft in drafts:
        found = [sum(stay["zone"] == draft.key for stay in stays) for stays in (was, will)]
        yield _row(rule, draft.name, *found)


def _row(rule: str, zone: str, before: int, after: int) -> dict[str, Any]:
    change = after - before
    return {"rule": rule, "zone": zone, "before": before, "after": after, "change": change}


def points(stays: Sequence[Stay]) -> dict[str, Any]:
    """Return the stays as columns for the map: those that would be found, and those that not.

    A camera that counts says that somebody is in a zone, not where: such a stay is only listed.
    """
    placed = [stay for stay in stays if stay["is_placed"]]
    found = [stay for stay in placed if stay["change"] != GONE]
    gone = [stay for stay in placed if stay["change"] == GONE]
    return {
        "found": {**_places(found), "kind": [RANKS[stay["change"]] for stay in found]},
        "gone": {**_places(gone), "kind": [1 for _stay in gone]},
    }


def _places(stays: Sequence[Stay]) -> dict[str, Any]:
    return {
        "id": list(range(len(stays))),
        "lon": [stay["lon"] for stay in stays],
        "lat": [stay["lat"] for stay in stays],
    }
