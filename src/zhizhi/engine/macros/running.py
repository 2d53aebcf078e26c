"""Giving a macro to a case, in one transaction, and taking all of it back while it is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from zhizhi.directory.models import Unit
from zhizhi.engine import delivering, dispatching, timeline, timing
from zhizhi.engine.dispatching import Need, NoUnitFits, locked
from zhizhi.engine.macros.steps import ACKNOWLEDGE, NOTE, SEND, TELL, Step, is_addressee, steps_of
from zhizhi.engine.models import Case, Macro, MacroRun, Message, Severity, Task
from zhizhi.engine.states import StateConflict

Chosen = Mapping[int, int]  # the unit that was shown for a step, by the step's place


class MacroImpossible(Exception):
    """Nothing was done: a step is not possible and the macro is all or nothing."""

    def __init__(self, macro: Macro, results: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(f"macro {macro.pk} version {macro.version} cannot be done")
        self.macro = macro
        self.results = results


@dataclass(frozen=True, slots=True)
class Order:
    """Who gives a macro to a case: the version that was shown, and the units that were."""

    by: str
    now: datetime
    among: QuerySet[Unit]
    seen: int | None = None  # without it, whatever is in force
    chosen: Chosen | None = None  # without it, the nearest at that moment


def run(macro: Macro, case: Case, order: Order) -> MacroRun:
    """Do the steps of ``macro`` for ``case``, all of them or what is possible, as it says.

    Raises MacroImpossible when nothing may be done, and StateConflict when the macro was edited,
    the case has ended, or a unit that was shown is gone: then nothing is done either.
    """
    with timeline.writing():
        macro = (
            Macro.everything.select_for_update(of=("self",)).select_related("area").get(pk=macro.pk)
        )
        _check(macro, locked(case), order)
        done = MacroRun.everything.create(
            macro=macro, version=macro.version, case=case, by=order.by, at=order.now,
            until=order.now + dispatching.hold_of(case),
        )  # fmt: skip
        with timeline.marked(_marks(done)):
            work = _Work(done, case, order)
            done.results = [work.do(place, one) for place, one in enumerate(steps_of(macro.steps))]
            _check_enough(macro, done.results)
            MacroRun.everything.filter(pk=done.pk).update(results=done.results)
            left = [result.get("why", "") for result in done.results]
            data = {"left": left}
            timeline.record(case, verb="case.macro", actor=order.by, at=order.now, data=data)
    return done


def _marks(run: MacroRun) -> dict[str, int]:
    return {"macro": run.macro_id, "macro_version": run.version, "macro_run": run.pk}


def _check(macro: Macro, case: Case, order: Order) -> None:
    is_changed = order.seen is not None and order.seen != macro.version
    if macro.retired_at is not None or is_changed:
        message = f"macro {macro.pk} was changed by {macro.changed_by}"
        raise StateConflict(message, code="macro-changed", record=macro)
    if case.state in Case.RESTING:
        message = f"the case is {case.get_state_display()}"
        raise StateConflict(message, code="case-ended", record=case)
    if not macro.fits(case):
        message = f"macro {macro.pk} is not for such a case"
        raise StateConflict(message, code="macro-unfit", record=macro)


def _check_enough(macro: Macro, results: Sequence[Mapping[str, Any]]) -> None:
    left = [one for one in results if one.get("why") and one["why"] != "already-acknowledged"]
    if (left and macro.is_whole) or all(one.get("why") for one in results):
        raise MacroImpossible(macro, results)


@dataclass(slots=True)
class _Work:
    """One run while it goes on."""

    run: MacroRun
    case: Case
    order: Order
    sent: list[Task] = field(default_factory=list)

    def do(self, place: int, step: Step) -> dict[str, Any]:
        """Do one step; returns what became of it, with ``why`` when nothing did."""
        acts = {
            ACKNOWLEDGE: self._acknowledge,
            SEND: self._send,
            TELL: self._tell,
            NOTE: self._note,
        }
        try:
            with timeline.writing():
                return {"act": step.act, **acts[step.act](place, step)}
        except NoUnitFits:
            return {"act": step.act, "why": "no-unit"}
        except StateConflict as conflict:
            if self.order.chosen and place in self.order.chosen:
                raise  # what was shown is no longer so
            return {"act": step.act, "why": conflict.code}

    def _acknowledge(self, _place: int, _step: Step) -> dict[str, Any]:
        dispatching.acknowledge(self.case, by=self.order.by, now=self.order.now)
        return {}

    def _send(self, place: int, step: Step) -> dict[str, Any]:
        need, order = step.need(self.case), self.order
        is_beside = step.is_beside or bool(self.sent)
        if order.chosen is None:
            [task] = dispatching.dispatch_nearest(
                self.case, by=order.by, now=order.now, kind=step.task_kind, need=need,
                among=need.among(order.among), is_reinforcement=is_beside,
            )  # fmt: skip
        else:
            unit = self._shown(order.chosen.get(place, 0), need)
            task = dispatching.dispatch(
                self.case, unit, by=order.by, now=order.now, kind=step.task_kind, need=need,
                is_reinforcement=is_beside,
            )  # fmt: skip
        self.sent.append(task)
        return {"task": task.pk, "unit": task.unit_id}

    def _shown(self, pk: int, need: Need) -> Unit:
        """Return the unit that was shown; raises NoUnitFits where none was or it is unfit."""
        unit = need.among(self.order.among).filter(pk=pk).first()
        if unit is None or not set(need.capabilities) <= set(unit.capabilities):
            message = f"unit {pk} cannot do the step"
            raise NoUnitFits(message)
        return unit

    def _tell(self, place: int, step: Step) -> dict[str, Any]:
        if not is_addressee(step.to):
            return {"why": "no-addressee"}
        message = delivering.enqueue(
            channel="inbox",
            recipient=step.to,
            template="engine.macro",
            payload={"code": self.case.code, "case": self.case.pk, "told": step.text},
            key_parts=("macro", self.run.pk, place),
            case=self.case,
            now=self.order.now,
            hold=self.run.until - self.run.at,
            is_urgent=self.case.severity == Severity.URGENT,
        )
        data = {"to": step.to, "message": message.pk}
        self._line("case.tell", note=step.text, data=data)
        return {"message": message.pk}

    def _note(self, _place: int, step: Step) -> dict[str, Any]:
        self._line("case.note", note=step.text, data={})
        return {}

    def _line(self, verb: str, *, note: str, data: Mapping[str, Any]) -> None:
        order = self.order
        timeline.record(self.case, verb=verb, actor=order.by, at=order.now, note=note, data=data)


def undo(run: MacroRun, *, by: str, now: datetime) -> MacroRun:
    """Take back all that a run did: units, messages, acknowledgement; its notes stay on record.

    Raises StateConflict once it is no longer held.
    """
    with timeline.writing():
        case = locked(Case.everything.get(pk=run.case_id))
        held = MacroRun.everything.filter(pk=run.pk, undone_at=None, until__gt=now)
        if not held.update(undone_at=now):
            raise StateConflict("it is no longer held", code="nothing-held", record=case)
        run.refresh_from_db(from_queryset=MacroRun.everything.all())
        with timeline.marked(_marks(run)):
            for result in run.results:
                _take_back(run, case, result, by=by, now=now)
            timeline.record(case, verb="case.undo_macro", actor=by, at=now)
    return run


def _take_back(
    run: MacroRun, case: Case, result: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    if "task" in result:
        dispatching.undo_dispatch(Task.everything.get(pk=result["task"]), by=by, now=now)
    if "message" in result:
        delivering.cancel_held(Message.everything.get(pk=result["message"]), now=now)
    if result["act"] == ACKNOWLEDGE and not result.get("why"):
        seen = Case.everything.filter(pk=case.pk, acknowledged_at=run.at, acknowledged_by=run.by)
        if seen.update(acknowledged_at=None, acknowledged_by=""):
            timing.resume_clocks(case, kind="acknowledge", met_at=run.at)
