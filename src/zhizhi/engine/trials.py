"""Running a rule with other numbers over the journal, beside the rule in force; changes nothing."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from zhizhi.engine import journal, routing, settings_in_force, timeline, zoning
from zhizhi.engine.journal import Segment
from zhizhi.engine.leasing import claim
from zhizhi.engine.models import Alert, Task, Trial, Zone
from zhizhi.engine.system import SystemConfig, systems
from zhizhi.engine.track import push
from zhizhi.engine.triage import CLEARED, system_of
from zhizhi.kernel.detection import Detector
from zhizhi.kernel.stepping import Stepper
from zhizhi.trust import canonical, ciphers
from zhizhi.trust.audit import Leaf

LONGEST = timedelta(days=7)
LEASE = timedelta(seconds=60)
MOST_WAITING = 5  # of one person
MOST_ATTEMPTS = 3
NEW, GONE = "new", "gone"
TICK_US = 1_000_000  # as the live runner judges: envelopes of one second together
CHUNK = 200

log = logging.getLogger(__name__)
Found = dict[str, Any]


class TrialRefused(ValueError):
    """A trial cannot be asked for; the message says why."""


class _Stopped(Exception):
    """Somebody cancelled the trial, or another worker has taken it over."""


def ask(
    detector: Detector,
    changes: Mapping[str, Any],
    *,
    since: datetime,
    until: datetime,
    by: str,
    now: datetime,
) -> Trial:
    """Ask for a trial of ``detector`` with ``changes``; raises TrialRefused or SettingRefused."""
    until = min(until, now)
    if not since < until:
        message = "the period is empty"
        raise TrialRefused(message)
    if until - since > LONGEST:
        message = "the period is longer than 7 days"
        raise TrialRefused(message)
    if Trial.objects.filter(asked_by=by, state__in=Trial.OPEN).count() >= MOST_WAITING:
        message = "too many of your trials wait already"
        raise TrialRefused(message)
    numbers = numbers_of(system_of(detector))
    known = settings_in_force.declared()
    wanted = {key: settings_in_force.check(known[key], value) for key, value in changes.items()}
    with timeline.writing():
        trial = Trial.objects.create(
            detector=detector.code, version=detector.version, numbers=numbers, changes=wanted,
            since=since, until=until, asked_by=by, asked_at=now,
        )  # fmt: skip
        detail = {"rule": detector.code, "changes": wanted}
        timeline.leave(Leaf(by, "trial.ask", f"trial:{trial.pk}", now, detail=detail))
    return trial


def numbers_of(system: SystemConfig) -> dict[str, Any]:
    """Return the numbers in force of one system."""
    every = settings_in_force.snapshot()
    return {one.key: every[one.key] for one in system.settings}


def cancel(trial: Trial, *, by: str, now: datetime) -> bool:
    """Stop a trial that waits or runs; says whether there was anything to stop."""
    with timeline.writing():
        mine = Trial.objects.filter(pk=trial.pk, state__in=Trial.OPEN)
        is_stopped = bool(mine.update(state=Trial.State.CANCELLED, ended_at=now))
        if is_stopped:
            timeline.leave(Leaf(by, "trial.cancel", f"trial:{trial.pk}", now))
    return is_stopped


def run_next(now: datetime) -> int:
    """Run one trial that waits; returns how many ran. One that a dead worker left is run again."""
    waiting = Trial.objects.filter(state__in=Trial.OPEN, attempts__lt=MOST_ATTEMPTS).order_by("pk")
    held = claim(waiting, limit=1, lease=LEASE, state=Trial.State.RUNNING)
    for trial in held:
        try:
            _finish(trial, run(trial, tell=_teller(trial)), now=now)
        except _Stopped:
            continue
        except Exception as error:
            log.exception("trial %s failed", trial.pk)
            _mine(trial).update(
                state=Trial.State.FAILED, failure=f"{type(error).__name__}: {error}"[:300],
                ended_at=now,
            )  # fmt: skip
    return len(held)


def _mine(trial: Trial) -> Any:
    return Trial.objects.filter(pk=trial.pk, fence=trial.fence, state=Trial.State.RUNNING)


def _teller(trial: Trial) -> Callable[[float], None]:
    """Return what writes the progress down and notices that nobody wants the trial any more."""
    told = -1

    def tell(share: float) -> None:
        nonlocal told
        done = min(99, int(100 * share))
        if done == told:
            return
        told = done
        if not _mine(trial).update(done=done, lease_until=_soon()):
            raise _Stopped

    return tell


def _soon() -> Any:
    return Now() + LEASE


def _finish(trial: Trial, result: Found, *, now: datetime) -> None:
    told = {name: result.pop(name) for name in ("first_offset", "last_offset", "ref_version")}
    plain = timeline.plain(result)
    digest = ciphers.suite().digest(canonical.encode(plain))
    _mine(trial).update(
        state=Trial.State.DONE, done=100, ended_at=now, result=plain, digest=digest, **told
    )


def run(trial: Trial, *, tell: Callable[[float], None] = lambda share: None) -> Found:
    """Return what the trial finds: counts, differences with their reasons, and the range read."""
    was, will = _pair(trial)
    reference = zoning.reference(zoning.current())
    steppers = [Stepper(one, one.compile({"zones": reference})) for one in (was, will)]
    start = journal.first_since(trial.since - max(memory(was), memory(will)))
    found: list[list[Found]] = [[], []]
    last = start
    for group in _groups(was.reads, start, trial.until):
        last = group[-1].offset
        arrived_us = group[-1].arrival_us
        for stepper, rows in zip(steppers, found, strict=True):
            push(stepper, group)
            _take(rows, stepper, arrived_us)
        tell((journal.from_us(arrived_us) - trial.since) / (trial.until - trial.since))
    stays = [_stays(rows) for rows in found]
    counted = [[row for row in rows if _is_within(row, trial)] for rows in stays]
    return {
        "first_offset": start,
        "last_offset": last,
        "ref_version": steppers[0].compiled.ref_version,
        "before": len(counted[0]),
        "after": len(counted[1]),
        **_real(trial, counted[0]),
        "differences": _differences(trial, was, stays[0], stays[1]),
    }


def _pair(trial: Trial) -> tuple[Detector, Detector]:
    """Return the rule with the numbers of then, and with those tried."""
    label = trial.detector.partition(".")[0]
    system = next(one for one in systems() if one.label == label)
    numbers = {**settings_in_force.snapshot(), **trial.numbers}
    was, will = (
        next(one for one in system.detectors(values) if one.code == trial.detector)
        for values in (numbers, {**numbers, **trial.changes})
    )
    return was, will


def memory(detector: Detector) -> timedelta:
    """Return how far back a rule may remember: the sum of its spans, and some more."""
    declared: Any = detector  # a frozen dataclass, which a protocol cannot say
    spans = (getattr(detector, one.name) for one in dataclasses.fields(declared))
    return sum((one for one in spans if isinstance(one, timedelta)), timedelta(minutes=5))


def _groups(streams: Sequence[str], start: int, until: datetime) -> Iterator[list[Segment]]:
    for segments in journal.walk(streams, start, until=until, most=CHUNK):
        for _second, group in itertools.groupby(
            segments, key=lambda one: one.arrival_us // TICK_US
        ):
            yield list(group)


def _take(rows: list[Found], stepper: Stepper, arrived_us: int) -> None:
    findings = stepper.advance(arrived_us).findings
    if findings.num_rows:
        raised = journal.from_us(arrived_us)
        rows += [{**row, "raised_at": raised} for row in findings.to_pylist()]


def _is_within(row: Found, trial: Trial) -> bool:
    return bool(trial.since <= row["raised_at"] <= trial.until)


def _stays(rows: Iterable[Found]) -> list[Found]:
    """Return the stays found, each with the last moment inside where it is known."""
    listed = list(rows)
    left = {row["id"]: row["inside_at"] for row in listed if row["kind"] == CLEARED}
    return [{**row, "left_at": left.get(row["id"])} for row in listed if row["kind"] != CLEARED]


def _real(trial: Trial, stays: Sequence[Found]) -> Found:
    """Return what was really recorded in the period, and how often somebody was sent."""
    alerts = Alert.everything.filter(
        detector=trial.detector, raised_at__gte=trial.since, raised_at__lte=trial.until
    )
    known = dict(alerts.values_list("pk", "case"))
    sent = Task.everything.filter(case__in=set(known.values()), unit__isnull=False)
    return {
        "recorded": len(known),
        "agrees": set(known) == {row["id"].hex() for row in stays},
        "cases": len(set(known.values())),
        "sent": sent.order_by().values("case").distinct().count(),
    }


def _differences(
    trial: Trial, was: Detector, before: Sequence[Found], after: Sequence[Found]
) -> list[Found]:
    """Return what only one of the two finds, oldest first, each with its reason and its area.

    A stay that the other run found before the period began is no difference.
    """
    gone, new = _unmatched(before, after), _unmatched(after, before)
    rows = [(row, GONE) for row in gone] + [(row, NEW) for row in new]
    rows = [pair for pair in rows if _is_within(pair[0], trial)]
    rows.sort(key=lambda pair: (pair[0]["raised_at"], pair[1], pair[0]["id"]))
    placed = [row for row, _kind in rows if math.isfinite(row["lon"])]
    routes = dict(
        zip(
            (row["id"] for row in placed),
            routing.route([(row["lon"], row["lat"]) for row in placed]),
            strict=True,
        )
    )
    zones = {zone.key: zone for zone in zoning.current()}
    plan = system_of(was).plan()
    told = []
    for row, kind in rows:
        route = routes.get(row["id"])
        area = route.area if route else None
        told.append(
            {
                "id": row["id"].hex(), "change": kind, "entity": str(row["entity"]),
                "zone": row["zone"], "started_at": row["started_at"].isoformat(),
                "found_at": row["found_at"].isoformat(), "raised_at": row["raised_at"].isoformat(),
                "left_at": row["left_at"].isoformat() if row["left_at"] else "",
                "lon": row["lon"] if route else None, "lat": row["lat"] if route else None,
                "area": area.name if area else "", "path": area.path if area else _path(zones, row),
                "inputs": _inputs(plan, row, zones.get(row["zone"]), trial),
                "earlier": _earlier(row, after if kind == GONE else before),
            }
        )  # fmt: skip
    return told


def _path(zones: Mapping[str, Zone], row: Found) -> str:
    """Return the area of the zone: a camera tells no position."""
    zone = zones.get(row["zone"])
    return zone.area_path if zone else ""


def _unmatched(these: Sequence[Found], others: Sequence[Found]) -> list[Found]:
    """Return those of ``these`` that overlap with none of the others of one subject and zone."""
    known: dict[tuple[int, str], list[Found]] = {}
    for one in others:
        known.setdefault((one["entity"], one["zone"]), []).append(one)
    left = []
    for one in these:
        mates = known.get((one["entity"], one["zone"]), [])
        twin = next((mate for mate in mates if _is_same(one, mate)), None)
        if twin is None:
            left.append(one)
        else:
            mates.remove(twin)
    return left


def _is_same(one: Found, other: Found) -> bool:
    latest = max(one["started_at"], other["started_at"])
    return bool(latest <= min(one["found_at"], other["found_at"]))


def _inputs(plan: Any, row: Found, zone: Zone | None, trial: Trial) -> list[Found]:
    """Return what the rule compared: each value with the threshold in force and the one tried."""
    numbers = {**settings_in_force.snapshot(), **trial.numbers}
    was = plan.draft(row, zone, numbers).explanation.get("inputs", [])
    will = plan.draft(row, zone, {**numbers, **trial.changes}).explanation.get("inputs", [])
    return [
        {
            "name": one["name"], "value": one["value"], "unit": one["unit"],
            "was": one["threshold"], "met": one["meets"],
            "will": other["threshold"], "meets": other["meets"],
        }
        for one, other in zip(was, will, strict=True)
        if one["threshold"] != ""
    ]  # fmt: skip


def _earlier(row: Found, others: Sequence[Found]) -> str:
    """Return when the other run had found the same subject there before: a pause then follows."""
    before = [
        one["found_at"]
        for one in others
        if (one["entity"], one["zone"]) == (row["entity"], row["zone"])
        and one["found_at"] < row["found_at"]
    ]
    return max(before).isoformat() if before else ""
