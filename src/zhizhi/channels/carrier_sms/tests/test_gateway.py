import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from zhizhi.channels import signing
from zhizhi.channels.carrier_sms import sending
from zhizhi.channels.carrier_sms.gateway import Faults, Gateway
from zhizhi.channels.carrier_sms.ledger import Ledger
from zhizhi.channels.carrier_sms.sending import CarrierSms
from zhizhi.channels.tests.answering import answering
from zhizhi.engine import delivering
from zhizhi.engine.delivering import DeliveryFailed
from zhizhi.engine.models import Message, Template
from zhizhi.engine.tests.building import NOON, later

SECRET = "demo"


@contextmanager
def running(ledger: Ledger, **given: Any) -> Iterator[tuple[Gateway, str]]:
    """Serve a gateway from a thread of its own."""
    gateway = Gateway(ledger=ledger, secret="demo", pause_s=0.01, **given)
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        listening = asyncio.Event()
        task = asyncio.ensure_future(gateway.serve("127.0.0.1", 0, ready=listening))
        await listening.wait()
        tasks.append(task)
        ready.set()
        with_end = asyncio.gather(task, return_exceptions=True)
        await with_end

    tasks: list[asyncio.Future[None]] = []
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield gateway, f"http://127.0.0.1:{gateway.port}"
    finally:
        sending.client().close()
        sending.client.cache_clear()
        loop.call_soon_threadsafe(tasks[0].cancel)
        thread.join()
        loop.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    kept = Ledger(tmp_path / "ledger.sqlite3")
    yield kept
    kept.close()


@pytest.fixture
def gateway(ledger: Ledger, settings: Settings) -> Iterator[Gateway]:
    with running(ledger) as (served, url):
        settings.CARRIER_URL, settings.CARRIER_SECRET = url, "demo"
        yield served


def message(part: object = 1, **also: Any) -> Message:
    Template.objects.get_or_create(
        code="fish", version=1, text="鱼儿说：{zone}", created_at=NOON, created_by="x"
    )
    given: dict[str, Any] = {
        "channel": "carrier_sms", "recipient": "token:8123", "template": "fish",
        "payload": {"zone": "大桥"}, "key_parts": (part,), "now": NOON, **also,
    }  # fmt: skip
    return delivering.enqueue(**given)


def post(url: str, content: object, *, secret: str = SECRET, raw: bytes = b"") -> httpx.Response:
    body = raw or json.dumps(content).encode()
    headers = signing.sign(secret, body, at=int(time.time()))
    return httpx.post(f"{url}/messages", content=body, headers=headers, trust_env=False)


@pytest.mark.django_db
def test_a_text_goes_out_by_token_with_its_words(gateway: Gateway, ledger: Ledger) -> None:
    row = message()

    assert delivering.relay(NOON) == 1

    [taken] = ledger.all()
    assert (taken.key, taken.token, taken.text) == (row.key, "8123", "鱼儿说：大桥")
    assert Message.everything.get().receipt == taken.id
    assert Message.everything.get().state == "sent"


@pytest.mark.django_db
def test_after_an_unclear_answer_the_gateway_is_asked_and_nothing_is_sent_again(
    gateway: Gateway, ledger: Ledger
) -> None:
    message()
    gateway.faults = Faults(lose_answers=1.0)
    lost = delivering.relay(NOON)
    gateway.faults = Faults()

    found = delivering.relay(later(minutes=1))

    assert (lost, found) == (0, 1)
    assert len(ledger.all()) == 1
    assert ledger.tries() == 1
    assert Message.everything.get().state == "sent"


@pytest.mark.django_db
def test_a_lost_request_is_sent_again(gateway: Gateway, ledger: Ledger) -> None:
    message()
    gateway.faults = Faults(lose_requests=1.0)
    delivering.relay(NOON)
    gateway.faults = Faults()

    delivering.relay(later(minutes=1))

    assert len(ledger.all()) == 1


@pytest.mark.django_db
def test_through_many_losses_every_message_is_accepted_once(
    gateway: Gateway, ledger: Ledger
) -> None:
    rows = [message(n, recipient=f"token:{n}") for n in range(30)]
    gateway.faults, gateway.chance = Faults(0.2, 0.2), random.Random(5)  # noqa: S311 - rehearsed faults

    for hour in range(200):
        delivering.relay(later(hours=hour))

    assert sorted(taken.key for taken in ledger.all()) == sorted(row.key for row in rows)
    assert set(Message.everything.values_list("state", flat=True)) == {"sent"}


@pytest.mark.django_db
@pytest.mark.parametrize(("also", "reason"), [
    ({"recipient": "token:abc"}, "422"), ({"recipient": "unit:3"}, "not a token"),
    ({"recipient": "token:"}, "not a token"), ({"payload": {}}, "nothing fills zone"),
])  # fmt: skip
def test_a_message_that_can_never_go_is_given_up(
    gateway: Gateway, also: dict[str, Any], reason: str
) -> None:
    row = message(**also)

    with pytest.raises(DeliveryFailed, match=reason) as failed:
        CarrierSms().send(row)

    assert failed.value.permanent


@pytest.mark.django_db
def test_a_wrong_secret_keeps_the_message_until_somebody_mends_it(
    gateway: Gateway, settings: Settings
) -> None:
    row = message()
    settings.CARRIER_SECRET = "wrong"

    with pytest.raises(DeliveryFailed, match="401") as failed:
        CarrierSms().send(row)

    assert not failed.value.permanent


@pytest.mark.django_db
def test_what_the_gateway_says_of_a_number_is_not_kept(settings: Settings) -> None:
    with answering(status=422) as other:
        other.body, settings.CARRIER_URL = b'{"error": "+86 12800138000 is off"}', other.url
        message()
        delivering.relay(NOON)
        sending.client().close()
        sending.client.cache_clear()

    row = Message.everything.get()
    assert (row.state, row.failure) == ("failed", "the gateway answered 422")


@pytest.mark.django_db
def test_a_gateway_that_is_away_is_waited_for(settings: Settings) -> None:
    settings.CARRIER_URL = "http://127.0.0.1:9"
    row = message()

    with pytest.raises(DeliveryFailed) as failed:
        CarrierSms().send(row)

    sending.client().close()
    sending.client.cache_clear()
    assert not failed.value.permanent


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"not json", b"{}", b"[]"])
def test_an_answer_that_cannot_be_read_is_no_receipt(settings: Settings, body: bytes) -> None:
    with answering() as other:
        other.body, settings.CARRIER_URL = body, other.url
        row = message()
        with pytest.raises(DeliveryFailed) as failed:
            CarrierSms().send(row)
        sending.client().close()
        sending.client.cache_clear()

    assert not failed.value.permanent


@pytest.mark.parametrize(("content", "status"), [
    ({"key": "k", "token": "1", "text": "t"}, 201), ({"key": "k", "token": "-1", "text": "t"}, 201),
    ({"key": "k", "token": "x", "text": "t"}, 422), ({"key": "k", "token": "1", "text": ""}, 422),
    ({"key": "k"}, 400), ([], 400), ("x", 400),
])  # fmt: skip
def test_the_gateway_says_what_it_makes_of_a_request(
    ledger: Ledger, content: object, status: int
) -> None:
    with running(ledger) as (_gateway, url):
        assert post(url, content).status_code == status


def test_the_gateway_takes_a_key_once(ledger: Ledger) -> None:
    content = {"key": "k", "token": "1", "text": "t"}

    with running(ledger) as (_gateway, url):
        first, again = post(url, content), post(url, {**content, "text": "other"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert [taken.text for taken in ledger.all()] == ["t"]
    assert ledger.tries() == 2


def test_the_gateway_refuses_what_is_not_signed(ledger: Ledger) -> None:
    with running(ledger) as (_gateway, url):
        answer = post(url, {"key": "k", "token": "1", "text": "t"}, secret="guess")

    assert answer.status_code == 401
    assert ledger.all() == []


def test_what_the_gateway_took_outlives_it(tmp_path: Path) -> None:
    news = []
    for _time in range(2):
        kept = Ledger(tmp_path / "l.sqlite3")
        news.append(kept.accept(key="k", token="1", text="t", at=0.0)[1])
        kept.close()

    assert news == [True, False]


def test_the_gateway_tells_of_deliveries_until_it_is_heard(ledger: Ledger) -> None:
    ledger.accept(key="k", token="1", text="t", at=0.0)

    with (
        answering(status=503) as house,
        running(ledger, receipts_url=f"{house.url}/receipts"),
    ):
        wait_for(lambda: len(house.seen) >= 2)
        house.status = 200
        wait_for(lambda: ledger.without_receipt(9) == [])

    body = json.loads(house.seen[0][2])
    assert body == {"receipts": [{"key": "k", "status": "delivered"}]}


def wait_for(is_true: Any) -> None:
    """Return as soon as ``is_true``; fails after ten seconds."""
    end = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)
