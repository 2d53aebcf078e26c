"""Dissuasion 劝阻: reach somebody before the money is gone, and say how it ended.

Called first; busy or not answered, then relatives, then a visit. Every step has its time by the
tier, every try is kept, and whoever was at risk of a scam is asked again after a day and a week.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from zhizhi.directory import people
from zhizhi.directory.models import Person, Unit
from zhizhi.directory.people import PersonalData
from zhizhi.engine import (
    closing,
    delivering,
    dispatching,
    merging,
    settings_in_force,
    timeline,
    timing,
)
from zhizhi.engine.dispatching import Need, NoUnitFits
from zhizhi.engine.models import Case, Feedback, Report, Severity, Task
from zhizhi.engine.states import StateConflict, move
from zhizhi.systems.antifraud import asking_again, relatives
from zhizhi.systems.antifraud.apps import RISK_CASE
from zhizhi.systems.antifraud.models import Dissuasion, DissuasionAttempt

State, Tier, Outcome = Dissuasion.State, Dissuasion.Tier, Dissuasion.Outcome
Step, Result = DissuasionAttempt.Step, DissuasionAttempt.Result
SYSTEM, KIND = "antifraud", "dissuade"  # of the visit
BEGIN, ATTEMPT, END, NO_UNIT = (
    "dissuasion.begin", "dissuasion.attempt", "dissuasion.end", "dissuasion.no_unit"
)  # fmt: skip
UNANSWERED = (Result.BUSY, Result.NO_ANSWER)
VISITORS: Mapping[str, str] = {Tier.HIGH: "police_patrol", Tier.MEDIUM: "grid_worker"}
CLOCKS: Mapping[str, str] = {State.RELATIVES: Step.RELATIVE, State.VISITING: Step.VISIT}
STEPS: Mapping[str, tuple[str, ...]] = {  # somebody may call again, whatever comes next
    State.CALLING: (Step.CALL,),
    State.RELATIVES: (Step.RELATIVE, Step.CALL),
    State.VISITING: (Step.VISIT, Step.CALL, Step.RELATIVE),
    State.REACHED: (Step.CALL, Step.RELATIVE),
    State.ENDED: (),
}
MOST_YUAN = 10_000_000_000


class NoPerson(ValueError):
    """Nobody is named who could be called."""


class AmountUnfit(ValueError):
    """More was lost than was at risk, or the outcome and the amounts contradict each other."""


@dataclass(frozen=True, slots=True)
class Risk:
    """How a warning is judged: how pressing, who warned by which rule, how much, until when."""

    tier: str
    warned_by: str
    rule: str = ""
    typology: str = ""
    amount: int | None = None
    pays_at: datetime | None = None


def begin(
    case: Case, risk: Risk, *, person: PersonalData | None = None, by: str, now: datetime
) -> Dissuasion:
    """Begin to dissuade ``person``; without one, whoever has reported the case.

    Raises NoPerson, and StateConflict: "case-ended", "other-system", or "begun-before" with the
    dissuasion that is under way.
    """
    numbers = settings_in_force.snapshot()
    within = timedelta(minutes=numbers[f"antifraud.{risk.tier}_call_minutes"])
    with timeline.writing():
        _check_may_begin(dispatching.locked(case))
        row = Dissuasion.everything.create(
            case=case, person=_whom(case, person, by=by, now=now), tier=risk.tier,
            warned_by=risk.warned_by, rule=risk.rule, typology=risk.typology, amount=risk.amount,
            pays_at=risk.pays_at, due_at=now + within, began_at=now, began_by=by,
        )  # fmt: skip
        if risk.tier == Tier.HIGH:
            case.worsen(Severity.URGENT)
        timing.start_clock(case, kind=Step.CALL, within=within, now=now)
        data = {"dissuasion": row.pk, "tier": risk.tier, "warned_by": risk.warned_by}
        timeline.record(case, verb=BEGIN, actor=by, at=now, data=data)
    return row


def attempt(
    row: Dissuasion,
    step: str,
    result: str,
    *,
    by: str,
    now: datetime,
    among: QuerySet[Unit] | None = None,
) -> DissuasionAttempt:
    """Keep what became of one try, and go on to what follows from it.

    ``among`` are the units that whoever tells it may send. Raises StateConflict: "other-step" for
    a step that is not, or no longer, to be taken, "case-ended".
    """
    wanted, told = Step(step), Result(result)
    with timeline.writing():
        case = _held(row)
        _check_step(row, case, wanted)
        made = DissuasionAttempt.objects.create(
            dissuasion=row, step=wanted, result=told, at=now, by=by
        )
        data = {"dissuasion": row.pk, "step": wanted.value, "result": told.value}
        timeline.record(case, verb=ATTEMPT, actor=by, at=now, data=data)
        if wanted in {Step.DAY, Step.WEEK}:
            asking_again.asked(row, is_settled=told not in UNANSWERED)
            return made
        timing.meet_clocks(case, kind=wanted, now=now)
        _go_on(row, case, following(row, wanted, told, now=now), by=by, now=now, among=among)
    return made


def following(row: Dissuasion, step: str, result: str, *, now: datetime) -> str:
    """Return the state that follows from a try that is kept already; nothing: it stays."""
    to = _following(row, step, result, now)
    return to if to in Dissuasion.MOVES[State(row.state)] else ""


def _following(row: Dissuasion, step: str, result: str, now: datetime) -> str:
    if result == Result.REACHED:
        return State.REACHED
    if step == Step.VISIT or row.state == State.REACHED:
        return ""  # people decide: send somebody, or end it
    if result in UNANSWERED and not _is_tried_enough(row, step):
        return ""
    if step == Step.CALL and result != Result.REFUSED and relatives.of(row, now=now):
        return State.RELATIVES
    return State.VISITING if row.tier in VISITORS else ""


def send(
    row: Dissuasion, *, by: str, now: datetime, among: QuerySet[Unit] | None = None
) -> Dissuasion:
    """Send somebody there, also where no step says so.

    Raises StateConflict: "case-ended", and "already-dispatched" with the task of who is sent.
    """
    with timeline.writing():
        case = _held(row)
        _check_open(case)
        if row.state == State.VISITING:
            for task in _visits(case):
                raise StateConflict(f"{task.unit} was sent", code="already-dispatched", record=task)
            _visit(row, case, by=by, now=now, among=among)
        else:
            _go_on(row, case, State.VISITING, by=by, now=now, among=among)
    return row


def visited(feedback: Feedback, *, now: datetime) -> None:
    """Keep what a visit found, in the transaction that ends its task."""
    task = feedback.task
    family = merging.family_of(feedback.case)
    row = Dissuasion.everything.filter(case__in=family, state=State.VISITING).first()
    if row is None or task is None or task.kind != KIND:
        return
    result = Result.NO_ANSWER if feedback.outcome == "not_found" else Result.REACHED
    attempt(row, Step.VISIT, result, by=feedback.by, now=now)


def end(
    row: Dissuasion,
    outcome: str,
    *,
    amount: int | None = None,
    lost: int = 0,
    by: str,
    now: datetime,
) -> Dissuasion:
    """Say how it ended, with what was at risk and lost in whole yuan.

    A scam is asked about again after a day and a week. A case that is there for the warning alone
    ends with it, unless somebody was sent. Raises AmountUnfit, StateConflict.
    """
    told, at_risk = Outcome(outcome), row.amount if amount is None else amount
    _check_amounts(told, at_risk, lost)
    with timeline.writing():
        case = _held(row)
        move(
            row, State.ENDED, allowed=Dissuasion.MOVES, outcome=told, amount=at_risk, lost=lost,
            ended_at=now, ended_by=by,
        )  # fmt: skip
        for step in (Step.CALL, Step.RELATIVE, Step.VISIT):
            timing.meet_clocks(case, kind=step, now=now)
        data = {"dissuasion": row.pk, "outcome": told.value}
        timeline.record(case, verb=END, actor=by, at=now, data=data)
        for task in _visits(case):
            dispatching.cancel_task(task, reason=str(told.label), by=by, now=now)
        if told in Dissuasion.SCAMS:
            asking_again.plan(row, now=now)
        _end_case(case, told, by=by, now=now)
    return row


def may_call(row: Dissuasion) -> bool:
    """Say whether there is still a reason to call whoever is at risk, or to ask again."""
    if row.is_live:
        return merging.root_of(row.case).state not in Case.FINAL
    return bool(row.again)


def _check_may_begin(case: Case) -> None:
    if case.system != SYSTEM:
        raise StateConflict("the case is of another system", code="other-system", record=case)
    _check_open(case)
    before = Dissuasion.everything.filter(case=case).exclude(state=State.ENDED).first()
    if before is not None:
        raise StateConflict(f"{before} is under way", code="begun-before", record=before)


def _check_open(case: Case) -> None:
    if merging.root_of(case).state in Case.FINAL:
        message = f"the case is {case.get_state_display()}"
        raise StateConflict(message, code="case-ended", record=case)


def _check_step(row: Dissuasion, case: Case, step: str) -> None:
    """Refuse a try of a step that is not, or no longer, to be taken."""
    if step not in (STEPS[State(row.state)] if row.is_live else (row.again,)):
        message = f"{row} is {row.get_state_display()}"
        raise StateConflict(message, code="other-step", record=row)
    if row.is_live:
        _check_open(case)


def _check_amounts(outcome: str, amount: int | None, lost: int) -> None:
    """A scam has an amount at risk, and only what was paid is lost."""
    is_scam = outcome in Dissuasion.SCAMS
    if is_scam and not (amount and 0 <= lost <= amount <= MOST_YUAN):
        raise AmountUnfit("amount")
    if (outcome == Outcome.PAID) != (lost > 0):
        raise AmountUnfit("lost")


def _held(row: Dissuasion) -> Case:
    """Hold the case until commit and bring the dissuasion up to date."""
    case = dispatching.locked(Case.everything.get(pk=row.case_id))
    row.refresh_from_db(from_queryset=Dissuasion.everything.all())
    row.case = case
    return case


def _whom(case: Case, person: PersonalData | None, *, by: str, now: datetime) -> Person:
    if person is not None:
        if not person.phone:
            raise NoPerson
        return people.add_person(person, by=by, now=now, leave=timeline.leave)
    told = Report.everything.filter(case=case, person__key__destroyed_at=None)
    report = told.exclude(person=None).select_related("person").first()
    if report is None or report.person is None or not report.person.phone_index:
        raise NoPerson
    return report.person


def _is_tried_enough(row: Dissuasion, step: str) -> bool:
    tries = row.attempts.filter(step=step, result__in=UNANSWERED).count()
    return bool(tries >= settings_in_force.value("antifraud.calls_before_next"))


def _go_on(
    row: Dissuasion, case: Case, to: str, *, by: str, now: datetime,
    among: QuerySet[Unit] | None,
) -> None:  # fmt: skip
    """Move on, and let the clock of the next step run."""
    if not to:
        return
    within = _time_of(row, to)
    move(row, to, allowed=Dissuasion.MOVES, due_at=now + within if within else row.due_at)
    if within:
        timing.start_clock(case, kind=CLOCKS[to], within=within, now=now)
    if to == State.VISITING:
        _visit(row, case, by=by, now=now, among=among)


def _time_of(row: Dissuasion, to: str) -> timedelta | None:
    """Return within which time a step is taken; none where nothing but the result is to come."""
    if to == State.REACHED:
        return None
    tier = Tier.HIGH if row.tier == Tier.HIGH else Tier.MEDIUM
    key = "relatives_minutes" if to == State.RELATIVES else f"{tier.value}_visit_minutes"
    return timedelta(minutes=settings_in_force.value(f"antifraud.{key}"))


def _visits(case: Case) -> list[Task]:
    """Return the visits that are under way."""
    root = merging.root_of(case)
    return list(root.tasks.filter(kind=KIND, state__in=Task.LIVE).order_by("pk"))


def _visit(
    row: Dissuasion, case: Case, *, by: str, now: datetime, among: QuerySet[Unit] | None
) -> None:
    """Give the visit to the nearest unit that does such visits; without one, tell the operators."""
    need = Need((), VISITORS.get(row.tier, VISITORS[Tier.MEDIUM]))
    try:
        dispatching.dispatch_nearest(
            merging.root_of(case), kind=KIND, need=need, among=among, is_reinforcement=True,
            by=by, now=now,
        )  # fmt: skip
    except NoUnitFits:
        tries = row.attempts.count()
        timeline.record(case, verb=NO_UNIT, actor=by, at=now, data={"dissuasion": row.pk})
        delivering.tell(
            ["role:operator"], "antifraud.no_unit", case=case, now=now, is_urgent=True,
            key_parts=("dissuasion", row.pk, "no unit", tries),
        )  # fmt: skip


def _end_case(case: Case, outcome: str, *, by: str, now: datetime) -> None:
    """End a case that is there for the warning alone; supervision and sent units keep it open."""
    if case.kind != RISK_CASE:
        return
    try:
        with timeline.writing():
            if outcome == Outcome.NOT_SCAM:
                closing.dismiss(case, reason="not a scam", by=by, now=now)
            else:
                closing.close_unneeded(case, why="dissuaded", by=by, now=now)
    except StateConflict:
        return  # people inspect and close it as any other
