import json
import time
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from zhizhi.channels import signing
from zhizhi.engine import delivering
from zhizhi.engine.models import Message
from zhizhi.engine.tests.building import NOON

pytestmark = pytest.mark.django_db
SECRET = "s"
ADDRESS = "/api/v1/carrier/receipts"


@pytest.fixture(autouse=True)
def shared_secret(settings: Settings) -> None:
    settings.CARRIER_SECRET = "s"


def sent() -> Message:
    row = delivering.enqueue(
        channel="carrier_sms", recipient="token:1", template="t", payload={}, key_parts=(1,),
        now=NOON,
    )  # fmt: skip
    Message.everything.update(state=Message.State.SENT)
    return row


def tell(content: object, *, secret: str = SECRET, raw: bytes = b"") -> Any:
    body = raw or json.dumps(content).encode()
    signed = signing.sign(secret, body, at=int(time.time()))
    headers: dict[str, Any] = dict(signed)
    return Client(enforce_csrf_checks=True).post(
        ADDRESS, body, content_type="application/json", headers=headers
    )


@pytest.mark.parametrize(("status", "state"), [("delivered", "delivered"), ("failed", "failed")])
def test_a_receipt_ends_the_message(status: str, state: str) -> None:
    row = sent()

    answer = tell({"receipts": [{"key": row.key, "status": status, "reason": "off"}]})

    message = Message.everything.get()
    assert (answer.status_code, json.loads(answer.content)) == (200, {"changed": 1})
    assert (message.state, message.failure) == (state, "off")


def test_a_repeated_receipt_changes_nothing() -> None:
    content = {"receipts": [{"key": sent().key, "status": "delivered"}]}

    answers = [json.loads(tell(content).content)["changed"] for _time in range(2)]

    assert answers == [1, 0]


@pytest.mark.parametrize("key", ["a\x00b", "\ud800", "", "x" * 5000])
def test_a_key_that_no_message_can_have_changes_nothing(key: str) -> None:
    answer = tell({"receipts": [{"key": key, "status": "delivered"}]})

    assert (answer.status_code, json.loads(answer.content)) == (200, {"changed": 0})


def test_an_unsigned_receipt_is_refused() -> None:
    row = sent()

    answer = tell({"receipts": [{"key": row.key, "status": "delivered"}]}, secret="guess")

    assert answer.status_code == 401
    assert Message.everything.get().state == "sent"


@pytest.mark.parametrize(
    "raw", [b"x", b"[]", b"{}", b'{"receipts": [1]}', b'{"receipts": [{}]}', b'{"receipts": 5}']
)
def test_what_is_not_a_list_of_receipts_is_refused(raw: bytes) -> None:
    assert tell(None, raw=raw).status_code == 400


@pytest.mark.parametrize(("count", "status"), [(999, 200), (1000, 200), (1001, 413)])
def test_a_thousand_receipts_are_the_most_at_once(count: int, status: int) -> None:
    receipts = [{"key": str(n), "status": "delivered"} for n in range(count)]

    assert tell({"receipts": receipts}).status_code == status


def test_the_address_only_takes_posts() -> None:
    assert Client().get(ADDRESS).status_code == 405


def test_without_a_secret_nothing_is_believed(settings: Settings) -> None:
    settings.CARRIER_SECRET = ""

    assert tell({"receipts": []}, secret="").status_code == 401


@pytest.mark.parametrize(("reason", "kept"), [
    ("off", "off"), ("number-unknown", "number-unknown"), ("err_404", "err_404"), ("", ""),
    ("13800138000", "unnamed"), ("a13800138000", "unnamed"), ("no answer by 张三", "unnamed"),
    ("err.1380", "unnamed"), ("x" * 49, "unnamed"),
])  # fmt: skip
def test_of_a_reason_only_a_code_word_is_kept(reason: str, kept: str) -> None:
    row = sent()

    tell({"receipts": [{"key": row.key, "status": "failed", "reason": reason}]})

    assert Message.everything.get().failure == kept
