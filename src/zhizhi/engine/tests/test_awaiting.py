"""Promised answers: who owes one is told at once, and with the leaders when the time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.district_world import World, build

from zhizhi.directory import look_reviews
from zhizhi.directory.look_reviews import Found, Kind
from zhizhi.directory.models import Account, LookReview
from zhizhi.engine import appealing, awaiting, claiming, timing, wording
from zhizhi.engine.models import Alert, Message
from zhizhi.trust import access
from zhizhi.trust.access import Look

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)
Answer = Callable[[], object]
Asked = tuple[awaiting.Owed, Answer]


def an_appeal(world: World) -> Asked:
    alert = Alert.everything.get(pk=world.records["alert"].pk)
    alert.pk = "b" * 32
    alert.save(force_insert=True)
    fresh = Alert.everything.select_related("case").get(pk=alert.pk)
    made = appealing.appeal(fresh, "absent", now=NOW)
    return made, lambda: appealing.decide(made, "no", is_upheld=False, by="account:77", now=NOW)


def a_claim(world: World) -> Asked:
    report = world.records["report"]
    look = Look("account:9", f"report:{report.pk}", ("telling",), "handle-case", None)
    record = access.record(look, refusal="", now=NOW)
    claim = claiming.object_to(report, record.pk, now=NOW)
    return claim, lambda: claiming.answer(claim, "no", is_upheld=False, by="account:77", now=NOW)


def a_review(world: World) -> Asked:
    looker = Account.objects.create_user("looker")
    found = Found(Kind.UNUSUAL, looker, date(2026, 2, 27), {"days": []})
    review = look_reviews.begin(found, due_at=NOW + timedelta(days=5), now=NOW)
    awaiting.begin(review, review.watcher, case=None, now=NOW)
    to = LookReview.State.EXPLAINED
    return review, lambda: LookReview.everything.filter(pk=review.pk).update(state=to)


KINDS = {
    "appeal": (an_appeal, {"role:inspector", "role:legal_reviewer"}),
    "claim": (a_claim, {"role:auditor"}),
    "lookreview": (a_review, {"role:auditor"}),
}


def told(code: str, row: awaiting.Owed) -> set[str]:
    """Return who was told so about ``row``."""
    name = type(row).__name__.lower()
    found = Message.everything.filter(template=code, **{f"payload__{name}": str(row)})
    assert all(str(row) in wording.words_of(one) for one in found)
    assert found.count() == len(set(found.values_list("recipient", flat=True)))
    return set(found.values_list("recipient", flat=True))


@pytest.mark.parametrize("kind", KINDS)
def test_who_owes_the_answer_is_told_at_once(kind: str) -> None:
    make, roles = KINDS[kind]

    row, _answer = make(build())

    assert told(f"engine.{kind}_made", row) == roles


@pytest.mark.parametrize("kind", KINDS)
def test_they_and_the_leaders_are_told_when_the_time_is_over(kind: str) -> None:
    make, roles = KINDS[kind]
    row, _answer = make(build())

    timing.fire_due(row.due_at - A_TICK)
    early = told(f"engine.{kind}_overdue", row)
    timing.fire_due(row.due_at)
    timing.fire_due(row.due_at + timedelta(days=9))

    assert not early
    assert told(f"engine.{kind}_overdue", row) == {*roles, "role:leader"}


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_told_of_what_was_answered(kind: str) -> None:
    make, _roles = KINDS[kind]
    row, answer = make(build())
    answer()

    timing.fire_due(row.due_at)

    assert not told(f"engine.{kind}_overdue", row)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_leads_to_the_page_on_which_it_is_answered(kind: str) -> None:
    page = awaiting.ANSWERS[kind].page

    assert awaiting.page_of(f"engine.{kind}_made") == page
    assert awaiting.page_of(f"engine.{kind}_overdue@2") == page


def test_other_messages_lead_to_no_such_page() -> None:
    assert awaiting.page_of("engine.returned") == ""
