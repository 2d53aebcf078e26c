from datetime import timedelta
from typing import Any

import pytest

from zhizhi.directory.models import Account, RoleAssignment, Unit
from zhizhi.engine import closing, dispatching, timeline, timing
from zhizhi.engine.models import Case, Clock, Message, Subscriber, Task
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, agency, alert, case, later, unit
from zhizhi.engine.tests.racing import losers, race, winners

pytestmark = pytest.mark.django_db

DESK, UNIT, INSPECTOR = "account:901", "account:902", "account:903"


def fresh(record: Any) -> Any:
    return type(record)._base_manager.get(pk=record.pk)


def handled() -> Case:
    """A case that the desk dispatched and a unit finished."""
    task = dispatching.dispatch(case(), unit(), by=DESK, now=NOON)
    dispatching.accept(task, by=UNIT, now=NOON)
    dispatching.finish(task, outcome="dissuaded", by=UNIT, now=later(hours=1))
    return task.case


def returned() -> tuple[Case, Task]:
    task = dispatching.dispatch(case(), unit(), by=DESK, now=NOON)
    dispatching.return_task(task, reason="fog", by=UNIT, now=NOON)
    return task.case, task


def test_an_inspector_closes_a_handled_case() -> None:
    one = handled()

    closing.inspect(one, is_passed=True, note="good", by=INSPECTOR, now=later(hours=2))

    last = one.timeline.latest("seq")
    assert (one.state, one.closed_at) == ("closed", later(hours=2))
    assert one.changed_at == later(hours=2)
    assert (last.verb, last.actor, last.note) == ("case.close", INSPECTOR, "good")
    assert not Clock.objects.filter(state="running").exists()


def test_a_rejected_case_is_open_again() -> None:
    one = handled()

    closing.inspect(one, is_passed=False, note="no photo", by=INSPECTOR, now=later(hours=2))

    assert (one.state, one.closed_at, one.changed_at) == ("open", None, later(hours=2))
    assert one.timeline.latest("seq").verb == "case.reject"
    assert Clock.objects.get(kind="inspect").state == "met"


@pytest.mark.parametrize("actor", [DESK, UNIT])
@pytest.mark.parametrize("is_passed", [True, False])
def test_whoever_sent_or_handled_cannot_inspect(actor: str, is_passed: bool) -> None:
    one = handled()

    with pytest.raises(closing.InspectedOwnWork, match=actor):
        closing.inspect(one, is_passed=is_passed, by=actor, now=later(hours=2))

    assert fresh(one).state == "handled"


def test_a_member_of_the_sent_unit_cannot_inspect_either() -> None:
    one = handled()
    member = Account.objects.create(username="m")
    RoleAssignment.objects.create(account=member, role="unit_member", unit=Unit.objects.get())

    with pytest.raises(closing.InspectedOwnWork):
        closing.inspect(one, is_passed=True, by=f"account:{member.pk}", now=later(hours=2))


def test_a_member_of_another_unit_may_inspect() -> None:
    one = handled()
    member = Account.objects.create(username="m")
    other = unit("boat-2")
    RoleAssignment.objects.create(account=member, role="unit_member", unit=other)

    closing.inspect(one, is_passed=True, by=f"account:{member.pk}", now=later(hours=2))

    assert one.state == "closed"


@pytest.mark.parametrize("state", ["open", "dispatched", "handling", "closed", "dismissed"])
def test_only_a_handled_case_can_be_inspected(state: str) -> None:
    with pytest.raises(StateConflict) as lost:
        closing.inspect(case(state=state), is_passed=True, by=INSPECTOR, now=NOON)

    assert lost.value.code == "not-handled"


def test_a_case_with_work_left_is_not_closed() -> None:
    one, task = returned()
    Case.everything.update(state=Case.State.HANDLED)

    with pytest.raises(closing.WorkUndone) as left:
        closing.inspect(one, is_passed=True, by=INSPECTOR, now=NOON)

    assert left.value.record == task


def test_waived_work_does_not_stand_in_the_way() -> None:
    one, task = returned()
    Case.everything.update(state=Case.State.HANDLED)

    closing.waive(task, reason="the boat left", by=DESK, now=NOON)
    closing.inspect(one, is_passed=True, by=INSPECTOR, now=NOON)

    assert one.state == "closed"


@pytest.mark.parametrize("state", ["returned", "expired"])
def test_returned_and_expired_work_is_waived_once(state: str) -> None:
    one, task = returned()
    Task.everything.update(state=state)

    waived = closing.waive(task, reason="the boat left", by=DESK, now=later(minutes=1))

    last = one.timeline.latest("seq")
    assert (waived.pk, waived.waived_at, waived.state) == (task.pk, later(minutes=1), state)
    assert (last.verb, last.note, last.task) == ("task.waive", "the boat left", task)
    with pytest.raises(StateConflict):
        closing.waive(task, reason="again", by=DESK, now=later(minutes=2))
    assert fresh(task).waived_at == later(minutes=1)


def test_waiving_one_task_leaves_the_others() -> None:
    one, task = returned()
    other = Task.everything.create(
        case=one, kind="check", state="returned", offered_at=NOON, offered_by=DESK
    )

    closing.waive(task, reason="", by=DESK, now=NOON)

    assert fresh(other).waived_at is None


def test_a_member_of_a_unit_that_never_accepted_may_inspect() -> None:
    one, task = returned()
    member = Account.objects.create(username="m")
    RoleAssignment.objects.create(account=member, role="unit_member", unit=task.unit)

    assert not closing.took_part(one, f"account:{member.pk}")
    Task.everything.update(accepted_at=NOON)
    assert closing.took_part(one, f"account:{member.pk}")
    assert not closing.took_part(one, f"worker:{member.pk}")


def test_each_step_of_the_work_is_a_part_of_it_and_a_note_is_none() -> None:
    verbs = ("case.dispatch", "case.assign", "task.accept", "task.arrive", "task.progress",
             "task.finish", "task.return", "case.note")  # fmt: skip
    for verb in verbs:
        timeline.record(case(key=verb), verb=verb, actor=INSPECTOR, at=NOON)

    parted = [one.key for one in Case.everything.all() if closing.took_part(one, INSPECTOR)]

    assert sorted(parted) == sorted(verbs[:-1])
    assert not closing.took_part(Case.everything.get(key="task.finish"), DESK)


def test_a_case_that_ended_by_itself_is_closed_and_says_why() -> None:
    one = case()
    timing.start_clock(one, kind="dispatch", within=timedelta(hours=1), now=NOON)

    found = closing.close_unneeded(
        one, why="left", by="worker", now=later(minutes=5), data={"zone": "Z"}
    )

    last = one.timeline.latest("seq")
    assert (found.state, found.closed_at, found.changed_at) == (
        "closed",
        later(minutes=5),
        later(minutes=5),
    )
    assert (last.verb, last.data["why"], last.data["zone"]) == ("case.close", "left", "Z")
    assert Clock.objects.get().state == "cancelled"


def test_a_case_to_which_somebody_was_sent_does_not_end_by_itself() -> None:
    one, _task = returned()
    assert fresh(one).state == "open"

    for needed in (one, case(key="2", state="dispatched")):
        with pytest.raises(StateConflict) as lost:
            closing.close_unneeded(needed, why="left", by="worker", now=NOON)
        assert lost.value.code == "needed"


def test_a_returned_task_that_another_unit_did_does_not_stand_in_the_way() -> None:
    one, _task = returned()
    second = dispatching.dispatch(one, unit("boat-2"), by=DESK, now=NOON)
    dispatching.accept(second, by=UNIT, now=NOON)

    dispatching.finish(second, outcome="left", by=UNIT, now=NOON)

    assert fresh(one).state == "handled"
    assert dispatching.undone(one) == []


def test_work_of_another_agency_stays_in_the_way_until_it_is_done() -> None:
    one = case()
    own = dispatching.assign(one, agency("police"), kind="check", by=DESK, now=NOON)
    other = dispatching.assign(one, agency("fishery"), kind="check", by=DESK, now=NOON)

    dispatching.accept(own, by=UNIT, now=NOON)
    dispatching.finish(own, outcome="left", by=UNIT, now=NOON)

    assert dispatching.undone(one) == [other]
    assert fresh(one).state == "handling"


@pytest.mark.parametrize("state", ["offered", "done", "cancelled"])
def test_only_returned_or_expired_work_can_be_waived(state: str) -> None:
    _one, task = returned()
    Task.everything.update(state=state)

    with pytest.raises(StateConflict):
        closing.waive(task, reason="", by=DESK, now=NOON)


def test_a_false_alarm_frees_its_units_and_names_its_rules() -> None:
    task = dispatching.dispatch(case(), unit(), by=DESK, now=NOON)
    alert(task.case)

    closing.dismiss(task.case, reason="a buoy", by=DESK, now=later(minutes=1))

    last = task.case.timeline.latest("seq")
    ended = fresh(task.case)
    assert (ended.state, ended.closed_at) == ("dismissed", later(minutes=1))
    assert ended.changed_at == later(minutes=1)
    assert (fresh(task).state, fresh(task.unit).status) == ("cancelled", "available")
    assert (last.note, last.data["rules"]) == ("a buoy", ["fishery.dwell"])
    assert Clock.objects.get().state == "cancelled"
    assert Message.everything.get().state == "cancelled"


@pytest.mark.parametrize("state", ["handling", "handled", "closed", "dismissed"])
def test_a_case_on_which_somebody_works_is_not_dismissed(state: str) -> None:
    with pytest.raises(StateConflict):
        closing.dismiss(case(state=state), reason="", by=DESK, now=NOON)


@pytest.mark.parametrize("state", ["closed", "dismissed"])
def test_an_ended_case_can_be_opened_again(state: str) -> None:
    one = case(state=state, closed_at=NOON)

    closing.reopen(one, reason="it is back", by=DESK, now=later(hours=1))

    assert (one.state, one.closed_at, one.changed_at) == ("open", None, later(hours=1))
    assert one.timeline.get().note == "it is back"


def test_subscribers_hear_that_a_case_has_ended_and_that_it_was_opened_again() -> None:
    Subscriber.objects.create(code="city", url="https://a.example/", created_at=NOON)
    one = case()

    closing.dismiss(one, reason="a buoy", by=DESK, now=NOON)
    closing.reopen(one, by=DESK, now=later(hours=1))

    told = Message.everything.order_by("pk").values_list("template", flat=True)
    assert list(told) == ["case.dismissed", "case.reopened"]


def test_a_case_is_not_reopened_beside_a_newer_one_about_the_same() -> None:
    old, newer = case(state="closed"), case()

    with pytest.raises(StateConflict) as lost:
        closing.reopen(old, by=DESK, now=NOON)

    assert (lost.value.code, lost.value.record) == ("newer-case-open", newer)
    assert fresh(old).state == "closed"


def test_a_running_case_cannot_be_reopened() -> None:
    with pytest.raises(StateConflict) as lost:
        closing.reopen(case(), by=DESK, now=NOON)

    assert lost.value.code == "not-ended"


def test_false_alarms_before_the_period_do_not_count() -> None:
    alert(case(state="dismissed"), "old", raised_at=later(days=-1))
    alert(case(key="2", state="dismissed"), "new")
    alert(case(key="3"), "true")

    [rule] = closing.false_alarms(since=NOON)

    assert (rule.alerts, rule.dismissed, rule.share) == (2, 1, 0.5)
    assert closing.FalseAlarms("never", 0, 0).share == 0.0


@pytest.mark.django_db(transaction=True)
def test_of_two_inspections_at_once_one_counts() -> None:
    pk = handled().pk

    results = race(*[
        lambda passed=passed: closing.inspect(
            Case.everything.get(pk=pk), is_passed=passed, by=INSPECTOR, now=later(hours=2)
        )
        for passed in (True, False)
    ])  # fmt: skip

    assert len(winners(results)) == len(losers(results)) == 1
    assert losers(results)[0].code == "not-handled"
    assert list(timeline.verify()) == []


@pytest.mark.django_db(transaction=True)
def test_dismissing_and_dispatching_at_once_never_leaves_a_unit_behind() -> None:
    boat, pk = unit(), case().pk

    race(
        lambda: closing.dismiss(Case.everything.get(pk=pk), reason="", by=DESK, now=NOON),
        lambda: dispatching.dispatch_nearest(Case.everything.get(pk=pk), by="account:9", now=NOON),
    )

    assert fresh(Case.everything.get(pk=pk)).state == "dismissed"
    assert fresh(boat).status == "available"
    assert not Task.everything.filter(state__in=Task.LIVE).exists()


@pytest.mark.django_db(transaction=True)
def test_reopening_and_a_new_case_about_the_same_never_both_stand() -> None:
    old = case(state="closed").pk

    results = race(lambda: closing.reopen(Case.everything.get(pk=old), by=DESK, now=NOON), case)

    assert len(winners(results)) == 1
    assert Case.everything.filter(state="open").count() == 1
