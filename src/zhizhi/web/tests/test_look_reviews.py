"""The queue of the staff's looks, and what the account concerned sees and says."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.district_world import World

from zhizhi.directory import look_reviews
from zhizhi.directory.models import LookReview
from zhizhi.web.tests.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE, OWN = "/access/looks/", "/account/looks/"


def address(world: World) -> str:
    return f"{QUEUE}{world.records['look_review'].pk}/"


def verdict(**other: str) -> dict[str, str]:
    return {"verdict": "handed_over", "words": "no reason was found"} | other


def state(world: World) -> str:
    return LookReview.everything.get(pk=world.records["look_review"].pk).state


def text_of(browser: Client, where: str) -> str:
    return str(browser.get(where).content.decode())


def test_from_the_queue_to_the_answer_of_the_account(world: World, browse: Browse) -> None:
    """The whole way: found, explained, judged, read by the account, answered, read again."""
    auditor, operator, row = browse("auditor"), browse("operator"), world.records["look_review"]
    assert f"{row}" in text_of(auditor, QUEUE)
    assert f"{row} " not in text_of(operator, OWN)
    page = text_of(auditor, address(world))
    assert "18" in page
    assert "21.4" in page

    assert auditor.post(address(world), verdict()).status_code == 302

    assert state(world) == "handed_over"
    assert "no reason was found" in text_of(operator, OWN)
    told = {"words": "it was the flood"}
    operator.post(f"{OWN}{row.pk}/answer/", told)
    assert "it was the flood" in text_of(auditor, address(world))
    assert look_reviews.words(LookReview.everything.get(pk=row.pk))["answer"] == told["words"]


def test_no_name_and_no_person_is_on_the_page(world: World, browse: Browse) -> None:
    look, row = world.records["look"], world.records["own_look_review"]

    page = text_of(browse("auditor"), f"{QUEUE}{row.pk}/")

    assert look.person not in page
    assert "Wei Xiaohe" not in page
    assert "12012345678" not in page


@pytest.mark.parametrize(
    "sent", [{"words": ""}, {"words": "  "}, {"verdict": ""}, {"words": "x" * 501}]
)
def test_a_verdict_needs_a_choice_and_words(
    world: World, browse: Browse, sent: dict[str, str]
) -> None:
    answer = browse("auditor").post(address(world), verdict(**sent))

    assert answer.status_code == 422
    assert state(world) == "open"


def test_a_review_is_decided_once(world: World, browse: Browse) -> None:
    auditor = browse("auditor")
    auditor.post(address(world), verdict())

    auditor.post(address(world), verdict(verdict="explained"))

    assert state(world) == "handed_over"


def test_an_account_answers_once_and_in_words(world: World, browse: Browse) -> None:
    operator, row = browse("operator"), world.records["own_look_review"]
    where = f"{OWN}{row.pk}/answer/"

    assert operator.post(where, {"words": ""}).status_code == 422
    assert operator.post(where, {"words": "first"}).status_code == 302
    operator.post(where, {"words": "second"})

    assert look_reviews.words(LookReview.everything.get(pk=row.pk))["answer"] == "first"


def test_an_account_cannot_answer_before_the_verdict(world: World, browse: Browse) -> None:
    row = world.records["look_review"]

    answer = browse("operator").post(f"{OWN}{row.pk}/answer/", {"words": "why"})

    assert answer.status_code == 404


@pytest.mark.parametrize(("role", "is_there"), [("auditor", True), ("leader", False),
                                                ("security_administrator", False)])  # fmt: skip
def test_the_queue_is_in_nobodys_sight_but_the_auditors(
    world: World, browse: Browse, role: str, *, is_there: bool
) -> None:
    assert (browse(role).get(address(world)).status_code == 200) == is_there
