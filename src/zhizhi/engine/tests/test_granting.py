"""Asking for a look at somebody in a case: who is told, and what happens at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings
from tests.district_world import World, build

from zhizhi.directory import granting as grants
from zhizhi.directory.models import AccessGrant
from zhizhi.engine import granting, settings_in_force
from zhizhi.engine.granting import CannotHide, NotNeeded, Order
from zhizhi.engine.models import Case, Message
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.trust import consenting
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.models import AccessRecord, AuditEntry

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA=tmp_path):
        yield


@pytest.fixture
def world(db: None) -> World:
    found = build()
    AccessGrant.everything.all().delete()  # what the smallest district has asked for already
    return found


def case_of(world: World, state: str = "closed") -> Case:
    case: Case = world.records["case"]
    Case.everything.filter(pk=case.pk).update(state=state)
    return Case.everything.get(pk=case.pk)


def order(world: World, case: Case, role: str = "operator", **other: object) -> Order:
    someone = granting.people_of(case, world.here[role].scope())[0]
    plain = Order(someone, "ask-reporter", "seen again")
    return replace(plain, **other)  # type: ignore[arg-type]


def recipients(template: str) -> set[str]:
    rows = Message.everything.filter(template=template)
    return set(rows.values_list("recipient", flat=True))


def test_whose_data_may_be_asked_for_depends_on_the_role(world: World) -> None:
    case = case_of(world)

    def codes(role: str, *, elsewhere: bool = False) -> list[str]:
        account = (world.elsewhere if elsewhere else world.here)[role]
        return [one.code for one in granting.people_of(case, account.scope())]

    assert codes("operator") == codes("inspector") == ["reporter"]
    assert codes("operator", elsewhere=True) == ["reporter"]
    assert codes("agency_officer") == [f"notice-{world.records['notice'].pk}"]
    assert codes("agency_officer", elsewhere=True) == []
    for role in ("leader", "legal_reviewer", "auditor", "administrator", "unit_member"):
        assert codes(role) == []


def test_second_persons_are_told_and_times_come_from_settings(world: World) -> None:
    case = case_of(world)
    settings_in_force.change("access.ask_minutes", 30, by="account:1", now=NOW)
    settings_in_force.change("access.grant_minutes", 5, by="account:1", now=NOW)

    grant = granting.ask(case, order(world, case), by=world.here["operator"], now=NOW)

    assert grant.lapses_at == NOW + timedelta(minutes=30)
    assert grant.span == timedelta(minutes=5)
    assert (grant.kind, grant.state, grant.review) == ("look", "asked", "none")
    assert recipients("engine.access_asked") == {
        "role:inspector", "role:leader", "role:legal_reviewer",
    }  # fmt: skip
    assert "reporter" not in str(list(Message.everything.values_list("payload", flat=True)))


@pytest.mark.django_db(transaction=True)
def test_an_emergency_opens_at_once_and_leaders_and_auditors_are_told(world: World) -> None:
    case, operator = case_of(world), world.here["operator"]
    wanted = order(world, case, purpose=granting.SAVE_LIFE)

    grant = granting.break_glass(case, wanted, by=operator, now=NOW)
    told = granting.look(grant, by=operator, now=NOW)

    assert told == {"name": "Wei Xiaohe", "phone": "12012345678"}
    assert recipients("engine.access_emergency") == {"role:leader", "role:auditor"}
    assert all(Message.everything.filter(template="engine.access_emergency").values_list(
        "is_urgent", flat=True))  # fmt: skip
    assert grant.valid_until == NOW + timedelta(minutes=15)
    assert grant.review_due_at == NOW + 3 * DAY
    record = AccessRecord.objects.latest("pk")
    assert (record.grant, record.purpose, record.shown_at) == (grant.pk, "save-life", None)
    with pytest.raises(AccessRefused):
        granting.look(grant, by=operator, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_somebody_of_another_town_looks_only_by_a_grant_and_is_told_of_by_post(
    world: World,
) -> None:
    case, stranger = case_of(world, "dispatched"), world.elsewhere["operator"]

    grant = granting.ask(case, order(world, case), by=stranger, now=NOW)
    with pytest.raises(AccessRefused):
        granting.look(grant, by=stranger, now=NOW)
    grants.approve(grant, by=world.here["leader"], now=NOW)

    assert granting.look(grant, by=stranger, now=NOW)["phone"] == "12012345678"
    post = AccessRecord.objects.latest("pk").post
    assert post == {"role": "operator", "office": "area:/990101000000000/990101002000000/"}


def test_what_needs_nobody_else_is_not_asked_for_and_an_ended_case_hides_nothing(
    world: World,
) -> None:
    operator, is_open = world.here["operator"], case_of(world, "dispatched")
    for verb in (granting.ask, granting.break_glass):
        with pytest.raises(NotNeeded):
            verb(is_open, order(world, is_open), by=operator, now=NOW)

    hidden = order(world, is_open, hidden_for=DAY)
    assert granting.ask(is_open, hidden, by=operator, now=NOW).kind == "covert"
    with pytest.raises(ValueError, match="no emergency"):
        granting.break_glass(is_open, hidden, by=operator, now=NOW)
    ended = case_of(world)
    for by in (operator, world.elsewhere["operator"]):
        with pytest.raises(CannotHide):
            granting.ask(ended, hidden, by=by, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_in_an_open_case_an_emergency_opens_what_the_reporter_did_not_agree_to_once(
    world: World,
) -> None:
    operator, case = world.here["operator"], case_of(world, "dispatched")
    danger = order(world, case, purpose=granting.SAVE_LIFE)
    with pytest.raises(NotNeeded):  # the reporter agreed to be called
        granting.break_glass(case, danger, by=operator, now=NOW)
    consenting.withdraw(world.records["agreement"], by="resident", now=NOW)
    with pytest.raises(NotNeeded):
        granting.ask(case, order(world, case), by=operator, now=NOW)

    grant = granting.break_glass(case, danger, by=operator, now=NOW)

    assert granting.look(grant, by=operator, now=NOW)["phone"] == "12012345678"
    record = AccessRecord.objects.latest("pk")
    assert (record.grant, record.ground) == (grant.pk, "emergency")
    with pytest.raises(AccessRefused, match="grant-used"):
        granting.look(grant, by=operator, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_party_of_a_notice_is_looked_at_with_the_identity_number(world: World) -> None:
    case, officer = case_of(world), world.here["agency_officer"]
    wanted = order(world, case, "agency_officer", purpose="serve-notice")
    grant = granting.ask(case, wanted, by=officer, now=NOW)
    grants.approve(grant, by=world.here["leader"], now=NOW)

    told = granting.look(grant, by=officer, now=NOW)

    assert told == {"name": "", "phone": "12000000009", "identity_number": ""}


@pytest.mark.django_db(transaction=True)
def test_of_two_second_persons_at_the_same_moment_one_decides(world: World) -> None:
    case = case_of(world)
    grant = granting.ask(case, order(world, case), by=world.here["operator"], now=NOW)
    copies = [AccessGrant.everything.get(pk=grant.pk) for _role in range(2)]

    results = race(
        lambda: grants.approve(copies[0], by=world.here["leader"], now=NOW),
        lambda: grants.refuse(copies[1], "no", by=world.here["inspector"], now=NOW),
    )

    [lost] = losers(results)
    assert isinstance(lost, StateConflict)
    expected = "refused" if results[0] is lost else "approved"
    assert AccessGrant.everything.get(pk=grant.pk).state == expected


@pytest.mark.django_db(transaction=True)
def test_of_two_looks_at_the_same_moment_one_opens(world: World) -> None:
    case, operator = case_of(world), world.here["operator"]
    grant = granting.ask(case, order(world, case), by=operator, now=NOW)
    grants.approve(grant, by=world.here["leader"], now=NOW)

    results = race(*[lambda: granting.look(grant, by=operator, now=NOW)] * 3)

    assert len(winners(results)) == 1
    assert [type(one) for one in losers(results)] == [AccessRefused] * 2
    allowed = AccessRecord.objects.filter(grant=grant.pk, is_allowed=True)
    assert allowed.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_look_against_a_withdrawal_is_one_or_the_other(world: World) -> None:
    case, operator = case_of(world), world.here["operator"]
    grant = granting.ask(case, order(world, case), by=operator, now=NOW)
    grants.approve(grant, by=world.here["leader"], now=NOW)
    copy = AccessGrant.everything.get(pk=grant.pk)

    looked, withdrawn = race(
        lambda: granting.look(grant, by=operator, now=NOW),
        lambda: grants.revoke(copy, by=world.here["leader"], now=NOW),
    )

    is_shown = not isinstance(looked, Exception)
    assert is_shown is isinstance(withdrawn, StateConflict)
    assert AccessGrant.everything.get(pk=grant.pk).state == ("used" if is_shown else "revoked")
    assert AuditEntry.objects.filter(verb="grant.revoked").exists() is not is_shown
