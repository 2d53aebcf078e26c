"""Simulated staff: what operators, patrols and reviewers did in the hours before the visit.

During the visit only the crews go on, those of units that no visitor can sign in as. They use the
same verbs as people do. Who does what when follows from the case's number, so equal
histories are equal to the second.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from PIL import Image, ImageDraw

from zhizhi.directory.models import Account, RoleAssignment, Unit
from zhizhi.directory.positions import report_position
from zhizhi.engine import closing, dispatching, timeline
from zhizhi.engine.dispatching import NoUnitFits
from zhizhi.engine.models import Case, Severity, Task
from zhizhi.engine.states import StateConflict
from zhizhi.systems.fishery import masking, reviewing, sharing
from zhizhi.systems.fishery.models import Violation, ViolationReview
from zhizhi.trust import evidence

RESTS = timedelta(minutes=30)  # the newest cases are left to the visitor
RESERVE = 3  # so many river patrols are kept free, for the visitor as well
NOTES = {
    "dissuaded": "现场劝导，当事人已收竿离开。",
    "left": "到场时人已离开，已提醒周边垂钓者。",
    "not_found": "沿岸巡查未见人员。",
    "violation": "使用多钩钓具，现场拍照取证。",
}
OUTCOMES = ("dissuaded", "left", "dissuaded", "violation", "dissuaded", "not_found", "dissuaded")


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@dataclass(slots=True)
class Staff:
    """The people of the shift; ``until`` is when the visitor takes over."""

    until: datetime
    acts: int = 0
    _actors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = Account.objects.filter(is_demo=True).values_list("username", "pk")
        self._actors = {username: f"account:{pk}" for username, pk in rows}

    def act(self, now: datetime) -> None:
        """Do what is due now; whoever lost a race tries again a minute later."""
        for case in Case.everything.exclude(state__in=Case.RESTING).order_by("pk"):
            if case.opened_at < self.until - RESTS and now < self.until:
                try:
                    self.acts += self._case(case, now)
                except (StateConflict, NoUnitFits):
                    continue
        if now < self.until:
            self._review(now)

    def crews(self, now: datetime) -> None:
        """Let each crew that no visitor speaks for go on with its task."""
        spoken_for = RoleAssignment.objects.filter(unit__isnull=False).values("unit")
        tasks = Task.everything.filter(state__in=Task.LIVE, unit__isnull=False)
        for task in tasks.exclude(unit__in=spoken_for).select_related("case", "unit"):
            try:
                self.acts += self._task(task.case, task, now)
            except StateConflict:
                continue

    def _case(self, case: Case, now: datetime) -> bool:
        if case.state == Case.State.OPEN:
            return self._open(case, now)
        if case.state == Case.State.HANDLED:
            return self._handled(case, now)
        task = case.tasks.filter(state__in=Task.LIVE, unit__isnull=False).order_by("pk").first()
        return task is not None and self._task(case, task, now)

    def _open(self, case: Case, now: datetime) -> bool:
        age = now - case.opened_at
        operator = self._actors["operator" if case.pk % 2 else "operator2"]
        if case.acknowledged_at is None:
            if age < _minutes(2 + case.pk % 5):
                return False
            dispatching.acknowledge(case, by=operator, now=now)
            return True
        if case.pk % 12 == 5 and age > _minutes(9):
            closing.dismiss(case, reason="核实为码头作业人员。", by=operator, now=now)
            return True
        is_wanted = case.severity != Severity.NORMAL or case.pk % 3 == 0
        if is_wanted and age > _minutes(6 + case.pk % 4) and _boats_left() > RESERVE:
            dispatching.dispatch_nearest(case, by=operator, now=now)
            return True
        return False

    def _task(self, case: Case, task: Task, now: datetime) -> bool:
        unit = task.unit
        if unit is None or not _is_due(case, task, now):
            return False
        by = f"unit:{unit.pk}"
        if task.state == Task.State.OFFERED:
            dispatching.accept(task, by=by, now=now)
        elif task.state == Task.State.ACCEPTED:
            report_position(unit, lon=case.lon, lat=case.lat, at=now, now=now)
            dispatching.arrive(task, by=by, now=now)
        else:
            self._finish(case, task, by=by, now=now)
        return True

    def _finish(self, case: Case, task: Task, *, by: str, now: datetime) -> None:
        outcome = OUTCOMES[task.pk % len(OUTCOMES)]
        sealed = []
        with timeline.writing():
            if outcome == "violation":
                row = evidence.seal(
                    photograph(task.pk),
                    case=case.pk,
                    kind="photo",
                    media_type="image/jpeg",
                    by=by,
                    now=now,
                    taken_at=now - _minutes(2),
                    device_now=now + timedelta(seconds=3),
                    lon=case.lon,
                    lat=case.lat,
                    area_path=case.area_path,
                    leave=timeline.leave,
                )
                sealed.append(row.pk)
            dispatching.finish(
                task, outcome=outcome, note=NOTES[outcome], evidence=sealed, by=by, now=now
            )

    def _handled(self, case: Case, now: datetime) -> bool:
        if now - case.changed_at < _minutes(10 + case.pk % 15):
            return False
        is_passed = case.pk % 14 != 3 or case.timeline.filter(verb="case.reject").exists()
        note = "情况属实，同意结案。" if is_passed else "照片不清，请补充现场情况。"
        closing.inspect(case, is_passed=is_passed, note=note, by=self._actors["inspector"], now=now)
        return True

    def _review(self, now: datetime) -> None:
        """Every other record is reviewed by two people and shared; the rest waits."""
        for violation in Violation.everything.filter(state__in=Violation.UNDER_REVIEW):
            if violation.pk % 2 and now - violation.changed_at >= _minutes(20):
                self._review_one(violation, now)
                self.acts += 1

    def _review_one(self, violation: Violation, now: datetime) -> None:
        technical, legal = self._actors["technical"], self._actors["legal"]
        if violation.state == Violation.State.LEGALLY_REVIEWED:
            sharing.transfer(violation, by=self._actors["fishery"], now=now)
            return
        step, by = ViolationReview.Step.LEGAL, legal
        if violation.state == Violation.State.RECORDED:
            step, by = ViolationReview.Step.TECHNICAL, technical
            for photo in violation.photos.all():
                masking.mask(photo, [], shows_nobody=True, by=technical, now=now)
        reviewing.review(violation, step=step, is_accepted=True, note="", by=by, now=now)


def _boats_left() -> int:
    """Return how many river patrols are free."""
    return Unit.objects.filter(kind="river_patrol", status=Unit.Status.AVAILABLE).count()


def _is_due(case: Case, task: Task, now: datetime) -> bool:
    """Say whether the unit takes its next step now; now and then nobody answers an offer."""
    if task.state == Task.State.OFFERED:
        is_answered = not may_ignore(case) or task.pk % 2 == 0
        return is_answered and now - task.offered_at >= _minutes(1 + task.pk % 3)
    if task.state == Task.State.ACCEPTED:
        return now - (task.accepted_at or now) >= _minutes(6 + task.pk % 8)
    return now - (task.arrived_at or now) >= _minutes(7 + task.pk % 9)


def may_ignore(case: Case) -> bool:
    """Say whether crews now and then leave an offer for this case without an answer."""
    return case.pk % 17 == 4


def photograph(number: int) -> bytes:
    """Return a drawn picture of a bank with a rod, as JPEG; there is nobody in it."""
    picture = Image.new("RGB", (960, 640), (188, 206, 222))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 300, 960, 640), fill=(92, 128, 140))
    pen.polygon([(0, 420), (520, 470 + number % 60), (640, 640), (0, 640)], fill=(126, 118, 92))
    pen.polygon(
        [(0, 250), (300, 180), (620, 270), (960, 200), (960, 300), (0, 300)], fill=(96, 116, 90)
    )
    start = 150 + number * 37 % 200
    pen.line([(start, 470), (start + 330, 250)], fill=(40, 34, 28), width=6)
    pen.line([(start + 330, 250), (start + 380, 520)], fill=(230, 230, 230), width=1)
    pen.rectangle((start - 60, 465, start + 10, 520), fill=(52, 84, 150))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=82)
    return stream.getvalue()
