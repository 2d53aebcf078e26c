"""Joining with a number alone: whoever knows the code that was sent, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.directory.identity import IdentityInvalid, WrongWorld
from zhizhi.engine.models import Message
from zhizhi.engine.tests.building import NOON, later
from zhizhi.systems.antifraud import circling, joining
from zhizhi.systems.antifraud.models import CircleMember, CirclePerson
from zhizhi.systems.antifraud.tests.circle import (
    code_for,
    in_circle,
    invited,
    joined,
    number,
    outbox,
    texts,
)
from zhizhi.systems.antifraud.tests.risk import PHONE
from zhizhi.trust.models import AccessRecord, AuditEntry, Consent, Erasure, SubjectKey

pytestmark = pytest.mark.django_db


def keys_left() -> int:
    return SubjectKey.objects.filter(destroyed_at=None).count()


def test_whoever_enters_the_code_is_in_and_has_agreed_for_a_year() -> None:
    row = joined()

    consent = Consent.objects.get()
    assert (consent.subject, consent.purpose) == (f"person:{row.person_id}", "protect-circle")
    assert (consent.data, consent.text) == (["phone"], "protect-circle@1")
    assert consent.expires_at == later(days=365)
    assert joining.is_in(row, now=later(days=364))


@pytest.mark.parametrize(("seconds", "holds"), [(-1, True), (0, False), (1, False)])
def test_an_agreement_holds_until_its_end(seconds: int, *, holds: bool) -> None:
    row = joined()

    assert joining.is_in(row, now=later(days=365, seconds=seconds)) is holds


@pytest.mark.parametrize(("seconds", "right"), [(599, True), (600, False), (601, False)])
def test_a_code_holds_for_as_long_as_the_setting_says(seconds: int, *, right: bool) -> None:
    row = joining.ask_code(PHONE, now=NOON)

    assert joining.enter(row, code_for(PHONE), now=later(seconds=seconds)) is right
    assert joining.is_in(row, now=later(seconds=seconds)) is right


def test_a_code_is_entered_once_and_a_newer_one_takes_its_place() -> None:
    row = joining.ask_code(PHONE, now=NOON)
    first = code_for(PHONE)
    joining.ask_code(PHONE, now=later(minutes=1))
    second = code_for(PHONE)

    entered = [joining.enter(row, code, now=later(minutes=2)) for code in (first, second, second)]

    assert entered == [False, True, False]


def test_the_code_of_another_number_is_wrong() -> None:
    row = joining.ask_code(PHONE, now=NOON)
    joining.ask_code(number(1), now=NOON)

    assert not joining.enter(row, code_for(number(1)), now=NOON)
    assert not joining.enter(row, "", now=NOON)


def test_a_number_is_one_person_however_it_is_written() -> None:
    written = (PHONE, f"+86 {PHONE}", f" {PHONE} ")

    rows = [joining.ask_code(one, now=later(minutes=n)) for n, one in enumerate(written)]

    assert len({row.pk for row in rows}) == 1
    assert len(texts(PHONE)) == 3


@pytest.mark.parametrize("phone", ["", "12", "1201234567", "120123456789", "abc"])
def test_what_is_no_number_is_refused_and_nothing_is_kept(phone: str) -> None:
    with pytest.raises(IdentityInvalid):
        joining.ask_code(phone or "x", now=NOON)
    assert (CirclePerson.objects.count(), Message.everything.count()) == (0, 0)


def test_a_real_number_has_no_place_in_a_demonstration() -> None:
    with pytest.raises(WrongWorld):
        joining.ask_code("13800138000", now=NOON)


def test_neither_number_nor_code_lies_in_the_outbox_or_the_log() -> None:
    joined()
    invited(joined(number(2)))

    kept = outbox() + str(list(AuditEntry.objects.values_list("detail", "subject")))
    for secret in (PHONE, number(1), number(2), code_for(PHONE), code_for(number(1))):
        assert secret not in kept
        assert secret.replace(" ", "") not in kept


def test_that_a_number_was_opened_to_send_a_code_is_on_record() -> None:
    row = joining.ask_code(PHONE, now=NOON)
    code_for(PHONE)

    record = AccessRecord.objects.get()
    assert (record.person, record.purpose) == (f"person:{row.person_id}", "send-code")
    assert (record.actor, record.ground, record.fields) == ("worker", "duty", ["phone"])


@pytest.mark.parametrize(("sent", "may"), [(4, True), (5, False), (6, False)])
def test_so_many_messages_go_to_one_number_in_an_hour(sent: int, *, may: bool) -> None:
    for _ in range(sent):
        joining.may_ask(PHONE, now=NOON)

    assert joining.may_ask(f"+86{PHONE}", now=NOON) is may
    assert joining.may_ask(number(1), now=NOON)
    assert joining.may_ask(PHONE, now=later(hours=1))


def test_whoever_leaves_is_destroyed_at_once_and_ends_every_circle() -> None:
    one, two = joined(), joined(number(2))
    in_circle(one, 2)
    in_circle(two, 3)
    waiting = invited(one, 4)

    assert joining.leave(one, now=later(minutes=1))

    one.refresh_from_db()
    assert (one.number, one.person.phone, one.person.phone_index) == ("", None, "")
    assert one.person.key.destroyed_at == later(minutes=1)
    ended = CircleMember.objects.filter(protected=one)
    assert {(row.state, row.ended_why) for row in ended} == {("ended", "gone")}
    assert Consent.objects.get(subject=f"person:{one.person_id}").ended_why == "withdrawn"
    receipt = Erasure.objects.get(subject=f"circle:{one.pk}")
    assert receipt.destroyed == [f"person:{one.person_id}"]
    assert circling.confirm(waiting.pk, circling.secret_of(waiting), now=later(minutes=2)) is None
    assert not joining.leave(one, now=later(minutes=2))
    assert not texts(PHONE), "what was sent cannot be read any more either"


def test_relatives_who_were_there_for_this_circle_alone_are_destroyed_with_it() -> None:
    one, two = joined(), joined(number(2))
    in_circle(one, 2)
    in_circle(one, 3)
    in_circle(two, 3)
    invited(one, 4)
    assert keys_left() == 4

    joining.leave(one, now=NOON)

    left = CirclePerson.objects.exclude(number="")
    assert {row.person_id for row in left} == {
        two.person_id, CircleMember.objects.get(protected=two).relative.person_id
    }  # fmt: skip
    assert keys_left() == 2


def test_whoever_comes_back_begins_anew() -> None:
    one = joined()
    joining.leave(one, now=NOON)

    again = joined(at=later(minutes=1))

    assert again.pk != one.pk
    assert joining.is_in(again, now=later(minutes=1))


@pytest.mark.parametrize(("seconds", "left"), [(-1, 1), (0, 0), (1, 0)])
def test_a_number_whose_owner_never_entered_the_code_is_destroyed(seconds: int, left: int) -> None:
    joining.ask_code(PHONE, now=NOON)

    joining.forget_old(later(minutes=10, seconds=seconds))

    assert keys_left() == left


@pytest.mark.parametrize(("seconds", "left"), [(-1, 1), (0, 0), (1, 0)])
def test_once_an_agreement_has_run_out_the_number_is_destroyed(seconds: int, left: int) -> None:
    row = joined()

    joining.forget_old(later(days=365) + timedelta(seconds=seconds))

    assert keys_left() == left
    consent = Consent.objects.get(subject=f"person:{row.person_id}")
    assert consent.ended_why == ("" if left else "erased")


@pytest.mark.parametrize(("seconds", "left"), [(-1, 2), (0, 1), (1, 1)])
def test_an_invitation_lapses_and_the_number_goes_with_it(seconds: int, left: int) -> None:
    row = invited(joined())

    joining.forget_old(later(days=7) + timedelta(seconds=seconds))

    row.refresh_from_db()
    assert (row.ended_why, keys_left()) == ("" if left == 2 else "lapsed", left)


@pytest.mark.parametrize(("seconds", "rows"), [(-1, 1), (0, 1), (1, 0)])
def test_that_somebody_was_in_a_circle_is_deleted_later(seconds: int, rows: int) -> None:
    one = joined()
    row = in_circle(one)
    circling.end(row, CircleMember.Ended.LEFT, now=NOON)

    joining.forget_old(later(days=30) + timedelta(seconds=seconds))

    assert CircleMember.objects.count() == rows
    assert CirclePerson.objects.count() == 1 + rows
