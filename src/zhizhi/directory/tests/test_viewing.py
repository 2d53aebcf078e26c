"""Saved views: kept, replaced, shared, dropped, and what a role begins with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from zhizhi.directory import viewing
from zhizhi.directory.models import Account, SavedView
from zhizhi.trust import audit
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


def account(name: str) -> Account:
    return Account.objects.create(username=name)


def keep(owner: Account, name: str = "night", *, is_shared: bool = False) -> SavedView:
    return viewing.keep(owner, name, "?state=open", is_shared=is_shared, now=AT)


def test_a_view_is_kept_and_written_down_without_its_name() -> None:
    owner = account("one")

    view = keep(owner)

    entry = AuditEntry.objects.get(verb="view.keep")
    assert (entry.actor, entry.subject) == (f"account:{owner.pk}", f"view:{view.pk}")
    assert "night" not in str(entry.detail)
    assert list(audit.verify()) == []


def test_a_view_of_the_same_name_is_replaced_but_not_another_persons() -> None:
    first, second = account("one"), account("two")
    keep(first)
    keep(second)

    viewing.keep(first, "night", "?severity=urgent", is_shared=True, now=AT)

    told = SavedView.objects.values_list("owner__username", "address", "is_shared")
    assert set(told) == {("one", "?severity=urgent", True), ("two", "?state=open", False)}


@pytest.mark.parametrize(("kept", "is_taken"), [(48, True), (49, True), (50, False)])
def test_an_account_keeps_only_so_many(kept: int, is_taken: bool) -> None:
    owner = account("one")
    SavedView.objects.bulk_create(
        SavedView(owner=owner, name=str(number), address="?state=all", created_at=AT)
        for number in range(kept)
    )

    if is_taken:
        keep(owner)
    else:
        with pytest.raises(viewing.TooManyViews):
            keep(owner)
    viewing.keep(owner, "0", "?state=open", is_shared=False, now=AT)

    assert SavedView.objects.count() == min(kept + 1, 50)


def test_who_may_use_it() -> None:
    first, second = account("one"), account("two")
    mine, shared = keep(first, "mine"), keep(first, "all", is_shared=True)
    own = keep(second, "own")

    assert list(SavedView.objects.usable_by(second)) == [own, shared]
    assert set(SavedView.objects.usable_by(first)) == {mine, shared}


def test_a_role_begins_with_one_view_and_the_newest_choice_counts() -> None:
    owner = account("one")
    first, second = keep(owner, "a"), keep(owner, "b")

    viewing.begin_with(first, "operator", by=owner, now=AT)
    viewing.begin_with(second, "operator", by=owner, now=AT)
    viewing.begin_with(first, "leader", by=owner, now=AT)

    begun = SavedView.objects.begun_with
    assert begun(["operator", "leader"]) == second
    assert begun(["leader", "operator"]) == first
    assert begun(["inspector"]) is None
    assert begun(["inspector", "operator"]) == second
    assert set(SavedView.objects.values_list("is_shared", flat=True)) == {True}


def test_a_role_begins_with_the_whole_queue_again() -> None:
    owner = account("one")
    viewing.begin_with(keep(owner), "operator", by=owner, now=AT)

    viewing.begin_with(None, "operator", by=owner, now=AT)

    assert SavedView.objects.begun_with(["operator"]) is None
    assert AuditEntry.objects.filter(verb="view.begin").count() == 2


def test_what_a_role_begins_with_stays_shared_when_it_is_kept_anew() -> None:
    owner = account("one")
    viewing.begin_with(keep(owner), "operator", by=owner, now=AT)

    assert keep(owner, is_shared=False).is_shared


def test_a_dropped_view_is_begun_with_by_nobody() -> None:
    owner = account("one")
    view = keep(owner)
    viewing.begin_with(view, "operator", by=owner, now=AT)

    viewing.drop(SavedView.objects.get(), by=owner, now=AT)

    assert SavedView.objects.begun_with(["operator"]) is None
    assert AuditEntry.objects.get(verb="view.drop").subject == f"view:{view.pk}"


def test_the_database_itself_holds_the_rules() -> None:
    owner = account("one")
    first, second = keep(owner, "a", is_shared=True), keep(owner, "b", is_shared=True)
    SavedView.objects.filter(pk=first.pk).update(default_for="operator")

    for change in ({"default_for": "operator"}, {"name": "a"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SavedView.objects.filter(pk=second.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.filter(pk=first.pk).update(is_shared=False)
