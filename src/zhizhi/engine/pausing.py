"""Letting clocks stand still while a case waits for what nobody here can hasten.

Clocks pause in two named states only: a case that a leader has suspended, and a task for which
more time was asked and nobody has answered yet. That a reporter is asked something pauses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q

from zhizhi.engine import spans
from zhizhi.engine.models import Case, Clock, Task, Timer
from zhizhi.engine.timing import keys_of

UNENDED = Q(ended_at__isnull=True)  # running, or overdue and the work is still to be done


def pause(clocks: Q, *, now: datetime) -> int:
    """Let the unended clocks among ``clocks`` stand still from ``now``; returns how many."""
    ids = list(Clock.objects.filter(UNENDED & clocks, paused_at=None).values_list("pk", flat=True))
    Timer.objects.filter(
        key__in=keys_of(ids), fired_at__isnull=True, cancelled_at__isnull=True
    ).update(cancelled_at=now)
    return Clock.objects.filter(pk__in=ids, paused_at=None).update(paused_at=now)


def resume(clocks: Q, *, now: datetime, until: datetime | None = None) -> int:
    """Let paused clocks run again, each as far from its end as when it was stopped.

    ``until`` is a new end instead. One that was overdue stays so; only what follows later is put
    off. Returns how many.
    """
    standing = Clock.objects.filter(UNENDED & clocks, paused_at__isnull=False)
    rows = list(standing.order_by("pk"))
    for clock in rows:
        _resume(clock, now)
        if until is not None and clock.state == Clock.State.RUNNING:
            _move(clock, until)
    return len(rows)


def _resume(clock: Clock, now: datetime) -> None:
    since = clock.paused_at or now
    for timer in _stopped(clock, since):
        is_due = timer.key == f"clock:{clock.pk}"
        moment = spans.pushed(
            timer.due_at, clock.unit, paused_at=since, resumed_at=now, is_due=is_due
        )
        Timer.objects.filter(pk=timer.pk).update(
            due_at=moment, cancelled_at=None, lease_until=None, attempts=0, fence=F("fence") + 1
        )
        if is_due:
            put_off(clock, moment)
    Clock.objects.filter(pk=clock.pk).update(paused=clock.paused + (now - since), paused_at=None)


def _move(clock: Clock, until: datetime) -> None:
    """Give a clock a new end, and what has not happened on the way yet its new time."""
    clock.refresh_from_db()
    for timer in Timer.objects.filter(key__in=keys_of([clock.pk]), fired_at=None):
        moment = until
        if timer.key != f"clock:{clock.pk}":
            percent = timer.arguments["percent"]
            moment = spans.share(clock.started_at, until, percent, clock.unit)
        Timer.objects.filter(pk=timer.pk).update(due_at=moment)
    put_off(clock, until)


def _stopped(clock: Clock, since: datetime) -> Sequence[Timer]:
    """Return the timers that the pause has stopped."""
    mine = Timer.objects.filter(key__in=keys_of([clock.pk]), fired_at=None, cancelled_at=since)
    return list(mine.order_by("pk"))


def put_off(clock: Clock, due_at: datetime) -> None:
    """Write down the new end of a clock, and of the task whose end it is."""
    Clock.objects.filter(pk=clock.pk).update(due_at=due_at)
    Task.everything.filter(pk=clock.task_id or 0, due_at=clock.due_at).update(due_at=due_at)


def of_case(case: Case) -> Q:
    """Return the condition on a clock that it belongs to ``case``."""
    return Q(case=case)


def of_task(task: Task) -> Q:
    """Return the condition on a clock that it is the time to finish ``task``."""
    return Q(task=task, kind="handle")
