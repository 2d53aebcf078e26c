import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from zhizhi.channels import signing
from zhizhi.channels.tests.answering import Answers, answering
from zhizhi.channels.webhook.posting import Webhook, pinned
from zhizhi.engine import delivering
from zhizhi.engine.delivering import DeliveryFailed
from zhizhi.engine.models import Message, Subscriber
from zhizhi.engine.tests.building import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Answers]:
    settings.WEBHOOK_ALLOWED = ["127.0.0.0/8"]
    with answering() as answers:
        Subscriber.objects.create(
            code="city", url=f"{answers.url}/hook?x=1", secret="s", created_at=NOON
        )
        yield answers


def message(**also: Any) -> Message:
    given: dict[str, Any] = {
        "channel": "webhook", "recipient": "city", "template": "case.opened",
        "payload": {"code": "FI-1", "name": "鱼"}, "key_parts": (1,), "now": NOON, **also,
    }  # fmt: skip
    return delivering.enqueue(**given)


def test_the_receiver_gets_a_signed_event(receiver: Answers) -> None:
    row = message()

    receipt = Webhook().send(row)

    [(path, headers, body)] = receiver.seen
    event = json.loads(body)
    assert (path, receipt.is_delivered) == ("/hook?x=1", True)
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert (event["specversion"], event["id"], event["type"]) == ("1.0", row.key, "case.opened")
    assert event["data"] == {"code": "FI-1", "name": "鱼"}
    assert signing.is_signed(
        "s", body, timestamp=headers[signing.TIMESTAMP], signature=headers[signing.SIGNATURE],
        now=int(time.time()),
    )  # fmt: skip


def test_a_repeated_request_carries_the_same_id(receiver: Answers) -> None:
    row = message()

    for _time in range(2):
        Webhook().send(row)

    assert receiver.seen[0][2] == receiver.seen[1][2]


@pytest.mark.parametrize(("status", "is_permanent"), [
    (302, True), (400, True), (404, True), (410, True), (408, False), (429, False), (499, True),
    (500, False), (503, False),
])  # fmt: skip
def test_a_refusal_is_final_unless_it_may_pass(
    receiver: Answers, status: int, is_permanent: bool
) -> None:
    receiver.status = status

    with pytest.raises(DeliveryFailed, match=str(status)) as failed:
        Webhook().send(message())

    assert failed.value.permanent is is_permanent


def test_a_redirection_is_not_followed(receiver: Answers) -> None:
    receiver.status, receiver.location = 302, f"{receiver.url}/elsewhere"

    with pytest.raises(DeliveryFailed):
        Webhook().send(message())

    assert len(receiver.seen) == 1


def test_a_private_address_is_never_called(receiver: Answers, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED = []

    with pytest.raises(DeliveryFailed, match="not public") as failed:
        Webhook().send(message())

    assert failed.value.permanent
    assert receiver.seen == []


def test_the_address_that_was_checked_is_the_one_that_is_called(
    receiver: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.rpartition(":")[2])
    Subscriber.objects.update(url=f"http://city.example:{port}/hook")
    asked: list[str] = []

    def resolve(host: str, port: int, **named: object) -> object:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *given, **named: (
            resolve(host, port) if host == "city.example" else real(host, port, *given, **named)
        ),
    )
    Webhook().send(message())

    assert asked == ["city.example"]
    assert receiver.seen[0][1]["Host"] == f"city.example:{port}"


def test_a_receiver_that_is_down_may_be_up_later(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED = ["127.0.0.1"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    Subscriber.objects.create(code="city", url=url, secret="s", created_at=NOON)

    with pytest.raises(DeliveryFailed) as failed:
        Webhook().send(message())

    assert not failed.value.permanent


def test_a_receiver_that_answers_without_end_is_left(receiver: Answers) -> None:
    receiver.is_endless = True

    with pytest.raises(DeliveryFailed, match=r"no answer within 0\.2 s") as failed:
        Webhook(timeout_s=0.2).send(message())

    assert not failed.value.permanent


def test_what_the_receiver_says_is_not_read(receiver: Answers) -> None:
    receiver.body = b"x" * (64 * 1024 * 1024)

    assert Webhook().send(message()).is_delivered


def test_a_failure_does_not_repeat_the_secret_in_an_address(settings: Settings) -> None:
    url = "gopher://user:word@city.example/?token=abc"
    Subscriber.objects.create(code="city", url=url, secret="s", created_at=NOON)

    with pytest.raises(DeliveryFailed) as failed:
        Webhook().send(message())

    assert "word" not in str(failed.value)
    assert "abc" not in str(failed.value)


@pytest.mark.parametrize("is_active", [True, False])
def test_only_an_active_subscriber_is_called(receiver: Answers, is_active: bool) -> None:
    Subscriber.objects.update(is_active=is_active)

    if is_active:
        Webhook().send(message())
    else:
        with pytest.raises(DeliveryFailed) as failed:
            Webhook().send(message())
        assert failed.value.permanent

    assert len(receiver.seen) == is_active


@pytest.mark.parametrize(("url", "address", "wanted"), [
    ("https://a.example/x?y=1", "8.8.8.8", "https://8.8.8.8/x?y=1"),
    ("http://a.example:81", "2606:4700::1", "http://[2606:4700::1]:81/"),
    ("https://user:word@a.example/", "8.8.8.8", "https://8.8.8.8/"),
])  # fmt: skip
def test_a_name_is_replaced_by_its_address(url: str, address: str, wanted: str) -> None:
    assert pinned(url, address) == wanted
