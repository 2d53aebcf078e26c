"""One case, three agencies, each with a task of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from zhizhi.directory.models import Agency
from zhizhi.engine import closing, dispatching
from zhizhi.engine.models import Case, Task
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.engine.timeline import history
from zhizhi.systems.fishery import sharing
from zhizhi.systems.fishery.models import Violation
from zhizhi.systems.fishery.tests import river as scene
from zhizhi.systems.fishery.tests.river import River, after, hand_over, prepared, reviewed


def test_each_agency_gets_its_own_task_with_its_own_time(river: River) -> None:
    tasks = hand_over(river)

    assert [(task.agency, task.kind) for task in tasks] == [
        (river.agencies["fishery"], "penalise"),
        (river.agencies["police"], "investigate"),
        (river.agencies["procuratorate"], "supervise"),
    ]
    assert {task.due_at for task in tasks} == {after(70) + timedelta(hours=72)}
    parts = {row.agency.code: row.part for row in Case.everything.get().agencies.all()}
    assert parts == {"fishery": "lead", "police": "co_handler", "procuratorate": "co_handler"}


def test_the_record_is_transferred_and_its_hold_ends(river: River) -> None:
    hand_over(river)

    assert Violation.everything.get().state == Violation.State.TRANSFERRED
    assert Task.everything.get(kind=sharing.REVIEW).outcome == "transferred"
    assert Case.everything.get().state == Case.State.HANDLING


def test_a_record_that_is_not_reviewed_is_not_transferred(river: River) -> None:
    record = prepared(river)

    with pytest.raises(StateConflict):
        sharing.transfer(record, by=river.actor("legal_reviewer"), now=after(70))

    assert not Task.everything.filter(kind__in=sharing.Kind.values).exists()


def test_a_record_is_transferred_once(river: River) -> None:
    hand_over(river)

    with pytest.raises(StateConflict):
        sharing.transfer(
            Violation.everything.get(), by=river.actor("legal_reviewer"), now=after(71)
        )

    assert Task.everything.filter(kind__in=sharing.Kind.values).count() == 3


def test_the_case_can_be_closed_only_when_every_agency_is_done(river: River) -> None:
    tasks = hand_over(river)
    case = Case.everything.get()
    for task in tasks:
        assert case.state != Case.State.HANDLED
        officer = river.actor(task.agency.code if task.agency else "")
        dispatching.accept(task, by=officer, now=after(80))
        dispatching.finish(task, outcome="filed", note="done", by=officer, now=after(90))
        case.refresh_from_db(from_queryset=Case.everything.all())

    closing.inspect(case, is_passed=True, by=river.actor("inspector"), now=after(100))

    assert case.state == Case.State.CLOSED


def test_an_agency_that_the_installation_lacks_is_named_in_the_timeline(river: River) -> None:
    record = reviewed(river)
    river.people["procuratorate"].roles.all().delete()
    Agency.objects.get(code="procuratorate").delete()

    tasks = sharing.transfer(record, by=river.actor("legal_reviewer"), now=after(70))

    told = next(e for e in history(record.case) if e.verb == "violation.transferred")
    assert len(tasks) == 2
    assert told.data["agencies_missing"] == ["procuratorate"]


def test_without_a_fishery_agency_nothing_is_held(river: River) -> None:
    Agency.objects.filter(code="fishery").update(code="other")

    record = prepared(river)

    assert sharing.hold(record, now=after(60)) is None


@pytest.mark.django_db(transaction=True)
def test_of_two_transfers_at_the_same_moment_one_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    river = scene.build(scene.gateway(tmp_path, monkeypatch))
    pk = reviewed(river).pk
    by = river.actor("legal_reviewer")

    results = race(
        *(lambda: sharing.transfer(Violation.everything.get(pk=pk), by=by, now=after(70)),) * 2
    )

    assert len(winners(results)) == 1
    assert [type(lost) for lost in losers(results)] == [StateConflict]
    assert Task.everything.filter(kind__in=sharing.Kind.values).count() == 3
