"""Accounts lose their name, and reviews their words, when nobody has to answer any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.district_world import World, build

from zhizhi.directory import accounts, leaving, people
from zhizhi.directory.accounts import actor
from zhizhi.directory.models import AccessGrant, Account, LookReview, SavedView, Unit
from zhizhi.directory.people import PersonalData
from zhizhi.engine import parting, settings_in_force
from zhizhi.engine.models import Case, Claim, TimelineEntry
from zhizhi.trust import access, audit
from zhizhi.trust.models import AccessRecord, AuditEntry, SubjectKey

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)
THREE_YEARS = timedelta(days=1095)
BOUNDARY = [(-A_TICK, False), (A_TICK * 0, False), (A_TICK, True)]


@pytest.fixture
def leaver() -> Account:
    """Somebody of the desk who has left."""
    made = accounts.create_account(
        "wang.fang", "lantern-7-boats", call_sign="Desk 4", by="account:1", now=NOW
    )
    SavedView.objects.create(owner=made, name="mine", address="?state=open", created_at=NOW)
    accounts.close_account(made, by="account:1", now=NOW)
    return made


@pytest.mark.parametrize(("late", "goes"), BOUNDARY)
def test_a_closed_account_loses_its_name_three_years_later(
    leaver: Account, late: timedelta, *, goes: bool
) -> None:
    assert parting.forget_closed(NOW + THREE_YEARS + late) == goes

    leaver.refresh_from_db()
    assert (leaver.username == f"gone:{leaver.pk}") is goes


def test_nothing_but_the_number_is_left(leaver: Account) -> None:
    [person] = people.add_people([PersonalData("Wang Fang")], by="account:1", now=NOW)
    Account.objects.filter(pk=leaver.pk).update(person=person, email="w@example.org")

    parting.forget_closed(NOW + THREE_YEARS + A_TICK)

    leaver.refresh_from_db()
    assert (leaver.email, leaver.call_sign, leaver.person) == ("", "", None)
    assert not leaver.has_usable_password()
    assert str(leaver) == f"gone:{leaver.pk}"
    assert not SavedView.objects.filter(owner=leaver).exists()
    assert SubjectKey.objects.get(pk=person.pk).destroyed_at is not None
    leaf = AuditEntry.objects.get(verb="account.forget")
    assert (leaf.subject, leaf.detail) == (actor(leaver), {})
    assert list(audit.verify()) == []


def test_it_is_done_once(leaver: Account) -> None:
    later = NOW + THREE_YEARS + A_TICK

    assert [parting.forget_closed(later) for _ in range(2)] == [1, 0]


def test_an_account_that_is_open_keeps_its_name_for_ever() -> None:
    made = accounts.create_account("li", None, call_sign="Desk 5", by="account:1", now=NOW)

    assert parting.forget_closed(NOW + THREE_YEARS * 20) == 0
    assert not leaving.forget(made, now=NOW)


def test_without_a_trace_of_its_end_the_last_use_counts(leaver: Account) -> None:
    other = Account.objects.create(username="old", is_active=False, date_joined=NOW)

    assert leaving.closed_at(other) == NOW
    assert leaving.closed_at(leaver) == NOW


@pytest.fixture
def world() -> World:
    return build()


def reviewed(world: World, account: Account) -> None:
    LookReview.everything.filter(state=LookReview.State.OPEN).update(account=account)


def objected_to(world: World, account: Account) -> None:
    look = access.Look(actor(account), "report:1", ("telling",), "ask-reporter", None)
    record = access.record(look, refusal="", now=NOW)
    Claim.everything.update(record=record, state=Claim.State.OPEN)


def in_an_open_case(world: World, account: Account) -> None:
    TimelineEntry.objects.create(
        case=world.records["case"], seq=99, at=NOW, actor=actor(account), verb="case.note",
        previous="0" * 64, digest="0" * 64,
    )  # fmt: skip
    Case.everything.update(state=Case.State.OPEN, closed_at=None)


@pytest.mark.parametrize("still", [reviewed, objected_to, in_an_open_case])
def test_who_may_still_have_to_answer_keeps_the_name(
    world: World, leaver: Account, still: Callable[[World, Account], None]
) -> None:
    still(world, leaver)

    parting.forget_closed(NOW + THREE_YEARS * 2)

    leaver.refresh_from_db()
    assert leaver.username == "wang.fang"


@pytest.mark.parametrize(("late", "goes"), BOUNDARY)
def test_a_decided_review_goes_with_its_words(world: World, late: timedelta, *, goes: bool) -> None:
    decided = world.records["own_look_review"]
    LookReview.everything.filter(pk=decided.pk).update(decided_at=NOW)

    parting.forget_reviewed(NOW + THREE_YEARS + late)

    assert LookReview.everything.filter(pk=decided.pk).exists() is not goes
    assert (SubjectKey.objects.get(pk=decided.key_id).destroyed_at is not None) is goes
    assert LookReview.everything.filter(pk=world.records["look_review"].pk).exists()


@pytest.fixture
def used(world: World) -> AccessGrant:
    """Leave to look that was used."""
    row: AccessGrant = world.records["grant"]
    decided = {"decided_by": world.here["leader"], "decided_at": NOW, "lapses_at": NOW}
    AccessGrant.everything.filter(pk=row.pk).update(state="used", ended_at=NOW, **decided)
    return row


@pytest.mark.parametrize(("late", "goes"), BOUNDARY)
def test_old_leave_to_look_goes_with_its_reason(
    used: AccessGrant, late: timedelta, *, goes: bool
) -> None:
    parting.forget_reviewed(NOW + THREE_YEARS + late)

    assert AccessGrant.everything.filter(pk=used.pk).exists() is not goes
    assert (SubjectKey.objects.get(pk=used.key_id).destroyed_at is not None) is goes


@pytest.mark.parametrize("state", ["asked", "approved"])
def test_leave_that_is_not_over_stays(used: AccessGrant, state: str) -> None:
    AccessGrant.everything.filter(pk=used.pk).update(state=state, ended_at=None)

    parting.forget_reviewed(NOW + THREE_YEARS * 2)

    assert AccessGrant.everything.filter(pk=used.pk).exists()


def test_leave_that_an_open_objection_is_about_stays(used: AccessGrant, world: World) -> None:
    look = access.Look("account:1", "report:1", ("telling",), "ask-reporter", None, grant=used.pk)
    Claim.everything.update(record=access.record(look, refusal="", now=NOW))

    parting.forget_reviewed(NOW + THREE_YEARS * 2)
    assert AccessGrant.everything.filter(pk=used.pk).exists()
    Claim.everything.update(state=Claim.State.UPHELD)
    parting.forget_reviewed(NOW + THREE_YEARS * 2)

    assert not AccessGrant.everything.filter(pk=used.pk).exists()
    assert AccessRecord.objects.filter(grant=used.pk).exists()


def test_an_emergency_stays_until_it_was_reviewed(world: World) -> None:
    row = world.records["emergency"]
    AccessGrant.everything.filter(pk=row.pk).update(state="used", ended_at=NOW, lapses_at=NOW)

    parting.forget_reviewed(NOW + THREE_YEARS * 2)

    assert AccessGrant.everything.filter(pk=row.pk).exists()


@pytest.mark.parametrize(("late", "goes"), BOUNDARY)
def test_why_a_unit_was_away_goes_a_month_after_it_is_back(
    world: World, late: timedelta, *, goes: bool
) -> None:
    Unit.objects.update(service_note="ill", changed_at=NOW)
    away = Unit.objects.order_by("pk").first()
    assert away is not None
    Unit.objects.filter(pk=away.pk).update(is_in_service=False, status="off_duty")

    parting.forget_notes(NOW + timedelta(days=30) + late)

    away.refresh_from_db()
    assert away.service_note == "ill"
    back = Unit.objects.exclude(pk=away.pk)
    assert set(back.values_list("service_note", flat=True)) == {"" if goes else "ill"}


def test_other_numbers_of_days_count_at_once(leaver: Account) -> None:
    settings_in_force.change("engine.account_days", 180, by="account:1", now=NOW)

    assert parting.forget_closed(NOW + timedelta(days=180) + A_TICK) == 1
