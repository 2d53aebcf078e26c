"""Whom a notice is addressed to is kept until nobody can go to court about it any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.district_world import build

from zhizhi.engine import noticing, rating
from zhizhi.engine.models import Case, Notice
from zhizhi.trust import audit, erasing, evidence
from zhizhi.trust.models import SubjectKey

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)


@pytest.fixture
def notice() -> Notice:
    """An issued notice to somebody, in a case that has ended."""
    found: Notice = build().records["notice"]
    Case.everything.filter(pk=found.case_id).update(state=Case.State.CLOSED, closed_at=NOW)
    return found


def is_gone(notice: Notice) -> bool:
    fresh = Notice.everything.select_related("person__key").get(pk=notice.pk)
    assert fresh.person is not None
    return fresh.person.key.destroyed_at is not None and fresh.person.name is None


@pytest.mark.parametrize(("late", "goes"), [(-A_TICK, False), (A_TICK * 0, False), (A_TICK, True)])
def test_a_party_goes_a_year_after_the_end(notice: Notice, late: timedelta, *, goes: bool) -> None:
    assert noticing.forget_parties(NOW + timedelta(days=365) + late) == goes
    assert is_gone(notice) is goes


def test_the_receipt_is_signed_and_in_the_log(notice: Notice) -> None:
    later = NOW + timedelta(days=366)

    assert noticing.forget_parties(later) == 1
    assert noticing.forget_parties(later) == 0

    [receipt] = erasing.receipts_of(f"notice:{notice.pk}")
    assert receipt.destroyed == [f"person:{notice.person_id}"]
    assert (receipt.held, receipt.by) == ([], "worker")
    assert list(erasing.verify()) == list(audit.verify()) == []


def test_the_sealed_file_stays(notice: Notice) -> None:
    assert notice.evidence is not None
    before = evidence.original(notice.evidence)

    noticing.forget_parties(NOW + timedelta(days=366))

    assert evidence.original(notice.evidence) == before


def test_a_party_stays_while_the_case_is_open(notice: Notice) -> None:
    Case.everything.filter(pk=notice.case_id).update(state=Case.State.HANDLED, closed_at=None)

    assert noticing.forget_parties(NOW + timedelta(days=4000)) == 0
    assert not is_gone(notice)


def test_the_party_of_a_void_notice_goes_at_once(notice: Notice) -> None:
    Case.everything.filter(pk=notice.case_id).update(state=Case.State.HANDLED, closed_at=None)
    Notice.everything.filter(pk=notice.pk).update(state=Notice.State.VOID)

    assert noticing.forget_parties(NOW) == 1
    assert is_gone(notice)


def test_the_sweep_takes_parties_as_well(notice: Notice) -> None:
    rating.sweep(NOW + timedelta(days=366))

    assert is_gone(notice)


def test_a_party_whose_key_is_lost_goes_with_a_receipt(notice: Notice) -> None:
    key = SubjectKey.objects.get(person=notice.person_id)

    assert noticing.lost_parties([key.pk + 1], by="cli", now=NOW) == 0
    assert noticing.lost_parties([key.pk], by="cli", now=NOW) == 1

    assert is_gone(notice)
    [receipt] = erasing.receipts_of(f"notice:{notice.pk}")
    assert receipt.by == "cli"
