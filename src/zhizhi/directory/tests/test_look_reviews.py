"""Reviews of the staff's looks: who judges them, once, and what the account may say to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from zhizhi.directory import look_reviews
from zhizhi.directory.granting import LONGEST, ReasonMissing
from zhizhi.directory.look_reviews import Found, Kind, NotReviewer
from zhizhi.directory.models import Account, LookReview
from zhizhi.directory.tests.two_people import A_TICK, AT, HERE, THERE, Staff
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.states import StateConflict

pytestmark = pytest.mark.django_db
DUE = AT + timedelta(days=7)
DAY = date(2023, 2, 22)
EVIDENCE = {"days": [{"day": "2023-02-22", "threshold": 9.0}]}


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA=tmp_path):
        yield


@pytest.fixture
def auditor(staff: Staff) -> Account:
    return staff.hire("auditor")


def begun(account: Account, **other: Any) -> LookReview:
    found = Found(Kind.UNUSUAL, account, DAY, EVIDENCE, **other)
    with transaction.atomic():
        return look_reviews.begin(found, due_at=DUE, now=AT)


def decide(row: LookReview, by: Account, words: str = "was on call", **other: Any) -> None:
    look_reviews.decide(row, words, by=by, now=AT, **{"is_explained": True, **other})


def seen_by(account: Account) -> list[LookReview]:
    return list(LookReview.objects.visible_to(account.scope()))


def test_only_the_auditor_of_the_area_sees_an_open_review(
    operator: Account, auditor: Account, leader: Account, staff: Staff
) -> None:
    row = begun(operator)

    assert seen_by(auditor) == seen_by(staff.hire("auditor", "")) == [row]
    others = ("security_administrator", "administrator", "operator", "inspector")
    for account in (operator, leader, staff.hire("auditor", THERE), *map(staff.hire, others)):
        assert seen_by(account) == []


def test_an_auditor_is_watched_by_the_security_administrator(
    auditor: Account, staff: Staff
) -> None:
    security, second = staff.hire("security_administrator"), staff.hire("auditor")

    row = begun(auditor)

    assert seen_by(security) == [row]
    assert seen_by(second) == seen_by(auditor) == []
    decide(row, security)
    assert row.state == "explained"


def test_an_account_of_two_towns_is_reviewed_for_the_whole_district(
    operator: Account, auditor: Account, staff: Staff
) -> None:
    staff.give(operator, "inspector", THERE)

    row = begun(operator)

    assert row.area_path == ""
    assert seen_by(auditor) == []
    assert seen_by(staff.hire("auditor", "")) == [row]


@pytest.mark.parametrize(
    ("is_explained", "state"), [(True, "explained"), (False, "handed_over")]
)  # fmt: skip
def test_a_verdict_is_given_once_and_in_words(
    operator: Account, auditor: Account, state: str, *, is_explained: bool
) -> None:
    row = begun(operator)

    decide(row, auditor, "  was on call ", is_explained=is_explained)

    assert (row.state, row.decided_by, row.decided_at) == (state, auditor, AT)
    assert look_reviews.words(row) == {"reason": "was on call", "answer": ""}
    assert AuditEntry.objects.latest("seq").verb == f"looks.{state}"
    with pytest.raises(StateConflict):
        decide(row, auditor)


@pytest.mark.parametrize("words", ["", " \n "])
def test_a_verdict_without_words_changes_nothing(
    operator: Account, auditor: Account, words: str
) -> None:
    row = begun(operator)

    with pytest.raises(ReasonMissing):
        decide(row, auditor, words)

    assert LookReview.everything.get().state == "open"


@pytest.mark.parametrize(("letters", "fits"), [(LONGEST, True), (LONGEST + 1, False)])
def test_words_have_a_longest_length(
    operator: Account, auditor: Account, letters: int, *, fits: bool
) -> None:
    row = begun(operator)

    if fits:
        decide(row, auditor, "x" * letters)
    else:
        with pytest.raises(ValueError, match="more than"):
            decide(row, auditor, "x" * letters)


def test_nobody_reviews_the_own_looks_even_with_the_role(operator: Account, staff: Staff) -> None:
    row = begun(operator)
    staff.give(operator, "auditor", "")

    with pytest.raises(NotReviewer) as refused:
        decide(row, operator)

    assert refused.value.code == "self"
    assert AuditEntry.objects.latest("seq").verb == "looks.denied"
    assert seen_by(operator) == []


@pytest.mark.parametrize(
    ("role", "path"),
    [("leader", HERE), ("security_administrator", HERE), ("auditor", THERE), ("operator", "")],
)
def test_nobody_else_reviews(operator: Account, staff: Staff, role: str, path: str) -> None:
    row = begun(operator)

    with pytest.raises(NotReviewer) as refused:
        decide(row, staff.hire(role, path))

    assert refused.value.code == "no-role"
    assert LookReview.everything.get().state == "open"


def test_the_account_sees_its_review_after_the_verdict_and_answers_it_once(
    operator: Account, auditor: Account
) -> None:
    row = begun(operator)
    with pytest.raises(StateConflict):
        look_reviews.answer(row, "why", by=operator, now=AT)
    decide(row, auditor)

    assert seen_by(operator) == [row]
    look_reviews.answer(row, "it was the flood", by=operator, now=AT)

    assert look_reviews.words(row)["answer"] == "it was the flood"
    with pytest.raises(StateConflict):
        look_reviews.answer(row, "and more", by=operator, now=AT)
    assert look_reviews.words(row)["answer"] == "it was the flood"


def test_nobody_answers_for_the_account(operator: Account, auditor: Account) -> None:
    row = begun(operator)
    decide(row, auditor)

    with pytest.raises(NotReviewer):
        look_reviews.answer(row, "it was me", by=auditor, now=AT)


def test_an_account_has_one_review_of_a_day(operator: Account) -> None:
    begun(operator)

    with pytest.raises(IntegrityError):
        begun(operator)


def test_the_audit_log_holds_a_digest_of_what_was_found_and_no_words(
    operator: Account, auditor: Account
) -> None:
    row = begun(operator)
    decide(row, auditor)

    found, decided = AuditEntry.objects.order_by("seq")
    assert (found.verb, found.subject, found.actor) == ("looks.found", f"looks:{row.pk}", "worker")
    assert len(found.detail["digest"]) == 64
    assert decided.detail == {"account": operator.pk, "kind": "unusual"}


@pytest.mark.parametrize(
    ("now", "is_late"), [(DUE - A_TICK, False), (DUE, False), (DUE + A_TICK, True)]
)
def test_a_review_is_late_after_its_time(operator: Account, now: Any, *, is_late: bool) -> None:
    assert begun(operator).is_late(now) == is_late
