"""Access by two people: every way around the second person is tried, and none is let through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from zhizhi.directory import granting, people
from zhizhi.directory.granting import NotSecond, ReasonMissing
from zhizhi.directory.models import AccessGrant, Account, Person
from zhizhi.directory.tests.two_people import (
    A_TICK,
    AT,
    HERE,
    REVIEW,
    SPAN,
    THERE,
    WAIT,
    Staff,
    approved,
    ask,
    emergency,
    state_of,
    wanted,
)
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.states import StateConflict


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA=tmp_path):
        yield


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "path", "office"),
    [
        ("leader", HERE, {}),
        ("inspector", HERE, {}),
        ("legal_reviewer", HERE, {"agency": "market"}),
        ("leader", "", {}),
    ],
)
def test_a_second_person_of_another_office_may(
    role: str, path: str, office: dict[str, str], person: Person, operator: Account, staff: Staff
) -> None:
    grant = ask(person, operator)

    granting.approve(grant, by=staff.hire(role, path, **office), now=AT)

    assert state_of(grant) == "approved"
    assert grant.valid_until == AT + SPAN


def denied(grant: AccessGrant, by: Account) -> str:
    """Try both verdicts and taking it back; returns why none of them was let through."""
    before, codes = AuditEntry.objects.filter(verb="grant.denied").count(), set()
    attempts: list[Callable[[], None]] = [
        lambda: granting.approve(grant, by=by, now=AT),
        lambda: granting.refuse(grant, "no", by=by, now=AT),
    ]
    for attempt in attempts:
        with pytest.raises(NotSecond) as refused:
            attempt()
        codes.add(refused.value.code)
    assert AuditEntry.objects.filter(verb="grant.denied").count() == before + len(attempts)
    assert state_of(grant) == "asked"
    [code] = codes
    return str(code)


@pytest.mark.django_db
def test_nobody_approves_the_own_request_in_whichever_role(
    person: Person, operator: Account, staff: Staff
) -> None:
    staff.give(operator, "leader")
    staff.give(operator, "inspector", "")

    assert denied(ask(person, operator), operator) == "self"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "role", ["operator", "unit_member", "agency_officer", "technical_reviewer", "administrator",
             "auditor"],
)  # fmt: skip
def test_nobody_without_the_role_approves(
    role: str, person: Person, operator: Account, staff: Staff
) -> None:
    assert denied(ask(person, operator), staff.hire(role, agency="market", unit="market3")) == (
        "no-role"
    )


@pytest.mark.django_db
def test_nobody_of_another_town_without_a_role_or_who_left_approves(
    person: Person, operator: Account, leader: Account, staff: Staff
) -> None:
    grant = ask(person, operator)
    leader.is_active = False
    leader.save()

    assert denied(grant, staff.hire("leader", THERE)) == "no-role"
    assert denied(grant, Account.objects.create(username="nobody")) == "no-role"
    assert denied(grant, leader) == "no-role"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asker", "second"),
    [
        ({"agency": "river"}, {"agency": "river"}),
        ({"unit": "river1"}, {"unit": "river1"}),
        ({"unit": "river1"}, {"unit": "river2"}),
        ({"unit": "river1"}, {"agency": "river"}),
        ({"agency": "river"}, {"unit": "river2"}),
    ],
)
def test_nobody_of_the_same_unit_or_agency_approves(
    asker: dict[str, str], second: dict[str, str], person: Person, staff: Staff
) -> None:
    grant = ask(person, staff.hire("operator", **asker))

    assert denied(grant, staff.hire("leader", **second)) == "same-office"


@pytest.mark.django_db
def test_nobody_of_the_same_desk_approves_and_a_second_role_does_not_help(
    person: Person, staff: Staff
) -> None:
    grant = ask(person, staff.hire("inspector"))
    double = staff.hire("leader")
    staff.give(double, "inspector")

    assert denied(grant, staff.hire("inspector")) == "same-office"
    assert denied(grant, double) == "same-office"
    granting.approve(grant, by=staff.hire("leader"), now=AT)


@pytest.mark.django_db
def test_whoever_changed_into_the_office_that_asks_does_not_approve(
    person: Person, operator: Account, leader: Account, staff: Staff
) -> None:
    grant = ask(person, operator)
    staff.give(leader, "operator")

    assert denied(grant, leader) == "same-office"


@pytest.mark.django_db
@pytest.mark.parametrize(("after", "is_late"), [(-A_TICK, False), (timedelta(0), True),
                                                (A_TICK, True)])  # fmt: skip
def test_a_request_that_waited_too_long_cannot_be_approved(
    after: timedelta, is_late: bool, person: Person, operator: Account, leader: Account
) -> None:
    grant, now = ask(person, operator), AT + WAIT + after

    if is_late:
        with pytest.raises(StateConflict) as conflict:
            granting.approve(grant, by=leader, now=now)
        assert conflict.value.code == "lapsed"
    else:
        granting.approve(grant, by=leader, now=now)

    assert state_of(grant) == ("asked" if is_late else "approved")


@pytest.mark.django_db
def test_what_was_decided_is_not_decided_again(
    person: Person, operator: Account, leader: Account, staff: Staff
) -> None:
    grant = approved(person, operator, leader)
    stale = AccessGrant.everything.get(pk=grant.pk)

    with pytest.raises(StateConflict):
        granting.approve(stale, by=staff.hire("inspector"), now=AT)
    with pytest.raises(StateConflict):
        granting.refuse(stale, "no", by=staff.hire("inspector"), now=AT)

    assert AccessGrant.everything.get().decided_by == leader


@pytest.mark.django_db
def test_the_database_itself_refuses_a_single_person(
    person: Person, operator: Account, leader: Account
) -> None:
    grant = ask(person, operator)
    row = AccessGrant.everything.filter(pk=grant.pk)
    wrong: list[dict[str, Any]] = [
        {"state": "approved"}, {"state": "used"}, {"decided_by": operator},
        {"reviewed_by": operator}, {"is_emergency": True}, {"review": "pending"},
        {"is_emergency": True, "review": "pending", "kind": "covert"},
    ]  # fmt: skip

    for columns in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**columns)


@pytest.mark.django_db
def test_the_same_is_asked_once_at_a_time(
    person: Person, operator: Account, leader: Account
) -> None:
    grant = ask(person, operator)

    with pytest.raises(StateConflict) as conflict:
        ask(person, operator)

    assert conflict.value.code == "asked-already"
    granting.refuse(grant, "no", by=leader, now=AT)
    assert ask(person, operator).pk != grant.pk


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_a_reason_is_given_in_words(reason: str, person: Person, operator: Account) -> None:
    with pytest.raises((ReasonMissing, ValueError)):
        ask(person, operator, reason=reason)
    with pytest.raises((ReasonMissing, ValueError)):
        granting.break_glass(
            wanted(person, reason=reason), by=operator, span=SPAN, review_within=REVIEW, now=AT
        )
    assert not AccessGrant.everything.exists()
    assert ask(person, operator, reason="x" * 500).pk


@pytest.mark.django_db
def test_the_words_are_sealed_and_logs_hold_ids(
    person: Person, operator: Account, leader: Account
) -> None:
    grant = ask(person, operator, reason="Wei called")
    granting.refuse(grant, "call Wei back", by=leader, now=AT)

    row = AccessGrant.everything.select_related("key").get()

    assert granting.words(row) == {"reason": "Wei called", "answer": "call Wei back"}
    assert b"Wei" not in bytes(row.reason or b"") + bytes(row.answer or b"")
    logged = list(
        AuditEntry.objects.filter(subject=f"grant:{row.pk}").values_list("verb", "detail")
    )
    detail = {"kind": "look", "of": f"person:{person.pk}", "case": 41, "purpose": "ask-reporter"}
    assert logged == [("grant.ask", detail), ("grant.refused", detail)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other", [{"kind": AccessGrant.Kind.COVERT}, {"kind": AccessGrant.Kind.LIST},
              {"hidden_for": timedelta(days=1)}],
)  # fmt: skip
def test_an_emergency_is_for_a_look_that_is_shown(
    other: dict[str, Any], person: Person, operator: Account
) -> None:
    with pytest.raises(ValueError, match="no emergency"):
        granting.break_glass(
            wanted(person, **other), by=operator, span=SPAN, review_within=REVIEW, now=AT
        )


@pytest.mark.django_db
@pytest.mark.parametrize(("after", "is_late"), [(-A_TICK, False), (timedelta(0), False),
                                                (A_TICK, True)])  # fmt: skip
def test_a_review_is_late_after_its_time(
    after: timedelta, is_late: bool, person: Person, operator: Account
) -> None:
    assert emergency(person, operator).is_review_late(AT + REVIEW + after) is is_late


@pytest.mark.django_db
def test_an_auditor_of_the_area_reviews_once_in_words(
    person: Person, operator: Account, leader: Account, staff: Staff
) -> None:
    grant, auditor = emergency(person, operator), staff.hire("auditor")
    staff.give(operator, "auditor")

    for by, code in ((operator, "self"), (leader, "no-role"),
                     (staff.hire("auditor", THERE), "no-role")):  # fmt: skip
        with pytest.raises(NotSecond) as refused:
            granting.review(grant, "fine", is_justified=True, by=by, now=AT)
        assert refused.value.code == code
    with pytest.raises(ReasonMissing):
        granting.review(grant, " ", is_justified=True, by=auditor, now=AT)
    granting.review(grant, "no child was there", is_justified=False, by=auditor, now=AT)
    with pytest.raises(StateConflict):
        granting.review(grant, "fine", is_justified=True, by=auditor, now=AT)

    assert (grant.review, grant.reviewed_by) == ("unjustified", auditor)
    assert not grant.is_review_late(AT + 2 * REVIEW)


@pytest.mark.django_db
def test_taking_an_emergency_back_does_not_end_its_review(
    person: Person, operator: Account
) -> None:
    grant = emergency(person, operator)

    granting.revoke(grant, by=operator, now=AT)

    assert (grant.state, grant.review) == ("revoked", "pending")


@pytest.mark.django_db
def test_somebody_else_takes_back_only_as_a_second_person(
    person: Person, operator: Account, leader: Account, staff: Staff
) -> None:
    grant = approved(person, operator, leader)

    with pytest.raises(NotSecond):
        granting.revoke(grant, by=staff.hire("operator"), now=AT)
    granting.revoke(grant, by=staff.hire("inspector"), now=AT)

    assert grant.state == "revoked"


@pytest.mark.django_db
@pytest.mark.parametrize(("after", "count"), [(-A_TICK, 0), (timedelta(0), 1), (A_TICK, 1)])
@pytest.mark.parametrize("is_approved", [False, True])
def test_what_is_over_is_marked_so(
    is_approved: bool, after: timedelta, count: int, person: Person, operator: Account,
    leader: Account,
) -> None:  # fmt: skip
    grant = approved(person, operator, leader) if is_approved else ask(person, operator)
    end = AT + (SPAN if is_approved else WAIT)

    assert granting.lapse(end + after) == count
    assert granting.lapse(end + after) == 0
    assert (state_of(grant) == "expired") is bool(count)


@pytest.mark.django_db
def test_a_list_of_more_than_fifty_people_needs_two(
    person: Person, operator: Account, leader: Account, staff: Staff
) -> None:
    def take(count: int, grant: AccessGrant | None = None, name: str = "reporters") -> str:
        return granting.take_list(name, count, by=operator, grant=grant, now=AT)

    assert [granting.needs_two(count) for count in (0, 49, 50, 51)] == [False, False, False, True]
    assert (take(50), take(51)) == ("", "list-alone")
    more: dict[str, Any] = {"kind": AccessGrant.Kind.LIST, "subject": "list:reporters",
                            "count": 60}  # fmt: skip
    grant = ask(person, operator, **more)
    assert take(51, grant) == "grant-asked"
    granting.approve(grant, by=leader, now=AT)
    assert take(61, grant) == "grant-fewer-people"
    assert take(60, grant, "parties") == "grant-other-subject"
    stranger = staff.hire("operator")
    foreign = granting.take_list("reporters", 60, by=stranger, grant=grant, now=AT)
    assert foreign == "grant-not-yours"
    assert take(60, grant) == ""
    assert take(60, grant) == "grant-used"


@pytest.mark.django_db
def test_only_those_whom_it_concerns_see_a_grant(
    person: Person, operator: Account, leader: Account, staff: Staff
) -> None:
    asked, danger = ask(person, operator), emergency(person, operator)

    def seen(account: Account) -> set[int]:
        rows = AccessGrant.objects.visible_to(account.scope())
        return set(rows.values_list("pk", flat=True))

    assert seen(operator) == seen(leader) == {asked.pk, danger.pk}
    assert seen(staff.hire("auditor")) == {danger.pk}
    for role, path in (("leader", THERE), ("auditor", THERE), ("operator", HERE),
                       ("administrator", "")):  # fmt: skip
        assert seen(staff.hire(role, path)) == set(), role


def test_looks_are_hidden_nowhere_but_by_a_grant() -> None:
    """Whoever writes ``hidden_for`` anywhere else has to come through here."""
    root = Path(people.__file__).resolve().parents[1]
    naming = re.compile(r"\bhidden_for\b")
    found = {
        str(path.relative_to(root)) for path in root.rglob("*.py")
        if not {"tests", "migrations"} & set(path.parts) and naming.search(path.read_text("utf-8"))
    }  # fmt: skip

    assert found == {
        "trust/access.py", "directory/people.py", "directory/granting.py", "directory/personal.py",
        "directory/models/grant.py", "engine/granting.py", "web/grant_words.py",
    }  # fmt: skip
