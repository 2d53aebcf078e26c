"""Time limits and everything that has to happen at a moment, whoever is alive then."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F
from django.utils.module_loading import import_string

from zhizhi.engine import settings_in_force, spans, timeline
from zhizhi.engine.leasing import backoff, claim
from zhizhi.engine.models import Case, Clock, Task, Timer
from zhizhi.engine.system import TimerAction, systems

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 8  # then a timer is left for people; the health page shows it

# By path, because these modules set timers themselves.
ENGINE_ACTIONS: Mapping[str, str] = {
    "engine.answer_overdue": "zhizhi.engine.awaiting.overdue",
    "engine.clock_overdue": "zhizhi.engine.escalating.clock_overdue",
    "engine.clock_step": "zhizhi.engine.escalating.clock_step",
    "engine.expire_task": "zhizhi.engine.escalating.expire_task",
    "engine.suspension_over": "zhizhi.engine.suspending.suspension_over",
    "engine.zone_begins": "zhizhi.engine.zoning.begin",
}
# What happens to a clock for finishing a task at a share of its time, by the setting that has it.
STEPS = ("remind", "warn", "escalate", "supervise")
STEPPED = "handle"


class ActionUnknown(KeyError):
    """A timer names an action that no installed system offers."""


class _FiredMeanwhile(Exception):
    """The timer was cancelled or fired by somebody else: undo what the action did."""


def schedule(key: str, *, action: str, arguments: Mapping[str, Any], due_at: datetime) -> Timer:
    """Set the timer ``key``; setting it again moves it and arms it anew.

    An action that goes on schedules its next time under another key.
    """
    timer, is_new = Timer.objects.get_or_create(
        key=key,
        defaults={"action": action, "arguments": timeline.plain(arguments), "due_at": due_at},
    )
    if not is_new:
        Timer.objects.filter(pk=timer.pk).update(
            action=action,
            arguments=timeline.plain(arguments),
            due_at=due_at,
            fired_at=None,
            cancelled_at=None,
            lease_until=None,
            attempts=0,
            failure="",
            fence=F("fence") + 1,
        )
        timer.refresh_from_db()
    return timer


def cancel(key: str, *, now: datetime) -> bool:
    """Stop the timer ``key``; returns False when it has fired or never was."""
    waiting = Timer.objects.filter(key=key, fired_at__isnull=True, cancelled_at__isnull=True)
    return bool(waiting.update(cancelled_at=now))


def start_clock(
    case: Case,
    *,
    kind: str,
    within: spans.Limit,
    now: datetime,
    task: Task | None = None,
    action: str = "engine.clock_overdue",
) -> Clock:
    """Start a time limit; ``action`` runs when nobody meets it.

    A limit that reaches beyond the announced calendar says in the history how it was counted.
    """
    reckoned = spans.reckon(within, now)
    clock = Clock.objects.create(
        case=case, task=task, kind=kind, started_at=now, due_at=reckoned.due_at, unit=reckoned.unit
    )
    arguments = {"clock": clock.pk, "case": case.pk, "task": task.pk if task else None}
    schedule(f"clock:{clock.pk}", action=action, arguments=arguments, due_at=clock.due_at)
    if kind == STEPPED:
        _schedule_steps(clock, arguments)
    if reckoned.is_guess:
        data = {"kind": kind, "due_at": clock.due_at}
        timeline.record(case, verb="clock.guess", actor="worker", at=now, task=task, data=data)
    return clock


def _schedule_steps(clock: Clock, arguments: Mapping[str, Any]) -> None:
    settings = settings_in_force.snapshot()
    Timer.objects.bulk_create(
        Timer(
            key=f"clock:{clock.pk}:{step}",
            action="engine.clock_step",
            arguments={**arguments, "step": step, "percent": settings[f"engine.{step}_percent"]},
            due_at=spans.share(
                clock.started_at, clock.due_at, settings[f"engine.{step}_percent"], clock.unit
            ),
        )
        for step in STEPS
    )


def keys_of(clocks: Iterable[int]) -> list[str]:
    """Return the keys of every timer that clocks may have."""
    return [f"clock:{pk}{step}" for pk in clocks for step in ("", *(f":{one}" for one in STEPS))]


def meet_clocks(case: Case, *, kind: str = "", now: datetime, task: Task | None = None) -> int:
    """Stop the running clocks of ``kind`` as met; returns how many.

    An overdue clock stays overdue and only learns when the work was done.
    """
    met = _end_clocks(case, Clock.State.MET, kind=kind, now=now, task=task)
    late = _clocks(case, kind, task).filter(state=Clock.State.OVERDUE, ended_at__isnull=True)
    ids = list(late.values_list("pk", flat=True))
    Clock.objects.filter(pk__in=ids).update(ended_at=now)
    _silence(ids, now)
    return met


def cancel_clocks(case: Case, *, kind: str = "", now: datetime, task: Task | None = None) -> int:
    """Stop running clocks whose work is no longer wanted; returns how many."""
    return _end_clocks(case, Clock.State.CANCELLED, kind=kind, now=now, task=task)


def resume_clocks(case: Case, *, kind: str, met_at: datetime) -> int:
    """Let the clocks run again that were met at ``met_at``, because that was undone."""
    met = Clock.objects.filter(case=case, kind=kind, state=Clock.State.MET, ended_at=met_at)
    ids = list(met.values_list("pk", flat=True))
    Timer.objects.filter(key__in=keys_of(ids), fired_at__isnull=True).update(cancelled_at=None)
    return Clock.objects.filter(pk__in=ids).update(state=Clock.State.RUNNING, ended_at=None)


def stop_clocks(case: Case, *, now: datetime) -> dict[str, list[int]]:
    """Stop every clock of ``case`` that is not met, because it rests; returns them by state.

    ``start_again`` undoes it exactly: with the same due times. What is paused stands still already.
    """
    unmet = Clock.objects.filter(case=case, ended_at__isnull=True, paused_at__isnull=True)
    found: dict[str, list[int]] = {str(Clock.State.RUNNING): [], str(Clock.State.OVERDUE): []}
    for pk, state in unmet.order_by("pk").values_list("pk", "state"):
        found[state].append(pk)
    running = Clock.objects.filter(pk__in=found[Clock.State.RUNNING])
    running.update(state=Clock.State.CANCELLED, ended_at=now)
    Clock.objects.filter(pk__in=found[Clock.State.OVERDUE]).update(ended_at=now)
    _silence([pk for ids in found.values() for pk in ids], now)
    return found


def start_again(stopped: Mapping[str, Collection[int]], *, stopped_at: datetime) -> None:
    """Let clocks go on that ``stop_clocks`` has stopped; what is due by now fires at once."""
    for state, ids in stopped.items():
        Clock.objects.filter(pk__in=ids).update(state=state, ended_at=None)
        mine = Timer.objects.filter(key__in=keys_of(ids), fired_at__isnull=True)
        mine.filter(cancelled_at=stopped_at).update(cancelled_at=None)


def _clocks(case: Case, kind: str, task: Task | None) -> Any:
    found = Clock.objects.filter(case=case)
    if kind:
        found = found.filter(kind=kind)
    return found.filter(task=task) if task else found


def _end_clocks(case: Case, state: str, *, kind: str, now: datetime, task: Task | None) -> int:
    running = _clocks(case, kind, task).filter(state=Clock.State.RUNNING)
    ids = list(running.values_list("pk", flat=True))
    ended = Clock.objects.filter(pk__in=ids, state=Clock.State.RUNNING)
    stood = ExpressionWrapper(now - F("paused_at"), output_field=DurationField())
    ended.filter(paused_at__isnull=False).update(paused=F("paused") + stood, paused_at=None)
    changed = ended.update(state=state, ended_at=now)
    _silence(ids, now)
    return changed


def _silence(clocks: Sequence[int], now: datetime) -> None:
    """Let the timers of clocks that have ended ring no more."""
    keys = keys_of(clocks)
    waiting = Timer.objects.filter(key__in=keys, fired_at__isnull=True, cancelled_at__isnull=True)
    waiting.update(cancelled_at=now)


def actions() -> dict[str, TimerAction]:
    """Return every timer action by name: the engine's and those of the installed systems."""
    found: dict[str, TimerAction] = {
        name: partial(_call, path) for name, path in ENGINE_ACTIONS.items()
    }
    for system in systems():
        found.update(system.timer_actions())
    return found


def _call(path: str, arguments: Mapping[str, Any], now: datetime) -> None:
    import_string(path)(arguments, now)


def fire_due(now: datetime, limit: int = 50) -> int:
    """Fire the timers that are due; returns how many fired.

    Each in a transaction of its own, so one that breaks holds up no other; it is tried again
    later, and after ``MOST_ATTEMPTS`` it is left for people.
    """
    due = Timer.objects.filter(
        fired_at__isnull=True,
        cancelled_at__isnull=True,
        due_at__lte=now,
        attempts__lt=MOST_ATTEMPTS,
    ).order_by("due_at", "pk")
    timers = claim(due, limit=limit, lease=LEASE)
    known = actions() if timers else {}
    return sum(_fire(timer, known, now) for timer in timers)


def _fire(timer: Timer, known: Mapping[str, TimerAction], now: datetime) -> bool:
    """Run one action and mark its timer in the same transaction.

    The mark comes last: a verb that holds the case may be cancelling this very timer, so locking
    the timer first and the case afterwards could deadlock.
    """
    try:
        with timeline.writing():
            _action(known, timer.action)(timer.arguments, now)
            mine = Timer.objects.filter(
                pk=timer.pk, fence=timer.fence, fired_at__isnull=True, cancelled_at__isnull=True
            )
            if not mine.update(fired_at=now, failure="", lease_until=None):
                raise _FiredMeanwhile
    except _FiredMeanwhile:
        return False
    except Exception as problem:
        log.exception("timer %s (%s) failed", timer.pk, timer.action)
        mine = Timer.objects.filter(pk=timer.pk, fence=timer.fence, fired_at__isnull=True)
        mine.update(
            failure=f"{type(problem).__name__}: {problem}"[:200],
            lease_until=None,
            due_at=now + backoff(timer.attempts),
        )
        return False
    return True


def _action(known: Mapping[str, TimerAction], name: str) -> TimerAction:
    try:
        return known[name]
    except KeyError:
        message = f"no timer action is called {name}"
        raise ActionUnknown(message) from None
