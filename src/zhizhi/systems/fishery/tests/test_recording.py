"""The record that a unit's report opens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.district_world import voice as spoken

from zhizhi.engine import closing, dispatching
from zhizhi.engine.models import Case, Feedback, Task
from zhizhi.engine.states import StateConflict
from zhizhi.systems.fishery import recording, sharing
from zhizhi.systems.fishery.models import Stay, Violation
from zhizhi.systems.fishery.tests.river import River, after, sealed, violation
from zhizhi.trust import evidence


def test_a_reported_violation_is_recorded_with_its_sealed_photos(river: River) -> None:
    record = violation(river, photos=2)

    assert record.state == Violation.State.RECORDED
    assert record.stay == Stay.everything.get()
    first, second = record.photos.select_related("evidence")
    assert first.evidence.sha256 != second.evidence.sha256
    assert len(first.evidence.sm3) == 64
    assert first.evidence.clock_offset == timedelta(minutes=2)
    assert first.masked_at is None


def test_everybody_who_had_a_hand_in_the_case_is_named(river: River) -> None:
    record = violation(river)

    assert set(record.handlers) == {
        river.actor("operator"), river.actor("unit_member"), f"unit:{river.boat.pk}"
    }  # fmt: skip


def test_a_report_is_recorded_once(river: River) -> None:
    record = violation(river)

    again = recording.record(Feedback.objects.get(outcome="violation"), now=after(90))

    assert again == record
    assert record.photos.count() == 1


def test_a_photo_of_another_case_is_left_out(river: River) -> None:
    record = violation(river)
    stranger = sealed(record.case_id + 1, "unit:9", shade=5)
    feedback = Feedback.objects.create(
        case=record.case, task=record.feedback.task, at=after(70), by="unit:9",
        outcome="violation", evidence=[stranger.pk],
    )  # fmt: skip

    other = recording.record(feedback, now=after(70))

    assert other.photos.count() == 0


def test_a_voice_note_is_none_of_the_photos(river: River) -> None:
    record = violation(river)
    voice = evidence.seal_recording(spoken(), case=record.case_id, by="unit:9", now=after(69))
    picture = sealed(record.case_id, "unit:9", shade=5)
    feedback = Feedback.objects.create(
        case=record.case, task=record.feedback.task, at=after(70), by="unit:9",
        outcome="violation", evidence=[voice.pk, picture.pk],
    )  # fmt: skip

    other = recording.record(feedback, now=after(70))

    assert [photo.evidence_id for photo in other.photos.all()] == [picture.pk]


@pytest.mark.parametrize("outcome", ["left", "dissuaded", "not_found"])
def test_other_reports_open_no_record(river: River, outcome: str) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    case = Case.everything.get()
    task = dispatching.dispatch(case, river.boat, by=river.actor("operator"), now=after(38))
    dispatching.accept(task, by=river.actor("unit_member"), now=after(39))

    dispatching.finish(task, outcome=outcome, by=river.actor("unit_member"), now=after(55))

    case.refresh_from_db(from_queryset=Case.everything.all())
    assert not Violation.everything.exists()
    assert case.state == Case.State.HANDLED


def test_a_case_stays_open_while_its_record_is_under_review(river: River) -> None:
    record = violation(river)
    case = Case.everything.get()

    with pytest.raises(StateConflict) as refused:
        closing.inspect(case, is_passed=True, by=river.actor("inspector"), now=after(60))

    assert refused.value.code == "not-handled"
    assert case.state == Case.State.HANDLING
    assert Task.everything.get(case=record.case, kind=sharing.REVIEW).state == "offered"


def test_an_agencys_result_is_no_violation_of_its_own(river: River) -> None:
    record = violation(river)
    task = Task.everything.get(kind=sharing.REVIEW)
    dispatching.accept(task, by=river.actor("fishery"), now=after(60))

    dispatching.finish(task, outcome="violation", by=river.actor("fishery"), now=after(61))

    assert Violation.everything.get() == record
