"""Looks under a grant: once, in time, for what it names; nothing else opens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from zhizhi.directory import granting, personal
from zhizhi.directory.models import AccessGrant, Account, Person
from zhizhi.directory.tests.two_people import (
    A_TICK,
    AT,
    SPAN,
    WAIT,
    ACase,
    Staff,
    approved,
    ask,
    emergency,
    look,
    refusal,
    somebody,
    state_of,
)
from zhizhi.trust import access
from zhizhi.trust.access import LONGEST_HIDDEN
from zhizhi.trust.allowances import Rate
from zhizhi.trust.holding import Subject
from zhizhi.trust.models import AccessRecord

pytestmark = pytest.mark.django_db(transaction=True)  # a look opens a transaction of its own


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA=tmp_path):
        yield


@pytest.mark.parametrize("case", [ACase(), ACase(is_open=True, is_visible=False)])
def test_a_second_person_opens_an_ended_case_and_one_out_of_sight(
    case: ACase, person: Person, operator: Account, leader: Account
) -> None:
    grant = approved(person, operator, leader)

    told = look(grant, person, operator, case=case)

    assert told == {"phone": "12012345678"}
    record = AccessRecord.objects.get()
    assert (record.grant, record.is_allowed) == (grant.pk, True)
    assert state_of(grant) == "used"
    assert list(access.verify()) == []


def test_a_granted_look_is_not_counted_among_those_of_the_hour(
    person: Person, operator: Account, leader: Account
) -> None:
    once, in_hand = Rate(most=1, within=timedelta(hours=1)), ACase(is_open=True)
    look(approved(person, operator, leader), person, operator, rate=once)

    look(None, person, operator, case=in_hand, rate=once)
    assert refusal(None, person, operator, case=in_hand, rate=once) == "too-many"
    look(approved(person, operator, leader), person, operator, rate=once)


def test_nobody_looks_without_a_grant(person: Person, operator: Account) -> None:
    assert refusal(None, person, operator) == "case-closed"
    case = ACase(is_open=True, is_visible=False)
    assert refusal(None, person, operator, case=case) == "case-not-visible"


def test_a_used_grant_opens_nothing_more(
    person: Person, operator: Account, leader: Account
) -> None:
    grant = approved(person, operator, leader)
    look(grant, person, operator)

    assert refusal(grant, person, operator) == "grant-used"


@pytest.mark.parametrize(
    ("after", "code"), [(SPAN - A_TICK, ""), (SPAN, "grant-expired"),
                        (SPAN + A_TICK, "grant-expired")],
)  # fmt: skip
def test_a_grant_ends_with_its_time(
    after: timedelta, code: str, person: Person, operator: Account, leader: Account
) -> None:
    grant = approved(person, operator, leader)

    if code:
        assert refusal(grant, person, operator, now=AT + after) == code
    else:
        assert look(grant, person, operator, now=AT + after)


@pytest.mark.parametrize("verb", ["nothing", "refuse", "revoke", "lapse"])
def test_without_an_approval_in_force_nothing_opens(
    verb: str, person: Person, operator: Account, leader: Account
) -> None:
    grant = ask(person, operator)
    if verb == "refuse":
        granting.refuse(grant, "no", by=leader, now=AT)
    if verb == "revoke":
        granting.approve(grant, by=leader, now=AT)
        granting.revoke(grant, by=operator, now=AT)
    if verb == "lapse":
        granting.lapse(AT + WAIT)
    states = {"nothing": "asked", "refuse": "refused", "revoke": "revoked", "lapse": "expired"}

    assert refusal(grant, person, operator) == f"grant-{states[verb]}"


def test_a_grant_is_for_one_person_case_purpose_and_for_what_it_names(
    person: Person, operator: Account, leader: Account, staff: Staff
) -> None:
    grant = approved(person, operator, leader)
    other = somebody("Li", "12012345679")

    assert refusal(grant, person, staff.hire("operator")) == "grant-not-yours"
    assert refusal(grant, other, operator) == "grant-other-person"
    assert refusal(grant, person, operator, case=ACase(id=42)) == "grant-other-case"
    assert refusal(grant, person, operator, purpose="tell-result") == "grant-other-purpose"
    assert refusal(grant, person, operator, fields=("name",)) == "grant-other-fields"
    assert refusal(grant, person, operator, fields=("phone", "name")) == "grant-other-fields"
    grant.pk = 999_999
    assert refusal(grant, person, operator) == "grant-unknown"
    assert AccessGrant.everything.get().state == "approved"


def test_no_grant_lifts_what_nobody_may(person: Person, operator: Account, leader: Account) -> None:
    grant = approved(person, operator, leader)

    assert refusal(grant, person, operator, case=None) == "no-case"
    assert refusal(grant, person, operator, purpose="") == "no-purpose"
    assert state_of(grant) == "approved"


def test_a_look_that_needs_no_grant_leaves_it_as_it_is(
    person: Person, operator: Account, leader: Account
) -> None:
    grant = approved(person, operator, leader)

    assert look(grant, person, operator, case=ACase(is_open=True))

    assert AccessRecord.objects.get().grant is None
    assert state_of(grant) == "approved"


def test_nobody_alone_hides_a_look(person: Person, operator: Account) -> None:
    code = refusal(None, person, operator, case=ACase(is_open=True), hidden_for=A_TICK)

    assert code == "hidden-alone"
    assert AccessRecord.objects.get().shown_at is None


@pytest.mark.parametrize(
    ("more", "code"), [(-A_TICK, ""), (timedelta(0), ""), (A_TICK, "grant-hides-shorter")]
)
def test_a_second_person_lets_a_look_be_hidden_for_as_long_as_was_asked(
    more: timedelta, code: str, person: Person, operator: Account, leader: Account
) -> None:
    kind, days = AccessGrant.Kind.COVERT, timedelta(days=30)
    grant = approved(person, operator, leader, kind=kind, hidden_for=days)
    hidden: dict[str, Any] = {"case": ACase(is_open=True), "hidden_for": days + more}

    if code:
        assert refusal(grant, person, operator, **hidden) == code
        return
    look(grant, person, operator, **hidden)
    assert AccessRecord.objects.get().shown_at == AT + days + more
    assert refusal(grant, person, operator, **hidden) == "grant-used"


def test_a_grant_to_hide_opens_no_ended_case_and_the_other_way_round(
    person: Person, operator: Account, leader: Account
) -> None:
    day = timedelta(days=1)
    covert = approved(
        person, operator, leader, kind=AccessGrant.Kind.COVERT, hidden_for=day
    )  # fmt: skip
    plain = approved(person, operator, leader)
    is_open = ACase(is_open=True)

    assert refusal(covert, person, operator) == "grant-other-kind"
    assert refusal(covert, person, operator, hidden_for=day) == "case-closed"
    hidden = refusal(plain, person, operator, case=is_open, hidden_for=day)
    assert hidden == "grant-other-kind"
    longer = LONGEST_HIDDEN + A_TICK
    assert refusal(covert, person, operator, case=is_open, hidden_for=longer) == ("hidden-too-long")


def test_an_emergency_opens_once_for_a_while_and_waits_for_its_review(
    person: Person, operator: Account
) -> None:
    grant = emergency(person, operator)

    assert look(grant, person, operator, purpose="save-life")
    assert refusal(grant, person, operator, purpose="save-life") == "grant-used"

    assert AccessGrant.everything.get().review == "pending"
    late = emergency(person, operator)
    code = refusal(late, person, operator, purpose="save-life", now=AT + SPAN)
    assert code == "grant-expired"


@pytest.mark.parametrize(("after", "is_told"), [(-A_TICK, False), (timedelta(0), True),
                                                (A_TICK, True)])  # fmt: skip
def test_the_copy_of_the_own_data_tells_of_a_hidden_look_when_it_is_shown(
    after: timedelta, is_told: bool, person: Person, operator: Account, leader: Account
) -> None:
    day, subject = timedelta(days=1), Subject(report=1, case=41, person=person.pk)
    kind = AccessGrant.Kind.COVERT
    covert = approved(person, operator, leader, kind=kind, hidden_for=day)
    plain = ask(person, operator)

    def told(now: datetime) -> set[str]:
        facts = personal.told(subject, now)
        return {fact.ref for fact in facts if fact.field == "directory.AccessGrant.subject"}

    assert told(AT + 2 * day) == {f"grant:{plain.pk}"}
    look(covert, person, operator, case=ACase(is_open=True), hidden_for=day)
    expected = {f"grant:{covert.pk}"} if is_told else set()
    assert told(AT + day + after) == {f"grant:{plain.pk}"} | expected
