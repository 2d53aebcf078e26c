"""A protected circle, for tests: residents who joined, and relatives who confirmed."""

from __future__ import annotations

import json
import re
from datetime import datetime

from zhizhi.directory import texting
from zhizhi.engine.models import Message
from zhizhi.engine.tests.building import NOON
from zhizhi.systems.antifraud import circling, joining
from zhizhi.systems.antifraud.models import CircleMember, CirclePerson
from zhizhi.systems.antifraud.tests.risk import PHONE

CODE = re.compile(r"\d{4} \d{4}")


def number(n: int) -> str:
    return f"1208765{n:04}"


def texts(phone: str) -> list[str]:
    """Return the words of every message to a number, as the operator's gateway would send them."""
    found = []
    for message in Message.everything.filter(channel="carrier_sms").order_by("pk"):
        pk, sealed = int(message.recipient.partition(":")[2]), message.payload["sealed"]
        try:
            to, words = texting.open_to_send(pk, sealed, now=message.queued_at)
        except texting.NotSendable:
            continue
        found += [words] if to == phone else []
    return found


def code_for(phone: str) -> str:
    """Return the newest code that a number was sent."""
    return str(CODE.findall(texts(phone)[-1])[0])


def joined(phone: str = PHONE, *, at: datetime = NOON) -> CirclePerson:
    row = joining.ask_code(phone, now=at)
    assert joining.enter(row, code_for(phone), now=at)
    row.refresh_from_db()
    return row


def invited(protected: CirclePerson, n: int = 1, *, at: datetime = NOON) -> CircleMember:
    return circling.invite(protected, number(n), "child", now=at)


def in_circle(protected: CirclePerson, n: int = 1, *, at: datetime = NOON) -> CircleMember:
    row = invited(protected, n, at=at)
    found = circling.confirm(row.pk, code_for(number(n)), now=at)
    assert found is not None
    return found


def outbox() -> str:
    """Return everything that the outbox holds, as it lies there."""
    rows = Message.everything.values("recipient", "payload", "template", "key")
    return json.dumps(list(rows), ensure_ascii=False)
