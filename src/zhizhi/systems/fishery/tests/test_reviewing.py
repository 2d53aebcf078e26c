"""Two reviews by two people who had no part in the case."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from zhizhi.directory.models import RoleAssignment
from zhizhi.engine.models import Case, Task
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.engine.timeline import history
from zhizhi.systems.fishery import reviewing, sharing
from zhizhi.systems.fishery.models import Violation, ViolationReview
from zhizhi.systems.fishery.tests import river as scene
from zhizhi.systems.fishery.tests.river import River, after, prepared, violation
from zhizhi.trust.models import Evidence


def decide(record: Violation, by: str, step: str = "technical", *, yes: bool = True) -> None:
    reviewing.review(record, step=step, is_accepted=yes, note="seen", by=by, now=after(60))


def test_two_different_people_carry_a_record_through(river: River) -> None:
    record = prepared(river)

    decide(record, river.actor("technical_reviewer"))
    assert record.state == Violation.State.TECHNICALLY_REVIEWED
    decide(record, river.actor("legal_reviewer"), "legal")

    assert record.state == Violation.State.LEGALLY_REVIEWED
    assert [row.by for row in record.reviews.all()] == [
        river.actor("technical_reviewer"), river.actor("legal_reviewer")
    ]  # fmt: skip
    assert [entry.verb for entry in history(record.case)][-2:] == [
        "violation.technical-accepted", "violation.legal-accepted"
    ]  # fmt: skip


def test_whoever_took_a_photo_does_not_review(river: River) -> None:
    record = prepared(river)
    record.handlers = []
    record.save(update_fields=["handlers"])

    with pytest.raises(reviewing.ReviewerTookPhotos):
        decide(record, river.actor("unit_member"))

    assert not record.reviews.exists()


def test_a_member_of_the_unit_that_took_the_photo_does_not_review(river: River) -> None:
    record = prepared(river, photographer=f"unit:{river.boat.pk}")
    RoleAssignment.objects.create(
        account=river.people["technical_reviewer"], role="unit_member", unit=river.boat
    )
    record.handlers = []
    record.save(update_fields=["handlers"])

    with pytest.raises(reviewing.ReviewerTookPhotos):
        decide(record, river.actor("technical_reviewer"))


@pytest.mark.parametrize("handler", ["operator", "unit_member"])
def test_whoever_handled_the_case_does_not_review(river: River, handler: str) -> None:
    record = prepared(river, photographer="account:999")

    with pytest.raises(reviewing.ReviewerHandledCase):
        decide(record, river.actor(handler))


def test_the_legal_review_belongs_to_somebody_else_than_the_technical(river: River) -> None:
    record = prepared(river)
    decide(record, river.actor("technical_reviewer"))

    with pytest.raises(reviewing.ReviewerReviewedBefore):
        decide(record, river.actor("technical_reviewer"), "legal")

    assert record.state == Violation.State.TECHNICALLY_REVIEWED


def test_the_legal_review_comes_second(river: River) -> None:
    record = prepared(river)

    with pytest.raises(StateConflict):
        decide(record, river.actor("legal_reviewer"), "legal")

    assert not record.reviews.exists()


@pytest.mark.parametrize("step", ["technical", "legal"])
def test_a_step_is_decided_once(river: River, step: str) -> None:
    record = scene.reviewed(river)

    with pytest.raises(StateConflict):
        decide(record, river.actor("inspector"), step, yes=False)

    assert record.state == Violation.State.LEGALLY_REVIEWED


def test_a_photo_that_shows_bystanders_stops_acceptance_but_not_rejection(river: River) -> None:
    record = violation(river)

    with pytest.raises(reviewing.PhotosUnprepared):
        decide(record, river.actor("technical_reviewer"))
    decide(record, river.actor("technical_reviewer"), yes=False)

    assert record.state == Violation.State.REJECTED


def test_a_record_without_a_photo_can_only_be_rejected(river: River) -> None:
    record = violation(river, photos=0)

    with pytest.raises(reviewing.PhotosMissing):
        decide(record, river.actor("technical_reviewer"))


def test_a_changed_original_stops_acceptance(river: River) -> None:
    record = prepared(river)
    original = Path(settings.DATA) / "sealed" / Evidence.objects.get().original
    content = original.read_bytes()
    original.chmod(0o600)
    original.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    with pytest.raises(reviewing.PhotoDamaged):
        decide(record, river.actor("technical_reviewer"))

    original.write_bytes(content)


@pytest.mark.parametrize("step", ["technical", "legal"])
def test_a_rejected_record_lets_the_case_go_to_inspection(river: River, step: str) -> None:
    record = prepared(river)
    if step == "legal":
        decide(record, river.actor("technical_reviewer"))

    decide(record, river.actor(f"{step}_reviewer"), step, yes=False)

    assert record.state == Violation.State.REJECTED
    assert Task.everything.get(kind=sharing.REVIEW).outcome == "rejected"
    assert Case.everything.get().state == Case.State.HANDLED


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_the_same_moment_one_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    river = scene.build(scene.gateway(tmp_path, monkeypatch))
    pk = prepared(river).pk
    names = [river.actor(role) for role in ("technical_reviewer", "inspector")]

    results = race(*(lambda by=by: decide(Violation.everything.get(pk=pk), by) for by in names))

    assert len(winners(results)) == 1
    assert [type(lost) for lost in losers(results)] == [StateConflict]
    assert ViolationReview.objects.count() == 1
