"""Records, reviews and transfer on the pages, with plain form posts."""

from __future__ import annotations

import pytest

from zhizhi.systems.fishery.models import Violation
from zhizhi.systems.fishery.tests.river import (
    Desk,
    River,
    after,
    at,
    prepared,
    reviewed,
    violation,
)
from zhizhi.trust.models import Evidence


@pytest.mark.parametrize(
    ("name", "seen"),
    [("operator", True), ("technical_reviewer", True), ("fishery", True), ("police", False),
     ("procuratorate", False)],
)  # fmt: skip
def test_an_agency_sees_a_record_once_it_takes_part(
    river: River, desk: Desk, name: str, seen: bool
) -> None:
    record = violation(river)

    listed = desk(name).get(at("violations")).content.decode()

    assert (str(record) in listed) is seen
    assert desk(name).get(at("violation", record.pk)).status_code == (200 if seen else 404)


def test_the_list_can_be_narrowed_to_a_state(river: River, desk: Desk) -> None:
    record = violation(river)

    shown = desk("operator").get(at("violations"), {"state": "recorded"}).content.decode()
    others = desk("operator").get(at("violations"), {"state": "rejected"}).content.decode()

    assert str(record) in shown
    assert str(record) not in others


def test_a_record_shows_hashes_clock_and_place_but_no_picture_before_masking(
    river: River, desk: Desk
) -> None:
    record = violation(river)
    sealed = Evidence.objects.get()

    page = desk("technical_reviewer").get(at("violation", record.pk)).content.decode()

    assert sealed.sha256 in page
    assert sealed.sm3 in page
    assert "120 seconds" in page
    assert f'src="{at("violation", record.pk)}' not in page
    assert "Not prepared yet" in page


def test_two_reviewers_and_a_transfer_by_plain_forms(river: River, desk: Desk) -> None:
    record = prepared(river)

    for step in ("technical", "legal"):
        page = desk(f"{step}_reviewer").get(at("violation", record.pk)).content.decode()
        assert f'value="{step}"' in page
        desk(f"{step}_reviewer").post(
            at("review", record.pk), {"step": step, "decision": "accept", "note": "clear"}
        )
    desk("legal_reviewer").post(at("transfer", record.pk))

    assert Violation.everything.get().state == Violation.State.TRANSFERRED
    page = desk("police").get(at("violation", record.pk)).content.decode()
    assert "Decide on a criminal case" in page


def test_a_rejection_needs_reasons(river: River, desk: Desk) -> None:
    record = prepared(river)

    answer = desk("technical_reviewer").post(
        at("review", record.pk), {"step": "technical", "decision": "reject", "note": " "}
    )

    assert answer.status_code == 422
    assert "Give the reasons" in answer.content.decode()
    assert Violation.everything.get().state == Violation.State.RECORDED


@pytest.mark.parametrize(
    ("name", "step"),
    [("operator", "technical"), ("legal_reviewer", "technical"), ("technical_reviewer", "legal"),
     ("fishery", "legal"), ("leader", "technical"), ("operator", "nonsense")],
)  # fmt: skip
def test_a_step_is_decided_by_its_own_role(river: River, desk: Desk, name: str, step: str) -> None:
    record = prepared(river)

    answer = desk(name).post(at("review", record.pk), {"step": step, "decision": "accept"})

    assert answer.status_code == 403
    assert not record.reviews.exists()


def test_a_reviewer_who_handled_the_case_is_told_why_not(river: River, desk: Desk) -> None:
    record = prepared(river)
    river.people["operator"].roles.create(role="technical_reviewer", area=river.area)

    page = desk("operator").get(at("violation", record.pk)).content.decode()
    answer = desk("operator").post(
        at("review", record.pk), {"step": "technical", "decision": "accept"}, follow=True
    )

    assert 'name="decision"' not in page
    assert "so somebody else must review it" in page
    assert "so somebody else must review it" in answer.content.decode()
    assert not record.reviews.exists()


def test_a_reviewer_who_comes_second_is_told_who_was_first(river: River, desk: Desk) -> None:
    record = reviewed(river)
    river.people["inspector"].roles.create(role="technical_reviewer", area=river.area)

    answer = desk("inspector").post(
        at("review", record.pk), {"step": "technical", "decision": "accept"}
    )

    assert answer.status_code == 409
    assert "legal_reviewer" in answer.content.decode()


def test_a_reviewer_reviews_only_where_the_role_counts(river: River, desk: Desk) -> None:
    record = prepared(river)
    account = river.people["leader"]
    elsewhere = type(river.area).objects.create(
        kind="town", code="990199001000000", name="far", path="/990199000000000/990199001000000/",
        min_lon=1, min_lat=1, max_lon=2, max_lat=2, lon=1.5, lat=1.5, valid_from=after(0),
    )  # fmt: skip
    account.roles.create(role="technical_reviewer", area=elsewhere)

    answer = desk("leader").post(
        at("review", record.pk), {"step": "technical", "decision": "accept"}
    )

    assert answer.status_code == 404
    assert not record.reviews.exists()
