"""Zones and settings tried on the last day before they are saved: how many stays, which, where."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from zhizhi.engine import settings_in_force, zoning
from zhizhi.engine.system import DeclaredSetting, SystemConfig, system_named, systems
from zhizhi.engine.track import backtest
from zhizhi.engine.zoning import ZoneDraft
from zhizhi.kernel.detection import Detector

DAY = timedelta(days=1)
FOUND = "dwell"  # a finding that somebody should know of; "cleared" ends one
SHOWN = 60  # stays a page
NEW, GONE, SAME = "new", "gone", "same"
ORDER = (NEW, GONE, SAME)
RANKS = {NEW: 1, SAME: 2}  # how the map draws those that would be found
Stay = dict[str, Any]
Rule = tuple[Detector, pa.Table]  # a detector and the zones that it watches


def try_zones(drafts: Sequence[ZoneDraft], *, now: datetime) -> dict[str, Any]:
    """Return the counts for each rule and changed zone, and the stays behind them."""
    before, after = zoning.reference(zoning.current()), zoning.with_drafts(drafts)
    watching = [system for system in systems() if system.zone_kinds]
    installed = [detector for system in watching for detector in system.detectors()]
    rules = [((detector, before), (detector, after)) for detector in installed]
    return _tried(rules, {draft.key: draft.name for draft in drafts}, now=now)


def try_numbers(
    system: SystemConfig, before: Mapping[str, Any], after: Mapping[str, Any], *, now: datetime
) -> dict[str, Any] | None:
    """Return what ``after`` instead of ``before`` would find, by rule and zone.

    Nothing (None) when no detector of ``system`` depends on what differs.
    """
    pairs = list(zip(system.detectors(before), system.detectors(after), strict=True))
    changed = [(was, will) for was, will in pairs if was != will]
    if not changed:
        return None
    zones = list(zoning.current())
    watched = zoning.reference(zones)
    rules = [((was, watched), (will, watched)) for was, will in changed]
    tried = _tried(rules, {zone.key: zone.name for zone in zones}, now=now)
    return {**tried, "rows": [row for row in tried["rows"] if not row["zone"] or row["change"]]}


def system_of(one: DeclaredSetting) -> SystemConfig | None:
    """Return the system that declares a setting; the engine's own belong to none."""
    return system_named(one.key.partition(".")[0])


def is_tried(one: DeclaredSetting, value: Any) -> bool:
    """Say whether a detector depends on the setting: it is another one with another value."""
    system = system_of(one)
    if system is None or isinstance(value, str):
        return False
    other = not value if isinstance(value, bool) else type(value)(one.minimum or 0)
    if other == value:
        other = type(value)(one.maximum or 0)
    before = {**settings_in_force.snapshot(), one.key: value}
    return system.detectors(before) != system.detectors({**before, one.key: other})


def _tried(
    rules: Iterable[tuple[Rule, Rule]], names: Mapping[str, str], *, now: datetime
) -> dict[str, Any]:
    """Run each rule as it is and as it would be; ``names`` are the zones that are told of."""
    rows: list[dict[str, Any]] = []
    stays: list[Stay] = []
    for pair in rules:
        was, will = (_stays(backtest(*rule, since=now - DAY, until=now)) for rule in pair)
        rows += _rows(pair[0][0].code, names, was, will)
        stays += compared(was, will)
    shown = [{**stay, "name": names[stay["zone"]]} for stay in stays if stay["zone"] in names]
    shown.sort(key=lambda stay: (ORDER.index(stay["change"]), stay["found_at"]))
    return {
        "rows": rows,
        "stays": shown[:SHOWN],
        "is_cut": len(shown) > SHOWN,
        "names_zones": len(names) > 1,
        "names_rules": len({row["rule"] for row in rows}) > 1,
        "counts": {change: sum(one["change"] == change for one in shown) for change in ORDER},
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
    rule: str, names: Mapping[str, str], was: Sequence[Stay], will: Sequence[Stay]
) -> Iterator[dict[str, Any]]:
    """Return the counts over all zones (without a name), then of each zone that is told of."""
    yield _row(rule, "", len(was), len(will))
    for key, name in names.items():
        found = [sum(stay["zone"] == key for stay in stays) for stays in (was, will)]
        yield _row(rule, name, *found)


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
