"""Photos on the pages: hidden bystanders for all, the original for few, each look logged."""

from __future__ import annotations

import pytest

from zhizhi.systems.fishery.models import ViolationPhoto
from zhizhi.systems.fishery.tests.river import (
    Desk,
    River,
    at,
    photo,
    prepared,
    violation,
)
from zhizhi.trust.models import AuditEntry


def test_bystanders_are_hidden_by_typing_rectangles(river: River, desk: Desk) -> None:
    record = violation(river)
    shown = record.photos.get()
    typed = {
        "region-TOTAL_FORMS": "2", "region-INITIAL_FORMS": "0", "region-0-left": "5",
        "region-0-top": "6", "region-0-width": "20", "region-0-height": "21",
    }  # fmt: skip

    answer = desk("operator").post(at("mask", record.pk, shown.pk), typed)

    assert answer.headers["Location"] == at("violation", record.pk)
    assert ViolationPhoto.objects.get().regions == [[5, 6, 20, 21]]
    picture = desk("fishery").get(at("photo", record.pk, shown.pk))
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({}, "Mark at least one bystander"),
        ({"region-0-left": "5"}, "This field is required"),
        ({"region-0-left": "5", "region-0-top": "5", "region-0-width": "3",
          "region-0-height": "9"}, "greater than or equal to 4"),
        ({"region-0-left": "900", "region-0-top": "5", "region-0-width": "30",
          "region-0-height": "9"}, "outside the picture"),
    ],
)  # fmt: skip
def test_unclear_rectangles_are_answered_with_what_to_mend(
    river: River, desk: Desk, typed: dict[str, str], told: str
) -> None:
    record = violation(river)
    forms = {"region-TOTAL_FORMS": "2", "region-INITIAL_FORMS": "0"}

    answer = desk("operator").post(
        at("mask", record.pk, record.photos.get().pk), {**forms, **typed}
    )

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert ViolationPhoto.objects.get().masked_at is None


def test_the_original_is_for_those_who_hide_bystanders_and_each_look_is_logged(
    river: River, desk: Desk
) -> None:
    record = prepared(river)
    address = at("original", record.pk, record.photos.get().pk)

    answer = desk("operator").get(address)

    assert answer.content == photo(0)
    assert desk("legal_reviewer").get(address).status_code == 403
    (look,) = AuditEntry.objects.filter(verb="evidence.open")
    assert (look.actor, look.subject) == (river.actor("operator"), f"case:{record.case_id}")


def test_a_picture_is_not_served_before_bystanders_are_hidden(river: River, desk: Desk) -> None:
    record = violation(river)

    answer = desk("operator").get(at("photo", record.pk, record.photos.get().pk))

    assert answer.status_code == 404
