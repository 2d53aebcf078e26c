"""A small district for tests: one town, two boats, a car, an operator, findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import shapely

from zhizhi.directory.models import Agency, Area, Unit
from zhizhi.engine.models import Alert, Case, Severity, Zone
from zhizhi.engine.states import StateConflict
from zhizhi.engine.triage import CaseDraft, case_key
from zhizhi.kernel.detection import FINDING_SCHEMA, finding_id

NOON = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
LON, LAT = 107.40, 29.70


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)


def area(
    kind: str = "district", code: str = "990100000000000", *, half: float = 1.0,
    parent: Area | None = None, lon: float = LON, lat: float = LAT,
) -> Area:  # fmt: skip
    """A square of ``2 half`` degrees around the point."""
    box = shapely.box(lon - half, lat - half, lon + half, lat + half)
    return Area.objects.create(
        kind=kind, code=code, name=code, parent=parent,
        path=f"{parent.path if parent else '/'}{code}/", boundary=shapely.to_wkb(box),
        min_lon=lon - half, min_lat=lat - half, max_lon=lon + half, max_lat=lat + half,
        lon=lon, lat=lat, valid_from=NOON,
    )  # fmt: skip


def unit(
    code: str = "boat-1", *, east: float = 0.01, home: Area | None = None, **columns: Any
) -> Unit:
    """A river patrol ``east`` degrees beside the case."""
    given: dict[str, Any] = {
        "name": code, "kind": "river_patrol", "capabilities": ["water", "dissuasion"],
        "area": home or Area.objects.first() or area(), "lon": LON + east, "lat": LAT,
        "position_at": NOON, **columns,
    }  # fmt: skip
    return Unit.objects.create(code=code, **given)


def agency(code: str = "fishery") -> Agency:
    return Agency.objects.create(code=code, name=code)


def case(**columns: Any) -> Case:
    """An open case that needs a boat."""
    given: dict[str, Any] = {
        "key": case_key("illegal-fishing", 7, "reach-1"), "kind": "illegal-fishing",
        "system": "fishery", "severity": Severity.IMPORTANT, "subject": 7, "zone": "reach-1",
        "task_kind": "dissuade", "capabilities": ["water"], "lon": LON, "lat": LAT,
        "area_path": "/990100000000000/", "opened_at": NOON, "changed_at": NOON, **columns,
    }  # fmt: skip
    return Case.everything.create(**given)


def alert(of: Case, key: str = "a1", **columns: Any) -> Alert:
    given: dict[str, Any] = {
        "id": key, "detector": "fishery.dwell", "version": 1, "kind": "dwell", "case": of,
        "severity": "important", "certainty": "likely", "subject": 7, "zone": "reach-1",
        "started_at": NOON, "found_at": NOON, "raised_at": NOON, "lon": LON, "lat": LAT,
        "explanation": {}, **columns,
    }  # fmt: skip
    return Alert.everything.create(**given)


def zone(key: str = "reach-1") -> Zone:
    box = shapely.to_wkb(shapely.box(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1))
    return Zone.objects.create(
        key=key, kind="no_fishing", name=key, boundary=box, created_at=NOON, created_by="worker"
    )


def refusal(verb: Callable[[], object]) -> str:
    """Return the code with which ``verb`` is refused; nothing when it is done."""
    try:
        verb()
    except StateConflict as conflict:
        return conflict.code
    return ""


@dataclass(frozen=True)
class Rule:
    """A detector that only has parameters: triage never calls it."""

    code: str = "fishery.dwell"
    version: int = 1
    reads: tuple[str, ...] = ("vessel_positions.v1",)
    lateness: timedelta = timedelta(seconds=120)
    limit: timedelta = timedelta(minutes=30)

    def compile(self, reference: Mapping[str, pa.Table], /) -> Compiled:
        return Compiled()

    def screen(self, compiled: Any, batch: Any, /) -> Any:
        raise NotImplementedError

    def judge(self, compiled: Any, state: Any, batch: Any, candidates: Any, mark: int, /) -> Any:
        raise NotImplementedError

    def empty(self) -> Any:
        raise NotImplementedError

    def adopt(self, *given: Any) -> Any:
        raise NotImplementedError

    def merge(self, *given: Any) -> Any:
        raise NotImplementedError

    def dump(self, state: Any, /) -> bytes:
        raise NotImplementedError

    def load(self, raw: bytes, from_version: int, /) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Compiled:
    ref_version: str = "ref-1"
    zone_keys: tuple[str, ...] = ("reach-1",)


@dataclass
class Plan:
    """Opens one case a subject and zone, and remembers what it was told."""

    severity: str = "important"
    told: list[tuple[str, str]] = field(default_factory=list)

    def draft(self, finding: Mapping[str, Any], zone: Zone | None, settings: Any) -> CaseDraft:
        minutes = (finding["found_at"] - finding["started_at"]).total_seconds() / 60
        return CaseDraft(
            kind="illegal-fishing",
            key=case_key("illegal-fishing", finding["entity"], finding["zone"]),
            severity=self.severity,
            explanation={"inputs": [
                {"name": "stay", "value": minutes, "threshold": 30, "unit": "min", "meets": True}
            ]},
            lead_agency="fishery",
            co_agencies=("police",),
            capabilities=("water",),
            task_kind="dissuade",
        )  # fmt: skip

    def opened(self, case: Case, alert: Alert, *, now: datetime) -> None:
        self.told.append(("opened", alert.pk))

    def repeated(self, case: Case, alert: Alert, *, now: datetime) -> None:
        self.told.append(("repeated", alert.pk))

    def cleared(self, case: Case, finding: Mapping[str, Any], *, now: datetime) -> None:
        self.told.append(("cleared", finding["id"].hex()))


def finding(
    entity: int = 7, *, start: datetime = NOON, kind: str = "dwell", **columns: Any
) -> dict[str, Any]:
    given: dict[str, Any] = {
        "detector": "fishery.dwell", "version": 1, "kind": kind, "entity": entity,
        "zone": "reach-1", "started_at": start, "found_at": start + timedelta(minutes=31),
        "fixes": 31, "lon": LON, "lat": LAT, "quality": 1.0, "first_offset": 3, "last_offset": 9,
        **columns,
    }  # fmt: skip
    micros = int(given["started_at"].timestamp() * 1_000_000)
    given["id"] = finding_id(given["detector"], 1, entity, given["zone"], micros)
    for name in FINDING_SCHEMA.names:
        given.setdefault(name, start)
    return given


def table(*rows: Mapping[str, Any]) -> pa.Table:
    listed: Sequence[Mapping[str, Any]] = rows
    return pa.Table.from_pylist([dict(row) for row in listed], schema=FINDING_SCHEMA)
