"""From findings to alerts and cases, in the transaction that commits the detector's state."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import pyarrow as pa
import shapely

from zhizhi.directory.models import Agency
from zhizhi.engine import announcing, routing, settings_in_force, timeline
from zhizhi.engine.models import Alert, Case, CaseAgency, Message, Severity, TimelineEntry, Zone
from zhizhi.engine.routing_rules.deciding import Router, RoutingDecision, RoutingQuestion
from zhizhi.engine.system import SystemConfig, system_named
from zhizhi.kernel.detection import Compiled, Detector, params_hash
from zhizhi.kernel.stabbing import fork_of

WORKER = "worker"
CLEARED = "cleared"
NOWHERE = shapely.Point(0, 0)  # a zone that was never stored


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """What a system wants done about one finding.

    ``key`` joins repeated findings to one open case. ``explanation`` adds to what triage knows:
    ``inputs`` (name, value, threshold, unit, meets), ``not_used``, ``alternatives``.
    """

    kind: str
    key: str
    severity: str = Severity.NORMAL
    certainty: str = Alert.Certainty.LIKELY
    explanation: Mapping[str, Any] = field(default_factory=dict)
    lead_agency: str = ""
    co_agencies: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    task_kind: str = "handle"


def compared(
    name: str, value: Any, threshold: Any = "", unit: str = "", *, meets: bool
) -> dict[str, Any]:
    """Return one of the ``inputs`` of an explanation: a value and what it was held against."""
    return {"name": name, "value": value, "threshold": threshold, "unit": unit, "meets": meets}


class Plan(Protocol):
    """What follows from the alerts of one system; the hooks run inside the transaction."""

    def draft(
        self, finding: Mapping[str, Any], zone: Zone | None, settings: Mapping[str, Any]
    ) -> CaseDraft: ...
    def opened(self, case: Case, alert: Alert, *, now: datetime) -> None: ...
    def repeated(self, case: Case, alert: Alert, *, now: datetime) -> None: ...
    def cleared(self, case: Case, finding: Mapping[str, Any], *, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Triage:
    """What a batch of findings came to: new alerts, new cases, alerts ended, messages queued."""

    alerts: int = 0
    cases: int = 0
    cleared: int = 0
    messages: int = 0


class SystemUnknown(LookupError):
    """A detector's code does not start with the label of an installed system."""


def triage(
    findings: pa.Table,
    *,
    detector: Detector,
    compiled: Compiled,
    now: datetime,
    plan: Plan | None = None,
) -> Triage:
    """Turn ``findings`` into alerts and cases; a finding that is known already changes nothing.

    Runs in the caller's transaction, with a few queries a batch besides those of the hooks.
    ``plan`` stands in for the system's own.
    """
    if not findings.num_rows:
        return Triage()
    with timeline.writing():
        batch = _Batch(detector, compiled, now, plan)
        rows = findings.to_pylist()
        raised = batch.raise_alerts([row for row in rows if row["kind"] != CLEARED])
        ended = batch.clear([row for row in rows if row["kind"] == CLEARED])
    return Triage(*raised, cleared=ended, messages=batch.messages())


def case_key(kind: str, subject: int, zone: str) -> str:
    """Return the key under which alerts about ``subject`` in ``zone`` join one open case."""
    text = f"{kind}|{subject}|{zone}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def explain(
    finding: Mapping[str, Any], *, detector: Detector, compiled: Compiled, zone: Zone | None
) -> dict[str, Any]:
    """Return what anybody needs to understand and to replay ``finding``."""
    return {
        "rule": detector.code,
        "version": detector.version,
        "params": parameters(detector),
        "params_hash": params_hash(detector),
        "reference": compiled.ref_version,
        "zone": {"key": finding["zone"], "version": zone.version if zone else None},
        "finding": finding["id"].hex(),
        "journal": {"first": finding["first_offset"], "last": finding["last_offset"]},
        "fixes": finding["fixes"],
        "quality": round(float(finding["quality"]), 3),
        "inputs": [],
        "not_used": [],
        "alternatives": [],
    }


def parameters(detector: Detector) -> dict[str, Any]:
    """Return the parameters of ``detector`` with spans in seconds."""
    declared: Any = detector  # a frozen dataclass, which a protocol cannot say
    values = {one.name: getattr(detector, one.name) for one in dataclasses.fields(declared)}
    return {
        name: value.total_seconds() if isinstance(value, timedelta) else value
        for name, value in values.items()
    }


def system_of(detector: Detector) -> SystemConfig:
    """Return the system whose label starts the detector's code; raises SystemUnknown."""
    label = detector.code.partition(".")[0]
    system = system_named(label)
    if system is None:
        message = f"no installed system is called {label}"
        raise SystemUnknown(message)
    return system


def _placed(row: Mapping[str, Any], zone: Zone | None) -> Mapping[str, Any]:
    """Give a finding without a position, as cameras make them, a point inside of its zone."""
    if not math.isnan(row["lon"]):
        return row
    known = zone or Zone.objects.filter(key=row["zone"]).order_by("version").last()
    boundary = bytes(known.boundary) if known else b""
    inside = shapely.point_on_surface(shapely.from_wkb(boundary)) if boundary else NOWHERE
    return {**row, "lon": float(shapely.get_x(inside)), "lat": float(shapely.get_y(inside))}


class _Batch:
    """One batch of findings of one detector on its way into the tables."""

    def __init__(
        self, detector: Detector, compiled: Compiled, now: datetime, plan: Plan | None
    ) -> None:
        self.detector, self.compiled, self.now = detector, compiled, now
        self.system = system_of(detector)
        self.plan: Plan = plan or self.system.plan()
        self.settings = settings_in_force.snapshot()
        self.subscribers = announcing.subscribers()
        self.touched: set[int] = set()
        newest = Message.everything.order_by("-pk").values_list("pk", flat=True).first()
        self.newest_message = newest or 0

    def raise_alerts(self, rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
        """Store new alerts and the cases they open or join; returns how many of each."""
        fresh = self._unknown(rows)
        if not fresh:
            return 0, 0
        zones = self._zones({row["zone"] for row in fresh})
        fresh = [_placed(row, zones.get(row["zone"])) for row in fresh]
        drafts = [self.plan.draft(row, zones.get(row["zone"]), self.settings) for row in fresh]
        cases, opened = self._cases(fresh, drafts)
        alerts = [
            self._alert(row, draft, cases[draft.key], zones.get(row["zone"]))
            for row, draft in zip(fresh, drafts, strict=True)
        ]
        Alert.everything.bulk_create(alerts, batch_size=500)
        self._follow(alerts, drafts, opened)
        return len(alerts), len(opened)

    def _unknown(self, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        by_id = {row["id"].hex(): row for row in rows}
        known = set(Alert.everything.filter(pk__in=by_id).values_list("pk", flat=True))
        return [row for key, row in by_id.items() if key not in known]

    def _zones(self, keys: set[str]) -> dict[str, Zone]:
        return {zone.key: zone for zone in Zone.objects.filter(key__in=keys, is_current=True)}

    def _cases(
        self, rows: Sequence[Mapping[str, Any]], drafts: Sequence[CaseDraft]
    ) -> tuple[dict[str, Case], dict[int, dict[str, Any]]]:
        """Return the open case of each key, and the routing facts of those opened here."""
        pairs = list(zip(rows, drafts, strict=True))
        wanted = {draft.key: (row, draft) for row, draft in reversed(pairs)}
        cases = self._open_cases(wanted)
        missing = {key: pair for key, pair in wanted.items() if key not in cases}
        if not missing:
            return cases, {}
        decided = self._decide(missing)
        made = {key: self._case(row, draft, decided[key]) for key, (row, draft) in missing.items()}
        # Another detector's worker may open the same case at this moment: join it then.
        Case.everything.bulk_create(made.values(), batch_size=500, ignore_conflicts=True)
        stored = self._open_cases(missing)
        theirs = {
            entry.case_id for entry in TimelineEntry.objects.filter(case__in=stored.values(), seq=1)
        }
        ours = {stored[key].pk: key for key in missing if stored[key].pk not in theirs}
        facts = {pk: dict(decided[key].facts) for pk, key in ours.items()}
        codes = {pk: _codes(decided[key].lead, missing[key][1]) for pk, key in ours.items()}
        self._agencies(codes, facts)
        return {**cases, **stored}, facts

    def _decide(
        self, missing: Mapping[str, tuple[Mapping[str, Any], CaseDraft]]
    ) -> dict[str, RoutingDecision]:
        """Return who answers for each case that shall be opened."""
        routes = routing.route([(row["lon"], row["lat"]) for row, _draft in missing.values()])
        router, label = Router.at(self.now), self.system.label
        return {
            key: router.decide(
                RoutingQuestion(
                    label, (draft.kind, *self.system.kinds_above(draft.kind)), draft.severity,
                    self.detector.code, draft.lead_agency,
                ),
                route,
            )
            for (key, (_row, draft)), route in zip(missing.items(), routes, strict=True)
        }  # fmt: skip

    def _open_cases(self, keys: Mapping[str, Any]) -> dict[str, Case]:
        found = Case.everything.filter(key__in=keys).exclude(state__in=Case.FINAL)
        return {case.key: case for case in found.order_by("pk").select_for_update()}

    def _case(self, row: Mapping[str, Any], draft: CaseDraft, one: RoutingDecision) -> Case:
        return Case(
            key=draft.key,
            kind=draft.kind,
            system=self.system.label,
            severity=draft.severity,
            subject=row["entity"],
            zone=row["zone"],
            task_kind=draft.task_kind,
            capabilities=list(draft.capabilities),
            area=one.area,
            area_path=one.area.path if one.area else "",
            lon=row["lon"],
            lat=row["lat"],
            opened_at=self.now,
            changed_at=self.now,
        )

    def _agencies(
        self, wanted: Mapping[int, list[str]], facts: Mapping[int, dict[str, Any]]
    ) -> None:
        """Let the agencies of each case take part: the first leads where a rule says who leads."""
        codes = {code for found in wanted.values() for code in found}
        known = {agency.code: agency for agency in Agency.objects.filter(code__in=codes)}
        rows = []
        for pk, found in wanted.items():
            facts[pk]["agencies"] = [code for code in found if code in known]
            facts[pk]["agencies_missing"] = [code for code in found if code and code not in known]
            for code in facts[pk]["agencies"]:
                part = CaseAgency.Part.LEAD if code == found[0] else CaseAgency.Part.CO_HANDLER
                rows.append(CaseAgency(case_id=pk, agency=known[code], part=part))
        CaseAgency.objects.bulk_create(rows, batch_size=500)

    def _alert(
        self, row: Mapping[str, Any], draft: CaseDraft, case: Case, zone: Zone | None
    ) -> Alert:
        base = explain(row, detector=self.detector, compiled=self.compiled, zone=zone)
        return Alert(
            id=row["id"].hex(),
            detector=row["detector"],
            version=row["version"],
            kind=row["kind"],
            case=case,
            severity=draft.severity,
            certainty=draft.certainty,
            subject=row["entity"],
            zone=row["zone"],
            started_at=row["started_at"],
            found_at=row["found_at"],
            raised_at=self.now,
            lon=row["lon"],
            lat=row["lat"],
            explanation=timeline.plain({**base, **draft.explanation}),
        )

    def _follow(
        self,
        alerts: Sequence[Alert],
        drafts: Sequence[CaseDraft],
        opened: Mapping[int, dict[str, Any]],
    ) -> None:
        """Write each case's history and let the system act: first alerts open, others repeat."""
        begun: set[int] = set()
        for alert, draft in zip(alerts, drafts, strict=True):
            case = alert.case
            is_first = case.pk in opened and case.pk not in begun
            if is_first:
                begun.add(case.pk)
                self._record(case, "case.open", {"kind": case.kind})
                self._record(case, "case.route", opened[case.pk])
            self._record(case, "alert.raise", {"alert": alert.pk, "rule": alert.detector})
            if is_first:
                announcing.announce(case, "case.opened", now=self.now, to=self.subscribers)
                self.plan.opened(case, alert, now=self.now)
            else:
                case.worsen(draft.severity)
                self.plan.repeated(case, alert, now=self.now)

    def clear(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Note that found stays have ended; the alert and its case learn of it once."""
        ids = {row["id"].hex(): row for row in rows}
        standing = Alert.everything.filter(pk__in=ids, cleared_at__isnull=True)
        alerts = list(standing.select_related("case").order_by("case_id", "pk"))
        if not alerts:
            return 0
        held = Case.everything.filter(pk__in={alert.case_id for alert in alerts})
        cases = {case.pk: case for case in held.order_by("pk").select_for_update()}
        for alert in alerts:
            alert.cleared_at, alert.clearing_at = ids[alert.pk]["found_at"], self.now
            alert.fork = fork_of(alert.raised_at, self.now)
        columns = ["cleared_at", "clearing_at", "fork"]
        Alert.everything.bulk_update(alerts, columns, batch_size=200)
        for alert in alerts:
            case = cases[alert.case_id]
            self._record(case, "alert.clear", {"alert": alert.pk})
            self.plan.cleared(case, ids[alert.pk], now=self.now)
        return len(alerts)

    def _record(self, case: Case, verb: str, data: Mapping[str, Any]) -> None:
        self.touched.add(case.pk)
        timeline.record(case, verb=verb, actor=WORKER, at=self.now, data=data)

    def messages(self) -> int:
        """Return how many messages the hooks queued."""
        new = Message.everything.filter(pk__gt=self.newest_message, case_id__in=self.touched)
        return new.count() if self.touched else 0


def _codes(lead: str, draft: CaseDraft) -> list[str]:
    """Return who takes part: who leads, which may be nobody, then those beside."""
    return [lead, *(code for code in draft.co_agencies if code and code != lead)]
