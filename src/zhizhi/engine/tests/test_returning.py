"""Giving a task back 退单: with a reason, at most twice, and never past the others' work."""

from __future__ import annotations

from functools import partial

import pytest

from zhizhi.engine import closing, dispatching, settings_in_force
from zhizhi.engine.models import Case, Task
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, agency, case, refusal, unit

pytestmark = pytest.mark.django_db

DESK, UNIT = "account:901", "account:902"


def returned(one: Case, times: int, *, kind: str = "dissuade") -> list[str]:
    """Send the same boat and let it give the task back; returns how each try ended."""
    boat = unit("boat-1")
    ends = []
    for _ in range(times):
        task = dispatching.dispatch(one, boat, kind=kind, by=DESK, now=NOON)
        ends.append(refusal(partial(dispatching.return_task, task, reason="x", by=UNIT, now=NOON)))
        boat.refresh_from_db()
    return ends


def test_the_third_return_of_the_same_work_is_refused() -> None:
    one = case()

    assert returned(one, 3) == ["", "", "returned-too-often"]
    assert list(one.tasks.order_by("pk").values_list("state", flat=True)) == [
        "returned", "returned", "offered",
    ]  # fmt: skip


@pytest.mark.parametrize(("most", "ends"), [(1, ["", "returned-too-often"]), (3, [""] * 3)])
def test_how_often_is_a_setting(most: int, ends: list[str]) -> None:
    settings_in_force.change("engine.returns_most", most, by=DESK, now=NOON)

    assert returned(case(), len(ends)) == ends


def test_what_cannot_be_returned_can_be_withdrawn_by_the_operators() -> None:
    one = case()
    returned(one, 3)

    task = dispatching.cancel_task(one.tasks.latest("pk"), reason="decided", by=DESK, now=NOON)

    assert task.state == "cancelled"


@pytest.mark.parametrize("other", ["case", "kind", "unit"])
def test_other_work_counts_for_itself(other: str) -> None:
    one = case()
    returned(one, 2)
    target = case(key="2") if other == "case" else one
    boat = unit("boat-2") if other == "unit" else one.tasks.latest("pk").unit
    assert boat is not None

    boat.refresh_from_db()
    kind = "watch" if other == "kind" else "dissuade"
    task = dispatching.dispatch(target, boat, kind=kind, by=DESK, now=NOON)

    assert dispatching.return_task(task, reason="fog", by=UNIT, now=NOON).state == "returned"


def test_an_agency_is_counted_as_a_unit_is() -> None:
    one, police = case(), agency("police")
    for _ in range(2):
        task = dispatching.assign(one, police, kind="check", by=DESK, now=NOON)
        dispatching.return_task(task, reason="not ours", by=UNIT, now=NOON)
    task = dispatching.assign(one, police, kind="check", by=DESK, now=NOON)

    with pytest.raises(StateConflict) as refused:
        dispatching.return_task(task, reason="not ours", by=UNIT, now=NOON)

    assert refused.value.code == "returned-too-often"


@pytest.mark.parametrize("reason", ["", " \n"])
def test_nothing_is_given_back_without_a_reason(reason: str) -> None:
    task = dispatching.dispatch(case(), unit(), by=DESK, now=NOON)

    with pytest.raises(ReasonMissing):
        dispatching.return_task(task, reason=reason, by=UNIT, now=NOON)

    assert Task.everything.get().state == "offered"


# Lead and co-handlers


def shared() -> tuple[Case, list[Task]]:
    one = case()
    tasks = [
        dispatching.assign(one, agency(code), kind=kind, by=DESK, now=NOON)
        for code, kind in (("fishery", "penalise"), ("police", "check"), ("town", "watch"))
    ]
    for task in tasks:
        dispatching.accept(task, by="account:1", now=NOON)
    return one, tasks


def state_of(one: Case) -> str:
    one.refresh_from_db(from_queryset=Case.everything.all())
    return one.state


@pytest.mark.parametrize("last", ["done", "waived"])
def test_a_case_is_handled_when_lead_and_co_handlers_are_done_or_waived(last: str) -> None:
    one, (lead, police, town) = shared()
    dispatching.finish(lead, outcome="punished", by="account:1", now=NOON)
    assert state_of(one) == "handling"
    dispatching.finish(police, outcome="checked", by="account:2", now=NOON)
    assert state_of(one) == "handling"

    if last == "done":
        dispatching.finish(town, outcome="watched", by="account:3", now=NOON)
    else:
        dispatching.return_task(town, reason="not ours", by="account:3", now=NOON)
        assert state_of(one) == "open"
        closing.waive(town, reason="nothing to watch", by=DESK, now=NOON)

    assert state_of(one) == "handled"
