"""The second stage: the stay goes on after the reminder, so somebody has to go there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from zhizhi.engine import delivering, dispatching, settings_in_force, timeline, timing
from zhizhi.engine.models import Case, Severity
from zhizhi.systems.fishery import wording
from zhizhi.systems.fishery.models import Stay
from zhizhi.systems.fishery.reminding import values_of

WORKER = "worker"
KIND = "dissuade"  # of the task that a river patrol gets
NEEDS = ("water", "dissuasion")  # what a unit must be able to do


def begin_if_still_there(arguments: Mapping[str, Any], now: datetime) -> None:
    """Timer action: begin the second stage unless the subject left or the case has ended."""
    stay = Stay.everything.select_related("alert").get(pk=arguments["stay"])
    with timeline.writing():
        case = Case.everything.select_for_update().get(pk=stay.case_id)
        if case.state in {*Case.FINAL, Case.State.HANDLED}:
            return
        open_stays = Stay.everything.filter(
            pk=stay.pk, left_at__isnull=True, dissuasion_at__isnull=True
        )
        if not open_stays.update(dissuasion_at=now):
            return
        case.worsen(Severity.IMPORTANT)
        timeline.record(
            case, verb="fishery.dissuade", actor=WORKER, at=now, data={"alert": stay.pk}
        )
        if case.state == Case.State.OPEN:
            _ask_operators(case, stay, now=now)
            _send_if_allowed(case, now=now)


def _ask_operators(case: Case, stay: Stay, *, now: datetime) -> None:
    """Tell the operators, who send a river patrol by one key; a clock runs until they look."""
    language = settings_in_force.value("fishery.reminder_language")
    values = values_of(stay, at=now)
    template, text = wording.render(wording.DISSUASION, values, language=language)
    delivering.enqueue(
        channel="inbox",
        recipient="role:operator",
        template=template,
        payload={**values, "text": text, "language": language, "case": case.pk},
        key_parts=("stay", stay.pk, "dissuasion"),
        case=case,
        now=now,
    )
    if case.acknowledged_at is None:
        within = timedelta(minutes=settings_in_force.value("fishery.acknowledge_minutes"))
        timing.start_clock(case, kind="acknowledge", within=within, now=now)


def _send_if_allowed(case: Case, *, now: datetime) -> None:
    """Dispatch the nearest fit patrol where the setting says so; the operators see either way."""
    if settings_in_force.value("fishery.dispatches_itself"):
        dispatching.dispatch_or_note(case, missed="fishery.no_unit", by=WORKER, now=now, kind=KIND)
