"""Messages to somebody of the vault: number and words are opened for the send alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from zhizhi.channels.carrier_sms.ledger import Ledger
from zhizhi.channels.carrier_sms.sending import CarrierSms
from zhizhi.channels.carrier_sms.standing_in import stand_in
from zhizhi.directory import people, texting
from zhizhi.directory.models import Person
from zhizhi.directory.people import PersonalData
from zhizhi.engine import delivering
from zhizhi.engine.delivering import DeliveryFailed
from zhizhi.engine.models import Message
from zhizhi.trust.models import AccessRecord

pytestmark = pytest.mark.django_db
PHONE, WORDS = "12012345678", "Code 1234 5678"


def person(phone: str = PHONE) -> Person:
    return people.add_person(PersonalData(phone=phone), by="resident", now=timezone.now())


def message(to: Person, *, ends: datetime | None = None, **payload: Any) -> Message:
    now = timezone.now()
    told = {"sealed": texting.seal_words(to, WORDS),
            "until": (ends or now + timedelta(minutes=1)).isoformat(), **payload}  # fmt: skip
    return delivering.enqueue(
        channel="carrier_sms", recipient=people.subject(to), template="code", payload=told,
        key_parts=(to.pk,), now=now,
    )  # fmt: skip


def refusal(one: Message) -> tuple[str, bool]:
    with pytest.raises(DeliveryFailed) as failed:
        CarrierSms().send(one)
    return str(failed.value), failed.value.permanent


@pytest.mark.enable_socket
def test_the_gateway_gets_number_and_words_and_the_look_is_on_record(tmp_path: Path) -> None:
    to = person()
    with stand_in(tmp_path / "ledger.sqlite3"):
        receipt = CarrierSms().send(message(to))

    [taken] = Ledger(tmp_path / "ledger.sqlite3").all()
    assert (taken.token, taken.text, taken.id) == (PHONE, WORDS, receipt.reference)
    record = AccessRecord.objects.get()
    assert (record.person, record.purpose, record.actor) == (
        people.subject(to), "send-code", "worker",
    )  # fmt: skip


def test_a_message_whose_time_is_over_is_given_up_and_nothing_is_opened() -> None:
    late = message(person(), ends=timezone.now())

    assert refusal(late) == ("its time is over", True)
    assert AccessRecord.objects.count() == 0


@pytest.mark.parametrize("payload", [{"until": ""}, {"sealed": "%"}, {"sealed": None}])
def test_a_message_that_cannot_be_read_is_given_up(payload: dict[str, Any]) -> None:
    assert refusal(message(person(), **payload))[1]


def test_nobody_is_sent_anothers_words_or_anything_after_being_destroyed() -> None:
    to, other = person(), person("12000000017")
    theirs = message(to, sealed=texting.seal_words(other, WORDS))
    gone = message(other)
    people.erase_person(other, by="resident", now=timezone.now())

    assert {refusal(theirs), refusal(gone)} == {("the recipient is there no more", True)}
    assert AccessRecord.objects.count() == 0
