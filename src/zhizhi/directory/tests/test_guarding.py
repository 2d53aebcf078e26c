"""Guardianships: two people bind, and nothing that a guardian agreed to outlives the bond."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

import zhizhi
from zhizhi.directory import accounts, guarding, leaving, people
from zhizhi.directory.granting import NotSecond
from zhizhi.directory.guarding import Ended, GuardianshipOver, WardSpoke
from zhizhi.directory.models import Account, Guardianship, Person
from zhizhi.directory.tests.two_bound import (
    DATA,
    YEAR,
    agree,
    bind,
    fresh,
    propose,
    refusal,
    someone,
    verbs,
)
from zhizhi.directory.tests.two_people import A_TICK, AT, HERE, THERE, Staff
from zhizhi.trust import audit, consenting, vault
from zhizhi.trust.consenting import Agreement
from zhizhi.trust.grounds import BRING_HOME
from zhizhi.trust.models import AuditEntry, Consent
from zhizhi.trust.states import StateConflict

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA=tmp_path):
        yield


@pytest.fixture
def ward(db: None) -> Person:
    return someone("Shen Yulan", "12012345678")


@pytest.fixture
def guardian(db: None) -> Person:
    return someone("Shen Qiming", "12087654321")


@pytest.fixture
def bound(ward: Person, guardian: Person, operator: Account, leader: Account) -> Guardianship:
    return bind(ward, guardian, operator, leader)


def own_agreement(ward: Person) -> Consent:
    """What the ward agreed to in person."""
    agreement = Agreement(people.subject(ward), BRING_HOME, DATA, "desk")
    return consenting.give(agreement, until=AT + YEAR, by="resident", now=AT)


def test_what_one_person_proposed_allows_nothing(
    ward: Person, guardian: Person, operator: Account
) -> None:
    row = propose(ward, guardian, operator)

    with pytest.raises(GuardianshipOver):
        agree(row)
    assert (row.state, row.is_in_force(AT)) == ("proposed", False)
    assert guarding.find(row.pk, guarding.secret_of(row)) is None


def test_what_another_person_confirmed_allows_to_agree(
    bound: Guardianship, ward: Person, leader: Account
) -> None:
    consent = agree(bound)

    assert (bound.state, bound.confirmed_by, bound.since_at) == ("confirmed", leader, AT)
    assert (consent.guardian, consent.relation) == (f"person:{bound.guardian_id}", "child")
    assert (consent.subject, consent.given_by) == (people.subject(ward), guarding.name_of(bound))
    assert refusal(ward) == ""


def test_whoever_proposed_does_not_confirm_in_whichever_role(
    ward: Person, guardian: Person, operator: Account, staff: Staff
) -> None:
    row = propose(ward, guardian, operator)
    staff.give(operator, "leader")
    staff.give(operator, "inspector", "")

    assert denied(row, operator) == "self"


def denied(row: Guardianship, by: Account) -> str:
    with pytest.raises(NotSecond) as refused:
        guarding.confirm(row, by=by, now=AT)
    assert fresh(row).state == "proposed"
    assert verbs() == ["guardianship.propose", "guardianship.denied"]
    assert AuditEntry.objects.latest("seq").detail["why"] == refused.value.code
    return str(refused.value.code)


def test_nobody_of_the_same_office_elsewhere_or_without_the_role_confirms(
    ward: Person, guardian: Person, staff: Staff
) -> None:
    by = staff.hire("operator", agency="river")
    row = propose(ward, guardian, by)

    for second, code in (
        (staff.hire("leader", agency="river"), "same-office"),
        (staff.hire("leader", THERE), "no-role"),
        (staff.hire("operator"), "no-role"),
        (staff.hire("auditor"), "no-role"),
    ):
        with pytest.raises(NotSecond) as refused:
            guarding.confirm(row, by=second, now=AT)
        assert refused.value.code == code


def test_neither_ward_nor_guardian_confirms(
    ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    leader.person = guardian
    leader.save()

    assert denied(propose(ward, guardian, operator), leader) == "self"


def test_the_database_refuses_what_one_person_confirmed(
    ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    row = propose(ward, guardian, operator)
    alone: list[dict[str, Any]] = [
        {"state": "confirmed"},
        {"state": "confirmed", "confirmed_by": operator, "since_at": AT},
        {"state": "confirmed", "confirmed_by": leader},
        {"guardian": ward},
    ]

    for change in alone:
        with pytest.raises(IntegrityError), transaction.atomic():
            Guardianship.everything.filter(pk=row.pk).update(**change)


@pytest.mark.parametrize(
    ("until", "is_taken"),
    [(AT - A_TICK, False), (AT, False), (AT + A_TICK, True), (AT + YEAR - A_TICK, True),
     (AT + YEAR, True), (AT + YEAR + A_TICK, False)],
)  # fmt: skip
def test_it_is_for_some_time_and_a_year_at_most(
    until: datetime, is_taken: bool, ward: Person, guardian: Person, operator: Account
) -> None:
    if is_taken:
        assert propose(ward, guardian, operator, until=until).until_at == until
        return
    with pytest.raises(ValueError, match="a year at most"):
        propose(ward, guardian, operator, until=until)


def test_nobody_is_the_own_guardian(ward: Person, operator: Account) -> None:
    with pytest.raises(ValueError, match="somebody else"):
        propose(ward, ward, operator)


def test_the_same_is_proposed_once(ward: Person, guardian: Person, operator: Account) -> None:
    propose(ward, guardian, operator)

    with pytest.raises(StateConflict) as conflict:
        propose(ward, guardian, operator)

    assert conflict.value.code == "proposed-already"


@pytest.mark.parametrize(
    ("before", "is_confirmed"), [(A_TICK, True), (timedelta(0), False), (-A_TICK, False)]
)
def test_it_is_confirmed_before_its_time_is_over(
    before: timedelta, is_confirmed: bool, ward: Person, guardian: Person, operator: Account,
    leader: Account,
) -> None:  # fmt: skip
    row = propose(ward, guardian, operator, until=AT + DAY)

    if is_confirmed:
        guarding.confirm(row, by=leader, now=row.until_at - before)
    else:
        with pytest.raises(StateConflict) as conflict:
            guarding.confirm(row, by=leader, now=row.until_at - before)
        assert conflict.value.code == "lapsed"

    assert fresh(row).state == ("confirmed" if is_confirmed else "proposed")


@pytest.mark.parametrize(
    ("at", "expected"),
    [(-A_TICK, ""), (timedelta(0), "expired"), (A_TICK, "expired")],
)
def test_it_ends_by_itself_and_so_does_what_was_agreed(
    at: timedelta, expected: str, bound: Guardianship, ward: Person
) -> None:
    agree(bound, AT + 300 * DAY)
    now = AT + YEAR + at

    assert refusal(ward, now) == expected
    assert bound.is_in_force(now) is not bool(expected)
    if expected:
        with pytest.raises(GuardianshipOver):
            agree(bound, now)


@pytest.mark.parametrize("why", [Ended.OVER, Ended.RESIGNED, Ended.OBJECTED])
def test_its_end_ends_at_once_what_was_agreed(
    why: Guardianship.Ended, bound: Guardianship, ward: Person
) -> None:
    agree(bound)

    assert refusal(ward, AT + DAY) == ""
    assert guarding.end(bound, why, by="account:5", now=AT + DAY) == 1

    assert refusal(ward, AT + DAY) == refusal(ward, AT + DAY + A_TICK) == "guardian-ended"
    assert (bound.ended_why, bound.ended_by, bound.ended_at) == (why, "account:5", AT + DAY)
    with pytest.raises(GuardianshipOver):
        agree(bound, AT + DAY)
    with pytest.raises(StateConflict):
        guarding.end(bound, why, by="account:5", now=AT + DAY)


def test_one_that_ended_is_never_confirmed(
    ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    row = propose(ward, guardian, operator)
    guarding.end(row, Ended.REFUSED, by="account:5", now=AT)

    with pytest.raises(StateConflict):
        guarding.confirm(row, by=leader, now=AT)

    assert fresh(row).state == "ended"


def test_the_wards_objection_outweighs_every_guardian(
    bound: Guardianship, ward: Person, operator: Account, leader: Account
) -> None:
    second = bind(ward, someone("Shen Qihua"), operator, leader)
    waiting = propose(ward, someone("Wei An"), operator)
    agree(bound)
    agree(second)

    assert guarding.object_for(ward, by="account:5", now=AT + DAY) == 3

    assert {fresh(row).ended_why for row in (bound, second, waiting)} == {"objected"}
    assert refusal(ward, AT + DAY) == "guardian-ended"
    for row in (bound, second, waiting):
        with pytest.raises(GuardianshipOver):
            agree(row, AT + DAY)
    assert guarding.object_for(ward, by="account:5", now=AT + DAY) == 0


def test_an_objection_of_one_ward_leaves_the_others_alone(
    bound: Guardianship, ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    other = someone("Shen Guilan")
    agree(bind(other, guardian, operator, leader))

    guarding.object_for(ward, by="account:5", now=AT)

    assert refusal(other) == ""


def test_after_an_objection_two_people_may_bind_anew(
    bound: Guardianship, ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    guarding.object_for(ward, by="account:5", now=AT)

    agree(bind(ward, guardian, operator, leader, now=AT + DAY), AT + DAY)

    assert refusal(ward, AT + DAY) == ""


def test_what_the_ward_took_back_in_person_no_guardian_gives(
    bound: Guardianship, ward: Person
) -> None:
    consenting.withdraw(own_agreement(ward), by="resident", now=AT)

    with pytest.raises(WardSpoke):
        agree(bound, AT + DAY)
    assert refusal(ward, AT + DAY) == "withdrawn"


def test_what_the_ward_agreed_to_in_person_no_guardian_replaces_until_it_is_over(
    bound: Guardianship, ward: Person
) -> None:
    agreement = Agreement(people.subject(ward), BRING_HOME, ("name",), "desk")
    consenting.give(agreement, until=AT + DAY, by="resident", now=AT)

    with pytest.raises(WardSpoke):
        agree(bound, AT + DAY - A_TICK)
    agree(bound, AT + DAY)

    assert refusal(ward, AT + DAY) == ""


def test_a_guardian_agrees_for_the_own_ward_alone(
    bound: Guardianship, ward: Person, operator: Account, leader: Account
) -> None:
    stranger = bind(someone("Wei Bo"), someone("Wei An"), operator, leader)
    consent = agree(bound)

    agree(stranger)
    with pytest.raises(Consent.DoesNotExist):
        guarding.withdraw(stranger, consent.pk, now=AT)
    assert guarding.find(bound.pk, guarding.secret_of(stranger)) is None

    assert refusal(ward) == ""
    assert consent.subject == people.subject(ward)


def test_a_guardian_narrows_and_takes_back(bound: Guardianship, ward: Person) -> None:
    agree(bound)
    narrow = agree(bound, AT + DAY, ("name",))

    assert refusal(ward, AT + DAY) == "other-data"
    assert refusal(ward, AT + DAY, ("name",)) == ""

    guarding.withdraw(bound, narrow.pk, now=AT + DAY)

    assert refusal(ward, AT + DAY, ("name",)) == "withdrawn"
    with pytest.raises(StateConflict):
        guarding.withdraw(bound, narrow.pk, now=AT + DAY)
    assert [one.ended_why for one in guarding.agreements_of(bound)] == ["withdrawn", "replaced"]


def test_of_two_guardians_of_a_ward_each_takes_back_only_the_own(
    bound: Guardianship, ward: Person, operator: Account, leader: Account
) -> None:
    consent = agree(bound)
    other = bind(ward, someone("Shen Meihua", "12011112222"), operator, leader)

    with pytest.raises(Consent.DoesNotExist):
        guarding.withdraw(other, consent.pk, now=AT)

    assert refusal(ward) == ""
    assert list(guarding.agreements_of(other)) == []


def test_a_renewal_takes_the_place_of_the_older_and_of_its_end(
    bound: Guardianship, ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    agree(bound)
    newer = bind(ward, guardian, operator, leader, now=AT + 300 * DAY)

    assert fresh(bound).ended_why == "renewed"
    assert refusal(ward, AT + YEAR - A_TICK) == ""
    assert refusal(ward, AT + YEAR) == "expired"  # it is agreed to anew every year as well
    guarding.end(newer, Ended.OVER, by="account:5", now=AT + 301 * DAY)
    assert refusal(ward, AT + 301 * DAY) == "guardian-ended"


def test_a_renewal_is_on_record_with_what_ended_by_it(
    bound: Guardianship, ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    bind(ward, guardian, operator, leader, now=AT + 300 * DAY)

    leaf = AuditEntry.objects.get(verb="guardianship.end")
    assert (leaf.subject, leaf.detail["why"]) == (guarding.name_of(bound), "renewed")


def test_whoever_becomes_the_guardian_of_a_second_ward_stays_that_of_the_first(
    bound: Guardianship, guardian: Person, operator: Account, leader: Account
) -> None:
    second = bind(someone("Shen Yufen", "12011112222"), guardian, operator, leader)

    assert fresh(bound).state == fresh(second).state == "confirmed"


def test_a_refused_renewal_leaves_what_is_in_force(
    bound: Guardianship, ward: Person, guardian: Person, operator: Account
) -> None:
    agree(bound)
    renewal = propose(ward, guardian, operator)

    assert guarding.end(renewal, Ended.REFUSED, by="account:5", now=AT) == 0

    assert fresh(bound).is_in_force(AT)
    assert refusal(ward) == ""


@pytest.mark.parametrize(("who", "expected"), [("ward", "erased"), ("guardian", "guardian-ended")])
def test_whoever_is_erased_is_bound_no_more(
    who: str, expected: str, bound: Guardianship, ward: Person
) -> None:
    agree(bound)

    people.erase_person(getattr(bound, who), by="worker", now=AT + DAY)

    assert fresh(bound).ended_why == "erased"
    assert refusal(ward, AT + DAY) == expected
    with pytest.raises(GuardianshipOver):
        agree(bound, AT + DAY)
    assert list(consenting.verify()) == list(audit.verify()) == []


@pytest.mark.parametrize("who", [0, 1])
def test_nobody_who_is_erased_is_bound(
    who: int, ward: Person, guardian: Person, operator: Account
) -> None:
    people.erase_person((ward, guardian)[who], by="worker", now=AT)

    with pytest.raises(vault.Erased):
        propose(ward, guardian, operator)
    assert not Guardianship.everything.exists()


def test_a_proposal_about_somebody_erased_meanwhile_is_not_confirmed(
    ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    row = propose(ward, guardian, operator)
    people.erase_person(ward, by="worker", now=AT)

    with pytest.raises(StateConflict):
        guarding.confirm(row, by=leader, now=AT)


def test_a_guardian_whose_account_is_forgotten_is_guardian_no_more(
    bound: Guardianship, ward: Person, guardian: Person
) -> None:
    account = Account.objects.create(username="qiming", person=guardian)
    agree(bound)

    accounts.close_account(account, by="account:1", now=AT)
    assert refusal(ward) == ""  # who may sign in and who is a guardian are two things
    leaving.forget(account, now=AT + DAY)

    assert fresh(bound).ended_why == "erased"
    assert refusal(ward, AT + DAY) == "guardian-ended"


def test_accounts_of_those_who_bound_may_close(
    bound: Guardianship, ward: Person, operator: Account, leader: Account
) -> None:
    agree(bound)

    for account in (operator, leader):
        accounts.close_account(account, by="account:1", now=AT)

    assert fresh(bound).is_in_force(AT)
    assert refusal(ward) == ""


def test_a_second_person_who_left_confirms_nothing(
    ward: Person, guardian: Person, operator: Account, leader: Account
) -> None:
    leader.is_active = False
    leader.save()

    assert denied(propose(ward, guardian, operator), leader) == "no-role"


def test_the_code_opens_its_guardianship_alone_also_after_its_end(bound: Guardianship) -> None:
    secret = guarding.secret_of(bound)

    assert guarding.find(bound.pk, f" {secret[:4]} {secret[4:]}") == bound
    assert guarding.find(bound.pk, secret[:-1]) is None
    assert guarding.find(bound.pk, "") is None
    assert guarding.find(bound.pk + 1, secret) is None
    guarding.end(bound, Ended.OVER, by="account:5", now=AT)
    assert guarding.find(bound.pk, secret) == bound


def test_every_step_leaves_a_leaf_with_numbers_alone(bound: Guardianship, leader: Account) -> None:
    agree(bound)
    guarding.end(bound, Ended.OVER, by=accounts.actor(leader), now=AT + DAY)

    steps = AuditEntry.objects.filter(subject=guarding.name_of(bound)).order_by("seq")
    assert [one.verb for one in steps] == [
        "guardianship.propose", "guardianship.confirm", "guardianship.end",
    ]  # fmt: skip
    assert steps[2].detail == {
        "ward": f"person:{bound.ward_id}", "guardian": f"person:{bound.guardian_id}",
        "relation": "child", "basis": "kinship", "until": "2024-02-24T08:00:00.000000Z",
        "why": "over",
    }  # fmt: skip
    assert {one.area_path for one in steps} == {HERE}
    assert list(audit.verify()) == list(consenting.verify()) == []


def test_staff_see_those_of_their_area(bound: Guardianship, staff: Staff) -> None:
    for role, path, is_seen in (
        ("operator", HERE, True), ("inspector", "", True), ("leader", HERE, True),
        ("legal_reviewer", HERE, True), ("operator", THERE, False), ("auditor", HERE, False),
        ("administrator", "", False),
    ):  # fmt: skip
        found = Guardianship.objects.visible_to(staff.hire(role, path).scope())
        assert found.filter(pk=bound.pk).exists() is is_seen


def test_nothing_else_in_the_product_names_a_guardian_who_agrees() -> None:
    """The register believes whoever calls it; so the only caller is the one that asks."""
    root = Path(zhizhi.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "tests" not in path.parts
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(one, ast.Call) and ast.unparse(one.func).rpartition(".")[2] == "Guardian"
    }

    assert found == {"directory/guarding.py"}
