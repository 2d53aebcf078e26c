"""Clocks that stand still, and what happens on the way of those that run."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from zhizhi.engine import dispatching, pausing, settings_in_force, spans, timing
from zhizhi.engine.leasing import claim
from zhizhi.engine.models import Clock, Message, Task, Timer
from zhizhi.engine.tests.building import NOON, agency, case, later, unit
from zhizhi.kernel.working_time import SpanUnit

pytestmark = pytest.mark.django_db

TEN = timedelta(minutes=10)


def clock(kind: str = "inspect", *, limit: spans.Limit = TEN, now: datetime = NOON) -> Clock:
    return timing.start_clock(case(), kind=kind, within=limit, now=now)


def pause(one: Clock, minute: float) -> int:
    return pausing.pause(pausing.of_case(one.case), now=later(minutes=minute))


def resume(one: Clock, minute: float) -> int:
    return pausing.resume(pausing.of_case(one.case), now=later(minutes=minute))


def fresh(one: Clock) -> Clock:
    return Clock.objects.get(pk=one.pk)


@pytest.mark.parametrize(("minute", "state"), [(106.9, "running"), (107, "overdue")])
def test_a_clock_goes_on_where_it_was_stopped(minute: float, state: str) -> None:
    one = clock()

    assert (pause(one, 3), resume(one, 100)) == (1, 1)
    timing.fire_due(later(minutes=minute))

    after = fresh(one)
    assert (after.state, after.due_at) == (state, later(minutes=107))
    assert (after.paused_at, after.paused) == (None, timedelta(minutes=97))


def test_a_clock_that_stands_still_never_rings() -> None:
    one = clock()

    pause(one, 9)
    timing.fire_due(later(days=9))

    assert (fresh(one).state, fresh(one).paused_at) == ("running", later(minutes=9))


def test_two_pauses_add_up() -> None:
    one = clock()

    for start, end in ((1, 11), (13, 113)):
        pause(one, start)
        resume(one, end)

    assert fresh(one).paused == timedelta(minutes=110)
    assert fresh(one).due_at == later(minutes=120)


def test_nothing_is_stopped_twice_or_started_twice() -> None:
    one = clock()

    assert (pause(one, 1), pause(one, 5)) == (1, 0)
    assert (resume(one, 11), resume(one, 20)) == (1, 0)
    assert fresh(one).due_at == later(minutes=20)


def test_only_the_clocks_asked_for_stand_still() -> None:
    one = clock()
    other = timing.start_clock(case(key="2"), kind="inspect", within=TEN, now=NOON)

    pause(one, 1)
    timing.fire_due(later(minutes=10))
    resume(one, 11)

    assert (fresh(one).state, fresh(other).state) == ("running", "overdue")
    assert (fresh(one).due_at, fresh(other).due_at) == (later(minutes=20), later(minutes=10))


def test_a_clock_that_ended_is_never_touched_again() -> None:
    one = clock()
    timing.meet_clocks(one.case, now=later(minutes=2))

    assert (pause(one, 3), resume(one, 9)) == (0, 0)
    assert (fresh(one).due_at, fresh(one).paused) == (later(minutes=10), timedelta())


def test_a_clock_met_while_it_stood_still_keeps_how_long_that_was() -> None:
    one = clock()
    pause(one, 3)

    timing.meet_clocks(one.case, now=later(minutes=8))

    after = fresh(one)
    assert (after.state, after.paused, after.paused_at) == ("met", timedelta(minutes=5), None)
    assert resume(one, 9) == 0
    assert not Timer.objects.filter(fired_at=None, cancelled_at=None).exists()


def test_working_time_stands_still_in_working_time() -> None:
    started = datetime.fromisoformat("2026-03-03T10:00+08:00")  # a Tuesday
    one = clock(limit=spans.CountedSpan(3, SpanUnit.WORKING_HOURS), now=started)  # until 15:00

    pausing.pause(pausing.of_case(one.case), now=started + timedelta(hours=1))
    pausing.resume(pausing.of_case(one.case), now=started + timedelta(hours=7))

    assert fresh(one).due_at == datetime.fromisoformat("2026-03-04T10:00+08:00")


def test_an_overdue_clock_stays_overdue_and_only_what_follows_is_put_off() -> None:
    one = clock("handle")
    timing.fire_due(later(minutes=10))

    pause(one, 12)
    resume(one, 112)

    after = fresh(one)
    assert (after.state, after.due_at) == ("overdue", later(minutes=10))
    due = Timer.objects.filter(fired_at=None, cancelled_at=None).values_list("key", "due_at")
    assert dict(due) == {
        f"clock:{one.pk}:escalate": later(minutes=115),
        f"clock:{one.pk}:supervise": later(minutes=120),
    }
    rung = Timer.objects.get(key=f"clock:{one.pk}")
    assert (rung.fired_at, rung.cancelled_at) == (later(minutes=10), None)


def test_a_worker_that_took_the_timer_before_the_pause_rings_nothing_after_it() -> None:
    one = clock()
    [held] = claim(Timer.objects.all(), limit=1, lease=timing.LEASE)
    pause(one, 9)
    resume(one, 60)

    assert timing._fire(held, timing.actions(), later(minutes=60)) is False
    assert (fresh(one).state, Timer.objects.get().attempts) == ("running", 0)
    assert timing.fire_due(later(minutes=61)) == 1


def test_the_task_of_an_agency_is_due_when_its_clock_is() -> None:
    one = case()
    task = dispatching.assign(one, agency(), kind="check", by="account:1", now=NOON, within=TEN)

    pausing.pause(pausing.of_task(task), now=later(minutes=5))
    pausing.resume(pausing.of_task(task), now=later(minutes=65))

    task.refresh_from_db()
    assert task.due_at == Clock.objects.get().due_at == later(minutes=70)


def test_a_clock_of_no_task_puts_off_no_task() -> None:
    one = clock()
    Task.everything.create(
        id=1, case=one.case, kind="check", offered_at=NOON, offered_by="account:1",
        due_at=one.due_at,
    )  # fmt: skip

    pause(one, 5)
    resume(one, 65)

    assert fresh(one).due_at == later(minutes=70)
    assert Task.everything.get().due_at == later(minutes=10)


def test_a_unit_asked_before_the_pause_has_as_long_to_accept_as_it_had() -> None:
    task = dispatching.dispatch(case(), unit(), by="account:1", now=NOON)

    pausing.pause(pausing.of_case(task.case), now=later(minutes=4))
    timing.fire_due(later(hours=1))
    pausing.resume(pausing.of_case(task.case), now=later(hours=1))

    task.refresh_from_db()
    assert (task.state, task.due_at) == ("offered", later(minutes=61))
    timing.fire_due(later(minutes=61))
    task.refresh_from_db()
    assert task.state == "expired"


# Steps on the way of a task


def accepted() -> Task:
    """A task that has 240 minutes."""
    task = dispatching.dispatch(case(), unit(), by="account:1", now=NOON)
    return dispatching.accept(task, by="account:2", now=NOON)


def told(verb: str) -> list[str]:
    found = Message.everything.filter(template=f"engine.clock_{verb}").order_by("recipient")
    return list(found.values_list("recipient", flat=True))


@pytest.mark.parametrize(
    ("step", "percent", "minutes", "whom"),
    [
        ("remind", 50, 120, ["unit:{unit}"]),
        ("warn", 80, 192, ["role:operator"]),
        ("overdue", 100, 240, ["role:operator"]),
        ("escalate", 150, 360, ["role:leader"]),
        ("supervise", 200, 480, ["role:inspector", "role:leader"]),
    ],
)
def test_each_share_of_the_time_is_told_to_whom_it_concerns(
    step: str, percent: int, minutes: int, whom: list[str]
) -> None:
    task = accepted()
    Timer.objects.filter(key__in=[f"clock:{pk}" for pk in _other_clocks(task)]).delete()

    timing.fire_due(later(minutes=minutes - 0.01))
    before = told(step)
    timing.fire_due(later(minutes=minutes))

    assert before == []
    assert told(step) == [one.format(unit=task.unit_id) for one in whom]
    line = task.case.timeline.get(verb=f"clock.{step}")
    assert (line.task, line.data.get("percent", 100)) == (task, percent)


def _other_clocks(task: Task) -> list[int]:
    others = Clock.objects.filter(task=task).exclude(kind="handle")
    return list(others.values_list("pk", flat=True))


def test_each_step_is_taken_once() -> None:
    task = accepted()

    for hour in range(12):
        timing.fire_due(later(hours=hour))

    verbs = task.case.timeline.filter(verb__startswith="clock.", task=task)
    handled = [line.verb for line in verbs.order_by("seq") if line.data["kind"] == "handle"]
    assert handled == [
        "clock.remind", "clock.warn", "clock.overdue", "clock.escalate", "clock.supervise",
    ]  # fmt: skip


def test_an_agency_is_reminded_as_a_unit_is() -> None:
    police = agency("police")
    dispatching.assign(case(), police, kind="check", by="account:1", now=NOON)

    timing.fire_due(later(minutes=120))

    assert told("remind") == [f"agency:{police.pk}"]


@pytest.mark.parametrize("minute", [60, 300])
def test_work_that_is_done_is_reminded_of_no_more(minute: int) -> None:
    task = accepted()
    timing.fire_due(later(minutes=minute))
    Message.everything.all().delete()

    dispatching.finish(task, outcome="left", by="account:2", now=later(minutes=minute))
    timing.fire_due(later(hours=12))

    assert not Message.everything.filter(template__contains="clock_", task=task).exists()


def test_nobody_is_reminded_of_a_task_that_was_given_back_too_late() -> None:
    task = accepted()
    timing.fire_due(later(minutes=300))

    dispatching.return_task(task, reason="fog", by="account:2", now=later(minutes=301))
    timing.fire_due(later(hours=12))

    assert (told("escalate"), told("supervise")) == ([], [])


def test_shares_are_those_of_the_settings() -> None:
    settings_in_force.change("engine.remind_percent", 25, by="account:1", now=NOON)
    task = accepted()

    settings_in_force.change("engine.remind_percent", 75, by="account:1", now=NOON)
    timing.fire_due(later(minutes=60))

    assert told("remind") == [f"unit:{task.unit_id}"]


def test_other_limits_have_no_steps() -> None:
    clock("inspect")

    assert list(Timer.objects.values_list("key", flat=True)) == [f"clock:{Clock.objects.get().pk}"]
