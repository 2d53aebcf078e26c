"""Letting a case wait 挂账: by a leader, with a reason, until a day on which it is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from zhizhi.engine import delivering, extending, pausing, settings_in_force, timeline, timing
from zhizhi.engine.dispatching import locked
from zhizhi.engine.models import Case, Suspension
from zhizhi.engine.reasons import given
from zhizhi.engine.states import StateConflict, move

WORKER = "worker"
IN_WORK = (Case.State.OPEN, Case.State.DISPATCHED, Case.State.HANDLING)


class ReviewRefused(ValueError):
    """The day to look at it again is not ahead, or too far ahead."""


def suspend(case: Case, *, reason: str, review_at: datetime, by: str, now: datetime) -> Suspension:
    """Let ``case`` and all its clocks wait until somebody resumes it, at ``review_at`` by itself.

    Raises ReasonMissing, ReviewRefused, and StateConflict when it waits already or is not in work.
    """
    said = given(reason)
    longest = timedelta(days=settings_in_force.value("engine.suspension_days"))
    if not now < review_at <= now + longest:
        raise ReviewRefused
    with timeline.writing():
        locked(case)
        if case.state not in IN_WORK:
            message = f"the case is {case.get_state_display()}"
            raise StateConflict(message, code="not-in-work", record=case)
        if of(case) is not None:
            raise StateConflict("it waits already", code="suspended", record=case)
        made = Suspension.everything.create(
            case=case, reason=said, at=now, by=by, review_at=review_at
        )
        extending.lapse(case)
        pausing.pause(pausing.of_case(case), now=now)
        timing.schedule(
            f"suspension:{made.pk}", action="engine.suspension_over",
            arguments={"suspension": made.pk, "case": case.pk}, due_at=review_at,
        )  # fmt: skip
        data = {"until": review_at}
        timeline.record(case, verb="case.suspend", actor=by, at=now, note=said, data=data)
        _tell(case, made, "engine.case_suspended", handlers(case), now=now)
    return made


def of(case: Case) -> Suspension | None:
    """Return the suspension that ``case`` is under now, if any."""
    running = Suspension.everything.filter(case=case, state=Suspension.State.RUNNING)
    return running.first()


def resume(made: Suspension, *, note: str = "", by: str, now: datetime) -> Suspension:
    """Let the case go on: its clocks run from where they stood."""
    with timeline.writing():
        _go_on(locked(made.case), made, note=note, by=by, now=now)
        timing.cancel(f"suspension:{made.pk}", now=now)
    return made


def _go_on(case: Case, made: Suspension, *, note: str = "", by: str, now: datetime) -> None:
    move(made, Suspension.State.ENDED, allowed=Suspension.MOVES, ended_at=now, ended_by=by)
    pausing.resume(pausing.of_case(case), now=now)
    timeline.record(case, verb="case.resume", actor=by, at=now, note=note)
    _tell(case, made, "engine.case_resumed", handlers(case), now=now)


def end(case: Case, *, by: str, now: datetime) -> None:
    """End the suspension of a case that ends, if it is under one."""
    made = of(case)
    if made is not None:
        resume(made, by=by, now=now)


def suspension_over(arguments: Mapping[str, Any], now: datetime) -> None:
    """Timer action: the day has come to look at a case that waits, so it goes on."""
    case = Case.everything.select_for_update().get(pk=arguments["case"])
    made = of(case)
    if made is None or made.pk != arguments["suspension"]:
        return
    with timeline.writing():
        _go_on(case, made, by=WORKER, now=now)
        _tell(case, made, "engine.suspension_over", ("role:leader", "role:operator"), now=now)


def handlers(case: Case) -> tuple[str, ...]:
    """Return the inboxes of whoever has a live task of ``case``."""
    live = case.tasks.filter(state__in=case.tasks.model.LIVE).order_by("pk")
    found = [
        f"unit:{unit}" if unit else f"agency:{agency}"
        for unit, agency in live.values_list("unit_id", "agency_id")
    ]
    return tuple(dict.fromkeys(found))


def _tell(
    case: Case, made: Suspension, template: str, recipients: tuple[str, ...], *, now: datetime
) -> None:
    key = ("suspension", made.pk, template)
    delivering.tell(recipients, template, case=case, key_parts=key, now=now)
