"""What a phone reports is filed once, however often it arrives."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from zhizhi.engine import dispatching, patrolling, timeline
from zhizhi.engine.models import CheckIn, Feedback, Task
from zhizhi.engine.states import StateConflict
from zhizhi.trust import evidence
from zhizhi.trust.models import Evidence
from zhizhi.web.field.forms import CheckInForm, ReportForm

STEPS = {"accept": dispatching.accept, "arrive": dispatching.arrive}


class OtherWords(ValueError):
    """Something else has arrived under the key of this draft."""


def step(task: Task, verb: str, *, by: str, now: datetime, told_at: datetime | None) -> None:
    """Accept the task or say that the unit is there; said again, it changes nothing."""
    late = {"told_at": told_at} if verb == "arrive" else {}
    try:
        STEPS[verb](task, by=by, now=now, **late)
    except StateConflict:
        done = task.arrived_at if verb == "arrive" else task.accepted_at
        if done is None or task.state not in {*Task.LIVE, Task.State.DONE}:
            raise


def give_back(task: Task, *, reason: str, by: str, now: datetime) -> None:
    """Return the task with a reason; said again, it changes nothing."""
    try:
        dispatching.return_task(task, reason=reason, by=by, now=now)
    except StateConflict:
        if task.state != Task.State.RETURNED or task.note != reason:
            raise


def report(form: ReportForm, task: Task, *, by: str, now: datetime) -> None:
    """Seal photo and voice and tell the case, all or nothing.

    Raises PictureRefused, RecordingRefused and OtherWords.
    """
    data = form.cleaned_data
    with timeline.writing():
        if _has_arrived(data, task, by):
            return
        sealed = [_seal(form, task, by=by, now=now)] if data["photo"] else []
        sealed += [_seal_voice(form, task, by=by, now=now)] if data["voice"] else []
        told: dict[str, Any] = {"note": data["note"], "key": data["key"], "by": by, "now": now}
        told["told_at"] = form.told_at(now)
        if data["outcome"] == Feedback.UNDER_WAY:
            dispatching.progress(task, evidence=sealed, **told)
            return
        proof = [*photos_before(task), *sealed] if data["outcome"] == "violation" else sealed
        dispatching.finish(task, outcome=data["outcome"], evidence=proof, **told)


def photos_before(task: Task) -> list[int]:
    """Return the sealed photos that came of a task while it went on."""
    told = Feedback.objects.filter(task=task, outcome=Feedback.UNDER_WAY)
    ids = [pk for sealed in told.values_list("evidence", flat=True) for pk in sealed]
    return list(Evidence.objects.filter(pk__in=ids, kind="photo").values_list("pk", flat=True))


def _has_arrived(data: dict[str, Any], task: Task, by: str) -> bool:
    """Say whether this very draft is there already; another one goes on.

    A page that gave no key: whoever has reported the end once has reported it.
    """
    before = dispatching.told_before(task, by=by, key=data["key"])
    if before is not None and (before.outcome, before.note) != (data["outcome"], data["note"]):
        raise OtherWords
    if data["key"] or data["outcome"] == Feedback.UNDER_WAY:
        return before is not None
    mine = Feedback.objects.filter(task=task, by=by).exclude(outcome=Feedback.UNDER_WAY)
    return mine.exists()


def _seal(form: ReportForm, task: Task, *, by: str, now: datetime) -> int:
    data = form.cleaned_data
    content = data["photo"].read()
    row = evidence.seal(
        content,
        case=task.case_id,
        kind="photo",
        media_type="",  # whatever the content is: sealing reads it
        by=by,
        now=now,
        taken_at=data["device_at"],
        device_now=data["sent_at"] or data["device_at"],
        lon=data["lon"],
        lat=data["lat"],
        area_path=task.case.area_path,
        leave=timeline.leave,
    )
    return row.pk


def _seal_voice(form: ReportForm, task: Task, *, by: str, now: datetime) -> int:
    data = form.cleaned_data
    row = evidence.seal_recording(
        data["voice"].read(),
        case=task.case_id,
        by=by,
        now=now,
        taken_at=data["device_at"],
        device_now=data["sent_at"] or data["device_at"],
        area_path=task.case.area_path,
        leave=timeline.leave,
    )
    return row.pk


def check_in(form: CheckInForm, *, by: str, now: datetime) -> CheckIn:
    """Write the check-in down once; raises PictureRefused, PositionRefused and OtherWords."""
    data = form.cleaned_data
    seen = patrolling.Sighting(
        lon=data["lon"],
        lat=data["lat"],
        accuracy_m=data["accuracy_m"],
        position_age=form.position_age(),
        area=data["area"],
        place=data["place"],
    )
    row = patrolling.check_in(
        data["unit"],
        seen,
        key=data["key"] or secrets.token_hex(16),
        by=by,
        now=now,
        at=form.told_at(now),
        note=data["note"],
        photo=data["photo"].read() if data["photo"] else None,
    )
    if (row.note, row.place) != (data["note"], data["place"]):
        raise OtherWords
    return row
