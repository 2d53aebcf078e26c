"""A shift in which anything may happen, and what the desk shows after each of its acts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied

from zhizhi.directory.models import Agency, Unit
from zhizhi.directory.positions import report_position
from zhizhi.engine import closing, dispatching, timing
from zhizhi.engine.dispatching import NoUnitFits
from zhizhi.engine.models import Case, Task
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests import building
from zhizhi.engine.tests.building import LAT, LON, NOON
from zhizhi.engine.triage import triage
from zhizhi.trust.scoping import Grant, Scope
from zhizhi.web import board, places, queue
from zhizhi.web.queue import QueueFilter
from zhizhi.web.replay import screen
from zhizhi.web.replay.moments import write

EYES = Scope(1, (Grant("operator", "/990100000000000/"),))
BY = "account:1"
REFUSED = (StateConflict, NoUnitFits, PermissionDenied)


def live(scope: Scope, now: datetime) -> dict[str, Any]:
    """What the desk shows now, as plain values."""
    wanted = QueueFilter()
    return plain(
        queue.page(scope, wanted, now=now),
        board.board(scope, now=now),
        places.counts(scope),
        places.alert_points(scope, wanted, now=now),
    )


def then(scope: Scope, at: datetime) -> dict[str, Any]:
    """What the replay shows of ``at``, as plain values."""
    found = screen.screen(scope, screen.PastFilter.then("live", "", write(at)), at=at)
    return plain(found, found["board"], found["grids"], found["places"])


def plain(
    page: dict[str, Any], units: dict[str, Any], grids: dict[int, int], points: dict[str, Any]
) -> dict[str, Any]:
    return {
        "rows": [
            (str(group["name"]), group["count"], *_row(row))
            for group in page["groups"]
            for row in group["rows"]
        ],
        "total": page["total"],
        "tabs": [
            (str(tab["label"]), tab["count"]) for tab in page["tabs"] if tab["count"] is not None
        ],
        "statuses": [(str(one["label"]), one["count"]) for one in units["statuses"]],
        "units": sorted(_line(line) for line in units["lines"]),
        "unit points": units["points"],
        "grids": grids,
        "points": points,
    }


def _row(row: dict[str, Any]) -> tuple[Any, ...]:
    case = row["case"]
    return (
        case.pk, case.code, case.state, case.severity, case.acknowledged_by, row["zone"],
        tuple(row["units"]), row["is_overdue"],
    )  # fmt: skip


def _line(line: dict[str, Any]) -> tuple[Any, ...]:
    unit, task = line["unit"], line["task"]
    given = (task.pk, str(task.state), task.case.code) if task else None
    return unit.pk, unit.status, unit.lon, unit.lat, unit.position_at, line["is_stale"], str(given)


@dataclass
class Shift:
    """Three cases, three boats, two agencies; each minute somebody does something."""

    seed: int
    now: datetime = NOON
    subjects: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a story, not a secret
        district = building.area()
        building.zone()
        self.boats = [building.unit(f"boat-{n}", east=0.01 * n, home=district) for n in range(1, 4)]
        self.agencies = [building.agency(code) for code in ("fishery", "police")]
        self.find()

    def act(self) -> None:
        """Let a minute go by and do one thing that is allowed."""
        self.now += timedelta(minutes=1)
        acts: list[Callable[[], Any]] = [
            self.find, self.worsen, self.clear, self.acknowledge, self.dispatch, self.dispatch,
            self.reinforce, self.assign, self.undo, self.step, self.step, self.step, self.cancel,
            self.dismiss, self.reopen, self.inspect, self.waive, self.drive, self.wait,
        ]  # fmt: skip
        for act in self.chance.sample(acts, len(acts)):
            try:
                if act():
                    return
            except REFUSED:
                continue

    def case(self) -> Case:
        return self.chance.choice(list(Case.everything.order_by("pk")))

    def task(self, *states: str) -> Task | None:
        found = list(Task.everything.filter(state__in=states).order_by("pk"))
        return self.chance.choice(found) if found else None

    def _triage(self, row: dict[str, Any], severity: str) -> bool:
        plan = building.Plan(severity=severity)
        triage(building.table(row), detector=building.Rule(), compiled=building.Compiled(),
               now=self.now, plan=plan)  # fmt: skip
        return True

    def find(self) -> bool:
        self.subjects.append(len(self.subjects) + 7)
        severity = self.chance.choice(["normal", "important"])
        return self._triage(building.finding(self.subjects[-1], start=self.now), severity)

    def worsen(self) -> bool:
        subject = self.chance.choice(self.subjects)
        return self._triage(building.finding(subject, start=self.now), "urgent")

    def clear(self) -> bool:
        return self._triage(building.finding(self.subjects[0], kind="cleared"), "normal")

    def acknowledge(self) -> Any:
        return dispatching.acknowledge(self.case(), by=BY, now=self.now)

    def dispatch(self) -> Any:
        return dispatching.dispatch_nearest(self.case(), by=BY, now=self.now)

    def reinforce(self) -> Any:
        return dispatching.dispatch_nearest(self.case(), by=BY, now=self.now, is_reinforcement=True)

    def assign(self) -> Any:
        agency: Agency = self.chance.choice(self.agencies)
        return dispatching.assign(self.case(), agency, kind="penalise", by=BY, now=self.now)

    def undo(self) -> Any:
        task = self.task("offered")
        return task and task.unit_id and dispatching.undo_dispatch(task, by=BY, now=self.now)

    def step(self) -> Any:
        """Bring one task a step further."""
        task = self.task("offered", "accepted", "arrived")
        if task is None:
            return False
        by = f"unit:{task.unit_id}"
        if task.state == Task.State.OFFERED:
            return dispatching.accept(task, by=by, now=self.now)
        if task.state == Task.State.ACCEPTED and task.unit_id:
            return dispatching.arrive(task, by=by, now=self.now)
        if self.chance.random() < 0.3:
            return dispatching.return_task(task, reason="no fuel", by=by, now=self.now)
        return dispatching.finish(task, outcome="dissuaded", by=by, now=self.now)

    def cancel(self) -> Any:
        task = self.task("offered", "accepted", "arrived")
        return task and dispatching.cancel_task(task, reason="not needed", by=BY, now=self.now)

    def dismiss(self) -> Any:
        return closing.dismiss(self.case(), reason="workers", by=BY, now=self.now)

    def reopen(self) -> Any:
        return closing.reopen(self.case(), by="account:2", now=self.now)

    def inspect(self) -> Any:
        is_passed = self.chance.random() < 0.6
        return closing.inspect(self.case(), is_passed=is_passed, by="account:2", now=self.now)

    def waive(self) -> Any:
        task = self.task("returned", "expired")
        return task and closing.waive(task, reason="gone", by=BY, now=self.now)

    def drive(self) -> Any:
        boat: Unit = self.chance.choice(self.boats)
        lon = LON + self.chance.uniform(-0.1, 0.1)
        return report_position(boat, lon=lon, lat=LAT, at=self.now, now=self.now)

    def wait(self) -> bool:
        """Let offers expire and limits pass."""
        self.now += timedelta(minutes=self.chance.choice([6, 40]))
        timing.fire_due(self.now)
        return True
