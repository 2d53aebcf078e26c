from datetime import timedelta
from typing import Any

import pytest

from zhizhi.directory.models import Unit
from zhizhi.engine import delivering, dispatching, escalating, settings_in_force, timeline, timing
from zhizhi.engine.leasing import claim
from zhizhi.engine.models import Case, Clock, Feedback, Message, Task, Timer
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import LAT, LON, NOON, agency, area, case, later, unit
from zhizhi.engine.tests.racing import losers, race, winners

pytestmark = pytest.mark.django_db

DESK = "account:1"


def offered(**also: Any) -> Task:
    return dispatching.dispatch(case(**also), unit(), by=DESK, now=NOON)


def fresh(record: Any) -> Any:
    return type(record)._base_manager.get(pk=record.pk)


def verbs(of: Case) -> list[str]:
    return [line.verb for line in timeline.history(of)]


def test_the_nearest_unit_that_can_do_the_work_comes_first() -> None:
    far, near = unit("far", east=0.2), unit("near", east=0.05)
    unit("car", east=0.001, capabilities=["road"])
    unit("busy", east=0.001, status=Unit.Status.ON_SCENE)

    found = dispatching.nearest_fit(case(), now=NOON)

    assert [one.unit for one in found] == [near, far]


def test_a_unit_must_be_able_to_do_all_of_the_work() -> None:
    unit(capabilities=["water"])
    both = unit("both", east=0.2, capabilities=["dissuasion", "night", "water"])

    found = dispatching.nearest_fit(case(capabilities=["water", "dissuasion"]), now=NOON)

    assert [one.unit for one in found] == [both]


def test_distance_counts_the_river_and_travel_the_speed() -> None:
    unit(east=0.1, speed_kmh=20)

    [one] = dispatching.nearest_fit(case(), now=NOON)

    assert one.distance_m == pytest.approx(0.1 * 111_195 * 0.8686 * 1.3, rel=0.001)
    assert one.travel.total_seconds() == pytest.approx(one.distance_m / 20 * 3.6)


def test_a_road_has_another_factor_than_the_river() -> None:
    unit(east=0.1)

    [river] = dispatching.nearest_fit(case(), now=NOON)
    [road] = dispatching.nearest_fit(case(key="2"), capabilities=(), now=NOON)

    assert road.distance_m / river.distance_m == pytest.approx(1.4 / 1.3)


def test_a_faster_unit_further_away_may_be_there_first() -> None:
    unit("slow", east=0.1, speed_kmh=10)
    fast = unit("fast", east=0.15, speed_kmh=40)

    assert dispatching.nearest_fit(case(), now=NOON)[0].unit == fast


@pytest.mark.parametrize(("minutes", "is_certain"), [(29, True), (30, True), (31, False)])
def test_a_position_older_than_thirty_minutes_is_uncertain(minutes: int, is_certain: bool) -> None:
    unit()

    [one] = dispatching.nearest_fit(case(), now=later(minutes=minutes))

    assert one.is_certain is is_certain


def test_a_fresh_position_goes_before_a_nearer_old_one() -> None:
    unit("old", east=0.001, position_at=later(hours=-2))
    seen = unit("seen", east=0.1)

    assert dispatching.nearest_fit(case(), now=NOON)[0].unit == seen


def test_a_dispatch_reserves_the_unit_starts_its_clock_and_tells_it() -> None:
    task = offered()

    boat, message, clock = Unit.objects.get(), Message.everything.get(), Clock.objects.get()
    assert (boat.status, boat.task) == ("reserved", task.pk)
    assert fresh(task.case).state == "dispatched"
    assert (task.kind, task.state, task.due_at) == ("dissuade", "offered", later(minutes=5))
    assert (message.recipient, message.state) == (f"unit:{boat.pk}", "held")
    assert message.not_before == later(seconds=8)
    assert (clock.kind, clock.due_at) == ("accept", later(minutes=5))
    assert verbs(task.case) == ["case.dispatch"]


def test_an_urgent_dispatch_is_never_held() -> None:
    offered(severity="urgent")

    message = Message.everything.get()
    assert (message.state, message.not_before, message.is_urgent) == ("queued", NOON, True)


def test_a_second_dispatch_is_told_who_was_first() -> None:
    task = offered()

    with pytest.raises(StateConflict, match=r"account:1 dispatched boat-1 at 12:00:00") as lost:
        dispatching.dispatch(task.case, unit("boat-2"), by="account:2", now=later(seconds=1))

    assert (lost.value.code, lost.value.record) == ("already-dispatched", task)
    assert fresh(Unit.objects.get(code="boat-2")).status == "available"


def test_a_reinforcement_joins_a_dispatched_case() -> None:
    task = offered()

    more = dispatching.dispatch(
        task.case, unit("boat-2"), by=DESK, now=later(minutes=1), is_reinforcement=True
    )

    assert fresh(task.case).state == "dispatched"
    assert {task.unit_id, more.unit_id} == set(Unit.objects.values_list("pk", flat=True))


def test_a_unit_in_other_hands_is_refused_and_the_case_stays_open() -> None:
    task = offered()
    other = case(key="other")

    with pytest.raises(StateConflict, match="account:1 took boat-1") as lost:
        dispatching.dispatch(other, Unit.objects.get(), by="account:2", now=NOON)

    assert (lost.value.code, lost.value.record) == ("unit-taken", task)
    assert fresh(other).state == "open"
    assert not other.tasks.exists()


def test_a_unit_off_duty_is_refused() -> None:
    idle = unit(status=Unit.Status.OFF_DUTY)

    with pytest.raises(StateConflict) as lost:
        dispatching.dispatch(case(), idle, by=DESK, now=NOON)

    assert (lost.value.code, lost.value.record) == ("unit-taken", idle)


@pytest.mark.parametrize("state", ["closed", "dismissed"])
def test_an_ended_case_takes_no_unit(state: str) -> None:
    with pytest.raises(StateConflict) as lost:
        dispatching.dispatch(case(state=state), unit(), by=DESK, now=NOON)

    assert lost.value.code == "case-ended"


def test_one_key_sends_the_nearest_fit_units() -> None:
    far, near, middle = unit("far", east=0.3), unit("near", east=0.1), unit("middle", east=0.2)

    tasks = dispatching.dispatch_nearest(case(), count=2, by=DESK, now=NOON)

    assert [task.unit for task in tasks] == [near, middle]
    assert fresh(far).status == "available"
    assert tasks[0].case.timeline.earliest("seq").data["rank"] == 0


def test_one_key_without_a_fit_unit_says_what_was_wanted() -> None:
    unit(capabilities=["road"])

    with pytest.raises(dispatching.NoUnitFits, match="water"):
        dispatching.dispatch_nearest(case(), by=DESK, now=NOON)

    assert not Task.everything.exists()


def test_a_unit_accepts_arrives_and_finishes() -> None:
    task = offered()

    dispatching.accept(task, by="unit:1", now=later(minutes=1))
    states = [(fresh(task.unit).status, fresh(task.case).state)]
    dispatching.arrive(task, by="unit:1", now=later(minutes=9))
    states.append((fresh(task.unit).status, fresh(task.case).state))
    dispatching.finish(
        task, outcome="dissuaded", note="went home", evidence=[4], by="unit:1", now=later(hours=1)
    )
    states.append((fresh(task.unit).status, fresh(task.case).state))

    assert states == [
        ("en_route", "handling"), ("on_scene", "handling"), ("available", "handled"),
    ]  # fmt: skip
    feedback = Feedback.objects.get()
    assert (feedback.outcome, feedback.note, feedback.evidence) == ("dissuaded", "went home", [4])
    assert fresh(task.unit).task is None
    assert verbs(task.case) == ["case.dispatch", "task.accept", "task.arrive", "task.finish"]


def test_every_clock_of_a_finished_task_is_met_and_inspection_is_due() -> None:
    task = offered()
    dispatching.accept(task, by="unit:1", now=later(minutes=1))
    dispatching.arrive(task, by="unit:1", now=later(minutes=9))

    dispatching.finish(task, outcome="dissuaded", by="unit:1", now=later(hours=1))

    clocks = dict(Clock.objects.values_list("kind", "state"))
    assert clocks == {"accept": "met", "arrive": "met", "handle": "met", "inspect": "running"}
    waiting = Timer.objects.filter(fired_at=None, cancelled_at=None)
    assert [timer.key for timer in waiting] == [f"clock:{Clock.objects.get(kind='inspect').pk}"]


def test_a_task_that_lost_its_unit_neither_moves_nor_frees_it() -> None:
    task = offered()
    dispatching.accept(task, by="unit:1", now=NOON)
    Unit.objects.update(task=task.pk + 1, status=Unit.Status.RESERVED)  # it was given to another

    dispatching.arrive(task, by="unit:1", now=later(minutes=1))
    moved = fresh(task.unit).status
    dispatching.finish(task, outcome="left", by="unit:1", now=later(minutes=2))

    assert moved == "reserved"
    assert (fresh(task.unit).status, fresh(task.unit).task) == ("reserved", task.pk + 1)


def test_a_case_is_handled_only_when_the_last_task_is_done() -> None:
    task = offered()
    more = dispatching.dispatch(task.case, unit("boat-2"), by=DESK, now=NOON, is_reinforcement=True)
    for one in (task, more):
        dispatching.accept(one, by="unit:1", now=NOON)

    dispatching.finish(task, outcome="left", by="unit:1", now=NOON)
    between = fresh(task.case).state
    dispatching.finish(more, outcome="left", by="unit:2", now=NOON)

    assert (between, fresh(task.case).state) == ("handling", "handled")


def test_a_returned_task_opens_the_case_again_and_tells_the_operators() -> None:
    task = offered()

    dispatching.return_task(task, reason="engine trouble", by="unit:1", now=later(minutes=2))

    told = Message.everything.get(recipient="role:operator")
    assert fresh(task.case).state == "open"
    assert fresh(task.unit).status == "available"
    assert told.payload["reason"] == "engine trouble"
    assert Clock.objects.get().state == "cancelled"
    assert Message.everything.get(recipient__startswith="unit").state == "cancelled"


@pytest.mark.parametrize("verb", [dispatching.accept, dispatching.arrive])
def test_an_expired_task_cannot_go_on(verb: Any) -> None:
    task = offered()
    Task.everything.update(state=Task.State.EXPIRED)

    with pytest.raises(StateConflict) as lost:
        verb(task, by="unit:1", now=NOON)

    assert lost.value.record.state == "expired"


def test_a_dispatch_can_be_undone_while_its_message_is_held() -> None:
    task = offered()

    dispatching.undo_dispatch(task, by=DESK, now=later(seconds=7))

    assert (fresh(task).state, fresh(task.unit).status) == ("cancelled", "available")
    assert fresh(task.case).state == "open"
    assert Message.everything.get().state == "cancelled"
    assert Clock.objects.get().state == "cancelled"
    assert verbs(task.case)[-1] == "case.undo_dispatch"


@pytest.mark.parametrize(("seconds", "is_undone"), [(7.9, True), (8, False), (8.1, False)])
def test_undo_ends_when_the_message_goes_out(seconds: float, is_undone: bool) -> None:
    task = offered()
    delivering.relay(later(seconds=seconds))

    if is_undone:
        dispatching.undo_dispatch(task, by=DESK, now=later(seconds=9))
    else:
        with pytest.raises(StateConflict) as lost:
            dispatching.undo_dispatch(task, by=DESK, now=later(seconds=9))
        assert lost.value.code == "already-sent"

    assert (fresh(task).state == "cancelled") is is_undone
    assert (fresh(task.unit).status == "available") is is_undone


def test_a_withdrawn_task_tells_the_unit_that_was_told_of_it() -> None:
    task = offered()
    delivering.relay(later(seconds=9))

    dispatching.cancel_task(task, reason="a mistake", by=DESK, now=later(seconds=20))

    templates = list(Message.everything.order_by("pk").values_list("template", flat=True))
    assert templates == ["engine.task_offered", "engine.task_cancelled"]
    assert fresh(task.unit).status == "available"


def test_a_task_withdrawn_before_anybody_was_told_is_silent() -> None:
    task = offered()

    dispatching.cancel_task(task, reason="a mistake", by=DESK, now=later(seconds=2))

    assert list(Message.everything.values_list("state", flat=True)) == ["cancelled"]


def test_a_message_that_a_worker_has_in_hand_is_not_called_cancelled() -> None:
    task = offered()
    claim(Message.everything.all(), limit=1, lease=timedelta(minutes=1), state="queued")

    dispatching.cancel_task(task, reason="a mistake", by=DESK, now=later(seconds=9))

    assert fresh(task.messages.earliest("pk")).state == "queued"
    assert task.messages.filter(template="engine.task_cancelled").exists()


def test_an_agency_gets_its_own_task_beside_the_unit() -> None:
    task = offered()

    own = dispatching.assign(
        task.case, agency("police"), kind="prosecute", by=DESK, now=NOON, within=timedelta(hours=2)
    )

    assert (own.unit_id, own.due_at) == (None, later(hours=2))
    assert Message.everything.filter(recipient=f"agency:{own.agency_id}").exists()


def test_an_agency_task_brings_a_handled_case_back_to_work() -> None:
    one = case(state=Case.State.HANDLED)

    dispatching.assign(one, agency(), kind="prosecute", by=DESK, now=NOON)

    assert fresh(one).state == "dispatched"


def test_an_agency_task_that_is_done_settles_the_case() -> None:
    one = case()
    own = dispatching.assign(one, agency(), kind="prosecute", by=DESK, now=NOON)

    dispatching.accept(own, by="account:5", now=NOON)
    dispatching.finish(own, outcome="fined", by="account:5", now=later(hours=1))

    assert fresh(one).state == "handled"


def test_whoever_acknowledges_second_is_told_who_was_first() -> None:
    one = case()
    dispatching.acknowledge(one, by=DESK, now=NOON)

    with pytest.raises(StateConflict, match="account:1 acknowledged it at 12:00:00"):
        dispatching.acknowledge(one, by="account:2", now=later(seconds=1))


# Nobody answers


def expire(minutes: float = 5) -> int:
    return timing.fire_due(later(minutes=minutes))


@pytest.mark.parametrize(
    ("minutes", "state"), [(4.99, "offered"), (5, "expired"), (5.01, "expired")]
)
def test_an_offer_expires_after_five_minutes(minutes: float, state: str) -> None:
    task = offered()

    expire(minutes)

    assert fresh(task).state == state


def test_an_expired_offer_goes_to_the_next_unit_by_itself() -> None:
    first, second = unit("first", east=0.01), unit("second", east=0.02)
    one = case()
    dispatching.dispatch_nearest(one, by=DESK, now=NOON)

    expire()

    live = one.tasks.get(state="offered")
    assert (live.unit, live.offered_by, live.kind) == (second, "worker", "dissuade")
    assert fresh(first).status == "available"
    assert fresh(one).state == "dispatched"
    late = Clock.objects.get(task__unit=first)
    assert (late.state, late.ended_at) == ("overdue", later(minutes=5))
    assert verbs(one) == ["case.dispatch", "task.expire", "case.dispatch"]


def test_an_accepted_task_does_not_expire() -> None:
    task = offered()
    dispatching.accept(task, by="unit:1", now=later(minutes=4))

    expire()

    assert fresh(task).state == "accepted"


@pytest.mark.parametrize(("limit", "tasks"), [(1, 1), (2, 2), (3, 3)])
def test_after_so_many_silent_units_the_operators_are_called(limit: int, tasks: int) -> None:
    settings_in_force.change("engine.offers_before_alarm", limit, by=DESK, now=NOON)
    for number in range(4):
        unit(f"boat-{number}", east=0.01 * (number + 1))
    one = case()
    dispatching.dispatch_nearest(one, by=DESK, now=NOON)

    for round_ in range(1, 5):
        expire(5.5 * round_)

    alarm = Message.everything.get(template="engine.unaccepted")
    assert one.tasks.count() == tasks
    assert (alarm.recipient, alarm.is_urgent) == ("role:operator", True)
    assert fresh(one).state == "open"


def test_an_offer_that_still_has_time_is_not_late_because_another_is() -> None:
    other = dispatching.dispatch(case(key="2"), unit("other"), by=DESK, now=later(minutes=1))
    task = offered()

    expire()

    assert (fresh(task).state, fresh(other).state) == ("expired", "offered")
    assert Clock.objects.get(task=other).state == "running"


def test_a_unit_on_its_way_is_no_silent_one() -> None:
    settings_in_force.change("engine.offers_before_alarm", 2, by=DESK, now=NOON)
    task = offered()
    dispatching.accept(task, by="unit:1", now=NOON)
    silent, third = unit("silent"), unit("third")
    dispatching.dispatch(task.case, silent, by=DESK, now=NOON, is_reinforcement=True)

    expire()

    assert task.case.tasks.get(state="offered").unit == third
    assert not Message.everything.filter(template="engine.unaccepted").exists()


def test_without_another_unit_the_operators_are_called_at_once() -> None:
    task = offered()

    expire()

    assert Message.everything.filter(template="engine.unaccepted").count() == 1
    assert fresh(task.case).state == "open"
    assert verbs(task.case)[-1] == "case.alarm"


def test_expiring_twice_is_expiring_once() -> None:
    task = offered()
    arguments = Timer.objects.get().arguments

    for _time in range(2):
        escalating.expire_task(arguments, later(minutes=5))

    assert verbs(task.case).count("task.expire") == 1


# Lost races, with real threads on the real database


def boats(count: int) -> list[Unit]:
    area()
    return [unit(f"boat-{n}", east=0.01 * (n + 1)) for n in range(count)]


@pytest.mark.django_db(transaction=True)
def test_of_two_operators_who_dispatch_at_once_one_wins_and_the_other_learns_who() -> None:
    boats(2)
    pk = case().pk

    def press(by: str) -> Any:
        return dispatching.dispatch_nearest(Case.everything.get(pk=pk), by=by, now=NOON)

    results = race(lambda: press("account:1"), lambda: press("account:2"))

    [[task]], [lost] = winners(results), losers(results)
    assert isinstance(lost, StateConflict)
    assert (lost.code, lost.record) == ("already-dispatched", task)
    assert Task.everything.count() == 1
    assert Unit.objects.filter(status="available").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_unit_wanted_for_two_cases_goes_to_one() -> None:
    [boat] = boats(1)
    cases = [case(key=str(n)).pk for n in range(4)]

    results = race(*[
        lambda pk=pk: dispatching.dispatch(
            Case.everything.get(pk=pk), Unit.objects.get(), by=f"account:{pk}", now=NOON
        )
        for pk in cases
    ])  # fmt: skip

    [task] = winners(results)
    assert {lost.code for lost in losers(results)} == {"unit-taken"}
    assert {lost.record for lost in losers(results)} == {task}
    assert fresh(boat).task == task.pk


@pytest.mark.django_db(transaction=True)
def test_many_dispatches_at_once_share_the_units_without_deadlock() -> None:
    boats(6)
    cases = [case(key=str(n)).pk for n in range(4)]

    results = race(*[
        lambda pk=pk: dispatching.dispatch_nearest(
            Case.everything.get(pk=pk), count=2, by=f"account:{pk}", now=NOON
        )
        for pk in cases
    ])  # fmt: skip

    held = list(Unit.objects.exclude(task=None).values_list("task", flat=True))
    assert len(held) == len(set(held)) == Task.everything.count() == 6
    assert {type(one) for one in losers(results)} <= {dispatching.NoUnitFits}
    assert list(timeline.verify()) == []


@pytest.mark.django_db(transaction=True)
def test_accepting_and_expiring_at_once_ends_in_one_of_the_two() -> None:
    boats(1)
    task = dispatching.dispatch_nearest(case(), by=DESK, now=NOON)[0]

    results = race(
        lambda: dispatching.accept(Task.everything.get(), by="unit:1", now=later(minutes=5)),
        lambda: timing.fire_due(later(minutes=5)),
    )

    state, status = fresh(task).state, fresh(task.unit).status
    assert (state, status) in {("accepted", "en_route"), ("expired", "available")}
    lost = losers(results)
    assert all(isinstance(one, StateConflict) for one in lost)
    assert len(lost) == (state == "expired")


@pytest.mark.django_db(transaction=True)
def test_undo_and_sending_at_once_never_both_happen() -> None:
    boats(1)
    task = dispatching.dispatch_nearest(case(), by=DESK, now=NOON)[0]

    race(
        lambda: dispatching.undo_dispatch(Task.everything.get(), by=DESK, now=later(seconds=8)),
        lambda: delivering.relay(later(seconds=8)),
    )

    ends = (fresh(task).state, Message.everything.get().state)
    assert ends in {("cancelled", "cancelled"), ("offered", "delivered")}


@pytest.mark.django_db(transaction=True)
def test_of_two_acknowledgements_at_once_one_counts() -> None:
    pk = case().pk

    results = race(*[
        lambda by=by: dispatching.acknowledge(Case.everything.get(pk=pk), by=by, now=NOON)
        for by in ("account:1", "account:2")
    ])  # fmt: skip

    assert len(winners(results)) == len(losers(results)) == 1
    assert losers(results)[0].record.acknowledged_by == winners(results)[0].acknowledged_by


def test_the_place_of_the_case_is_what_distance_is_measured_from() -> None:
    unit(lon=LON, lat=LAT)

    assert dispatching.nearest_fit(case(), now=NOON)[0].distance_m == 0
