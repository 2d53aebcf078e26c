import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Q
from django.db.models.functions import Now

from zhizhi.engine import pausing, timeline, timing
from zhizhi.engine.leasing import backoff, claim
from zhizhi.engine.models import Case, Clock, Message, Task, Timer
from zhizhi.engine.system import systems
from zhizhi.engine.tests.building import NOON, case, later
from zhizhi.engine.tests.racing import race

pytestmark = pytest.mark.django_db

Fired = list[Mapping[str, Any]]


class Broken(Exception):
    """What a poisoned timer raises."""


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> Fired:
    """Offer actions that are remembered, write a line, fail half way, or cancel another timer."""
    seen: Fired = []

    def note(arguments: Mapping[str, Any], now: datetime) -> None:
        seen.append(arguments)

    def record(arguments: Mapping[str, Any], now: datetime) -> None:
        timeline.record(Case.everything.get(), verb="half.done", actor="worker", at=now)

    def fail(arguments: Mapping[str, Any], now: datetime) -> None:
        record(arguments, now)
        raise Broken

    def cancel(arguments: Mapping[str, Any], now: datetime) -> None:
        timing.cancel(arguments["key"], now=now)

    actions = {
        "test.note": note, "test.record": record, "test.break": fail, "test.cancel": cancel
    }  # fmt: skip
    monkeypatch.setattr(type(systems()[0]), "timer_actions", lambda _self: actions)
    return seen


def timer(
    name: str = "t", *, action: str = "test.note", minutes: float = 0, **arguments: Any
) -> Timer:
    return timing.schedule(name, action=action, arguments=arguments, due_at=later(minutes=minutes))


@pytest.mark.parametrize(("minutes", "count"), [(9.99, 0), (10, 1), (10.01, 1)])
def test_a_timer_fires_at_its_time_and_not_before(fired: Fired, minutes: float, count: int) -> None:
    timer(minutes=10, n=1)

    assert timing.fire_due(later(minutes=minutes)) == count
    assert len(fired) == count


def test_a_timer_fires_once(fired: Fired) -> None:
    timer(n=1)

    assert [timing.fire_due(NOON), timing.fire_due(later(hours=1))] == [1, 0]
    assert fired == [{"n": 1}]


def test_a_cancelled_timer_never_fires(fired: Fired) -> None:
    timer()

    assert timing.cancel("t", now=NOON) is True
    assert timing.fire_due(NOON) == 0
    assert timing.cancel("t", now=NOON) is False


def test_a_timer_that_is_cancelled_after_it_was_taken_leaves_no_trace(fired: Fired) -> None:
    timer("first", action="test.cancel", key="second")
    timer("second", action="test.record")
    case()

    count = timing.fire_due(NOON)  # takes both, and then the first one cancels the second

    second = Timer.objects.get(key="second")
    assert (count, second.fired_at, second.cancelled_at) == (1, None, NOON)
    assert not Case.everything.get().timeline.exists()


def test_setting_a_timer_again_moves_it(fired: Fired) -> None:
    timer(minutes=1, n=1)
    timer(minutes=5, n=2)

    assert [timing.fire_due(later(minutes=1)), timing.fire_due(later(minutes=5))] == [0, 1]
    assert fired == [{"n": 2}]


def test_a_fired_timer_can_be_set_again(fired: Fired) -> None:
    timer(n=1)
    timing.fire_due(NOON)

    timer(minutes=5, n=2)
    timing.fire_due(later(minutes=5))

    assert fired == [{"n": 1}, {"n": 2}]


def test_timers_fire_in_the_order_of_their_times(fired: Fired) -> None:
    timer("b", minutes=2, n=2)
    timer("a", minutes=1, n=1)
    timer("c", minutes=3, n=3)

    timing.fire_due(later(minutes=3))

    assert [arguments["n"] for arguments in fired] == [1, 2, 3]


def test_at_most_the_wanted_number_fires(fired: Fired) -> None:
    for n in range(3):
        timer(str(n))

    assert [timing.fire_due(NOON, limit=2), timing.fire_due(NOON, limit=2)] == [2, 1]


@pytest.mark.parametrize(
    ("action", "failure"), [("test.break", "Broken"), ("nobody.knows", "ActionUnknown")]
)
def test_a_timer_that_fails_does_not_hold_up_the_next_and_says_why(
    fired: Fired, action: str, failure: str
) -> None:
    case()
    timer("poison", action=action)
    timer("good", n=1)

    assert timing.fire_due(NOON) == 1
    assert fired == [{"n": 1}]
    poison = Timer.objects.get(key="poison")
    assert (poison.fired_at, poison.failure.partition(":")[0]) == (None, failure)


def test_what_a_failed_action_did_is_undone_and_its_reason_kept(fired: Fired) -> None:
    one = case()
    timer("poison", action="test.break")

    timing.fire_due(NOON)

    poison = Timer.objects.get()
    assert not one.timeline.exists()
    assert poison.failure.startswith("Broken")
    assert (poison.attempts, poison.lease_until) == (1, None)
    assert poison.due_at == later(seconds=1)


def test_a_failed_timer_marks_no_other(fired: Fired) -> None:
    case()
    timer("poison", action="test.break")
    timer("other", minutes=60)
    Timer.objects.filter(key="other").update(fence=1)  # as that of a timer taken once

    timing.fire_due(NOON)

    other = Timer.objects.get(key="other")
    assert (other.failure, other.due_at) == ("", later(minutes=60))


def test_a_failing_timer_is_tried_again_later_and_at_last_left_for_people(fired: Fired) -> None:
    case()
    timer("poison", action="test.break")

    for hour in range(12):
        timing.fire_due(later(hours=hour))

    assert Timer.objects.get().attempts == 8


def test_a_timer_that_was_left_for_people_and_is_set_again_begins_anew(fired: Fired) -> None:
    case()
    timer("t", action="test.break")
    for hour in range(12):
        timing.fire_due(later(hours=hour))
    timing.cancel("t", now=NOON)
    Timer.objects.update(lease_until=Now() + timedelta(seconds=30))  # its worker has just died
    left = Timer.objects.get()

    row = timer("t", n=1)

    assert (row.attempts, row.failure, row.cancelled_at, row.lease_until) == (0, "", None, None)
    assert row.fence == left.fence + 1
    assert timing.fire_due(NOON) == 1


def test_a_timer_that_fires_at_last_has_no_failure_and_no_lease(fired: Fired) -> None:
    timer(n=1)
    Timer.objects.update(failure="Broken: once", attempts=1)

    timing.fire_due(NOON)

    row = Timer.objects.get()
    assert (row.failure, row.lease_until, row.fired_at) == ("", None, NOON)


def test_a_timer_that_another_worker_holds_is_left_alone(fired: Fired) -> None:
    timer()
    Timer.objects.update(lease_until=Now() + timedelta(seconds=30))

    assert timing.fire_due(NOON) == 0


def test_a_timer_whose_worker_died_fires_after_its_lease(fired: Fired) -> None:
    timer(n=1)
    Timer.objects.update(lease_until=Now() - timedelta(seconds=1), attempts=1)

    assert timing.fire_due(NOON) == 1


def test_a_worker_that_lost_its_lease_changes_nothing(fired: Fired) -> None:
    timer(n=1)
    [held] = claim(Timer.objects.all(), limit=1, lease=timedelta(seconds=30))
    Timer.objects.update(fence=held.fence + 1)

    assert timing._fire(held, timing.actions(), NOON) is False
    assert Timer.objects.get().fired_at is None


def test_the_lease_lies_thirty_seconds_ahead_on_the_clock_of_the_database() -> None:
    timer()

    claim(Timer.objects.all(), limit=1, lease=timing.LEASE)

    soon, late = Now() + timedelta(seconds=29), Now() + timedelta(seconds=31)
    assert Timer.objects.filter(lease_until__gt=soon, lease_until__lt=late).exists()


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300)])
def test_the_wait_doubles_up_to_five_minutes(attempts: int, seconds: int) -> None:
    assert backoff(attempts) == timedelta(seconds=seconds)


# Clocks


def clock(one: Case, kind: str = "handle", **also: Any) -> Clock:
    return timing.start_clock(one, kind=kind, within=timedelta(minutes=10), now=NOON, **also)


def test_a_met_clock_does_not_ring() -> None:
    running = clock(case())

    met = timing.meet_clocks(running.case, kind="handle", now=later(minutes=9))
    timing.fire_due(later(hours=1))

    running.refresh_from_db()
    assert met == 1
    assert (running.state, running.ended_at) == ("met", later(minutes=9))
    assert not Message.everything.exists()


@pytest.mark.parametrize(
    ("minutes", "state"), [(9.99, "running"), (10, "overdue"), (11, "overdue")]
)
def test_a_clock_that_nobody_meets_is_overdue_and_the_operators_hear_of_it(
    minutes: float, state: str
) -> None:
    running = clock(case())

    timing.fire_due(later(minutes=minutes))

    running.refresh_from_db()
    assert running.state == state
    told = Message.everything.filter(recipient="role:operator", template="engine.clock_overdue")
    assert [one.payload["code"] for one in told] == [running.case.code] * (state == "overdue")


def test_a_clock_met_late_stays_overdue_and_knows_when_the_work_was_done() -> None:
    running = clock(case())
    timing.fire_due(later(minutes=10))

    met = timing.meet_clocks(running.case, kind="handle", now=later(minutes=15))

    running.refresh_from_db()
    assert met == 0
    assert (running.state, running.ended_at) == ("overdue", later(minutes=15))


def test_only_clocks_of_the_kind_and_case_are_stopped() -> None:
    one, other = case(), case(key="2")
    kept = [clock(one, "inspect"), clock(other)]
    clock(one)

    timing.cancel_clocks(one, kind="handle", now=NOON)

    assert list(Clock.objects.filter(state="running").order_by("pk")) == kept


def test_stopping_the_clocks_of_one_task_leaves_those_of_another() -> None:
    one = case()
    first, second = (
        Task.everything.create(case=one, kind="dissuade", offered_at=NOON, offered_by="account:1")
        for _ in range(2)
    )
    mine, other, whole = clock(one, task=first), clock(one, task=second), clock(one)

    assert timing.meet_clocks(one, now=NOON, task=first) == 1
    assert list(Clock.objects.filter(state="running").order_by("pk")) == [other, whole]
    assert timing.cancel_clocks(one, now=NOON) == 2
    assert list(Clock.objects.filter(state="met")) == [mine]
    assert not Timer.objects.filter(cancelled_at=None).exists()
    assert Timer.objects.get(key=f"clock:{mine.pk}").arguments == {
        "clock": mine.pk, "case": one.pk, "task": first.pk,
    }  # fmt: skip
    assert Timer.objects.get(key=f"clock:{whole.pk}").arguments["task"] is None


def test_late_work_is_done_once() -> None:
    running = clock(case())
    timing.fire_due(later(minutes=10))
    timing.meet_clocks(running.case, now=later(minutes=15))

    timing.meet_clocks(running.case, now=later(minutes=20))

    running.refresh_from_db()
    assert running.ended_at == later(minutes=15)


def test_what_was_met_and_undone_runs_again_and_rings() -> None:
    one = case()
    running, earlier, inspect = clock(one), clock(one), clock(one, "inspect")
    timing.meet_clocks(one, kind="inspect", now=later(minutes=5))
    Clock.objects.filter(pk=earlier.pk).update(state="met", ended_at=later(minutes=4))
    timing.meet_clocks(one, kind="handle", now=later(minutes=5))

    resumed = timing.resume_clocks(one, kind="handle", met_at=later(minutes=5))

    running.refresh_from_db()
    assert resumed == 1
    assert (running.state, running.ended_at) == ("running", None)
    assert set(Clock.objects.filter(state="met")) == {earlier, inspect}
    timing.fire_due(later(minutes=10))
    running.refresh_from_db()
    assert running.state == "overdue"


def test_the_clocks_of_another_case_do_not_run_again() -> None:
    one, other = case(), case(key="2")
    for each in (one, other):
        clock(each)
        timing.meet_clocks(each, now=NOON)

    timing.resume_clocks(one, kind="handle", met_at=NOON)

    assert [running.case for running in Clock.objects.filter(state="running")] == [one]


def test_clocks_that_rest_go_on_as_they_were() -> None:
    one = case()
    late = timing.start_clock(one, kind="inspect", within=timedelta(minutes=5), now=NOON)
    running, met, foreign = clock(one, "b"), clock(one, "c"), clock(case(key="2"), "d")
    paused = clock(one, "e")
    pausing.pause(Q(pk=paused.pk), now=NOON)
    timing.meet_clocks(one, kind="c", now=later(minutes=1))
    timing.fire_due(later(minutes=5))

    stopped = timing.stop_clocks(one, now=later(minutes=6))

    assert stopped == {"running": [running.pk], "overdue": [late.pk]}
    assert set(Clock.objects.filter(ended_at=None)) == {foreign, paused}
    assert timing.fire_due(later(minutes=10)) == 1
    timing.start_again(stopped, stopped_at=later(minutes=6))
    assert set(Clock.objects.filter(ended_at=None)) == {foreign, paused, running, late}
    assert set(Clock.objects.filter(state="overdue")) == {foreign, late}
    assert set(Clock.objects.filter(state="met")) == {met}
    assert timing.fire_due(later(minutes=10)) == 1
    assert set(Clock.objects.filter(state="overdue")) == {foreign, late, running}


# Several workers


@pytest.mark.django_db(transaction=True)
def test_several_workers_fire_each_timer_once(fired: Fired) -> None:
    for n in range(40):
        timer(str(n), n=n)
    lock = threading.Lock()

    def work() -> int:
        count = 0
        while (done := timing.fire_due(NOON, limit=3)) or Timer.objects.filter(
            fired_at=None, lease_until=None
        ).exists():
            with lock:
                count += done
        return count

    counts = race(*[work] * 4)

    assert sum(counts) == 40
    assert sorted(arguments["n"] for arguments in fired) == list(range(40))


@pytest.mark.django_db(transaction=True)
def test_cancelling_and_firing_at_once_does_one_of_the_two(fired: Fired) -> None:
    timer(n=1)
    verbs: list[Callable[[], Any]] = [
        lambda: timing.cancel("t", now=NOON), lambda: timing.fire_due(NOON),
    ]  # fmt: skip

    is_cancelled, count = race(*verbs)

    row = Timer.objects.get()
    assert (row.cancelled_at is not None, row.fired_at is not None) == (is_cancelled, count == 1)
    assert is_cancelled is not (count == 1)
