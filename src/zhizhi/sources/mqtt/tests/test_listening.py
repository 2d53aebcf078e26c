"""Listening to a real Mosquitto: what is acknowledged is durable, once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection

from zhizhi.engine import journal
from zhizhi.engine.committing import GroupCommitter
from zhizhi.engine.models import InboxKey, JournalSegment, QuarantinedRow, Source
from zhizhi.engine.tests.breaking import unreachable
from zhizhi.sources.keeping import Keeper
from zhizhi.sources.mqtt.listening import Broker, BrokerInvalid, Subscription
from zhizhi.sources.mqtt.tests.brokering import Mosquitto, publish, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
VESSELS = "vessel_positions.v1"
TOPIC = f"zhizhi/observations/boats/{VESSELS}"


@pytest.fixture(autouse=True)
def boats(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.3)
    Source.objects.create(code="boats", name="boats", kind="mqtt", streams=[VESSELS])


def message(entity: int) -> tuple[str, bytes]:
    now = datetime.now(UTC).isoformat()
    row = {"entity": entity, "observed_at": now, "lon": 107.4, "lat": 29.7}
    return TOPIC, json.dumps([row]).encode()


@contextmanager
def listening(port: int, **more: Any) -> Iterator[Subscription]:
    """A subscription that runs beside the test, with the session of the broker."""
    given = {"client": "test", "pauses_s": (1, 1), **more}
    committer, stopping = GroupCommitter(), Event()
    made = Subscription(Broker("127.0.0.1", port, **given), Keeper(committer, stopping))
    thread = Thread(target=made.run)
    thread.start()
    try:
        yield made
    finally:
        stopping.set()
        thread.join()
        committer.close()


def entities() -> list[int]:
    found: list[int] = []
    for segment in journal.read([VESSELS], 1):
        table: Any = segment.table
        found += [] if table is None else table["entity"].to_pylist()
    return sorted(found)


def acknowledged(broker: Mosquitto) -> int:
    return broker.log().count("Received PUBACK from test")


def subscribed(broker: Mosquitto) -> None:
    """Wait until the session with the broker is there, so that it keeps what is sent from now."""
    wait_until(lambda: "Sending SUBACK to test" in broker.log(), "subscribed")


def test_every_message_is_stored_once_and_acknowledged_afterwards(broker: Mosquitto) -> None:
    with listening(broker.port):
        subscribed(broker)
        publish(broker.port, [message(n) for n in range(200)])
        wait_until(lambda: acknowledged(broker) == 200, "all acknowledged")

    assert entities() == list(range(200))
    assert InboxKey.objects.count() == 200


def test_messages_that_come_while_nobody_listens_wait_at_the_broker(broker: Mosquitto) -> None:
    with listening(broker.port):
        subscribed(broker)

    publish(broker.port, [message(n) for n in range(30)])
    with listening(broker.port):
        wait_until(lambda: acknowledged(broker) == 30, "all acknowledged")

    assert entities() == list(range(30))


def test_a_poison_message_is_set_aside_and_does_not_hold_up_the_others(broker: Mosquitto) -> None:
    sent = [message(1), (TOPIC, b"poison"), ("zhizhi/observations/nobody/x", b"[]"), message(2)]

    with listening(broker.port):
        subscribed(broker)
        publish(broker.port, sent)
        wait_until(lambda: acknowledged(broker) == 4, "all acknowledged")

    assert entities() == [1, 2]
    reasons = QuarantinedRow.objects.order_by("reason").values_list("reason", flat=True)
    assert list(reasons) == ["unknown-source", "unreadable"]


def test_a_key_of_the_sender_makes_a_repeat_one_and_its_misuse_is_set_aside(
    broker: Mosquitto,
) -> None:
    first, other = message(1), message(2)

    with listening(broker.port):
        subscribed(broker)
        told = {"UserProperty": [("idempotency-key", "k1")], "ContentType": "application/json"}
        publish(broker.port, [first, first, other], properties=told)
        wait_until(lambda: acknowledged(broker) == 3, "all acknowledged")

    assert entities() == [1]
    assert QuarantinedRow.objects.get().reason == "key-reused"
    assert set(InboxKey.objects.values_list("key", flat=True)) >= {"k1"}


def test_a_repeat_of_the_broker_is_stored_once_and_acknowledged_again(broker: Mosquitto) -> None:
    sent = message(1)

    with listening(broker.port):
        subscribed(broker)
        publish(broker.port, [sent, sent, sent])
        wait_until(lambda: acknowledged(broker) == 3, "all acknowledged")

    assert entities() == [1]


def test_while_the_database_is_gone_nothing_is_acknowledged_and_work_resumes_by_itself(
    broker: Mosquitto,
) -> None:
    with listening(broker.port, most=5):
        subscribed(broker)
        with unreachable():
            publish(broker.port, [message(n) for n in range(20)])
            wait_until(lambda: broker.log().count("Sending PUBLISH to test") >= 5, "sent")
            sent, before = broker.log().count("Sending PUBLISH to test"), acknowledged(broker)
        wait_until(lambda: acknowledged(broker) == 20, "all acknowledged")

    assert (sent, before) == (5, 0)
    assert entities() == list(range(20))


def test_a_broker_that_dies_is_found_again_and_what_it_kept_is_stored_once(
    broker: Mosquitto,
) -> None:
    sent = [message(n) for n in range(20)]

    with listening(broker.port):
        subscribed(broker)
        publish(broker.port, sent[:10])
        wait_until(lambda: len(entities()) == 10, "the first are stored")
        broker.kill()
        broker.start()
        wait_until(lambda: broker.log().count("Sending SUBACK to test") >= 2, "found again")
        publish(broker.port, sent)  # the sender cannot know what arrived
        wait_until(lambda: len(entities()) == 20, "all are stored")

    assert entities() == list(range(20))


def test_what_waits_at_a_broker_that_is_restarted_comes_afterwards(broker: Mosquitto) -> None:
    with listening(broker.port):
        subscribed(broker)
    publish(broker.port, [message(n) for n in range(10)])
    broker.stop()

    with listening(broker.port):
        broker.start()
        wait_until(lambda: len(entities()) == 10, "all are stored")

    assert JournalSegment.objects.exclude(stream=journal.HEARTBEAT).count() == 10


def test_an_acknowledgement_of_an_earlier_connection_is_not_sent(broker: Mosquitto) -> None:
    """After a restart without memory the broker numbers its messages anew."""
    with listening(broker.port) as made:
        subscribed(broker)
        with unreachable():
            publish(broker.port, [message(1)])
            wait_until(lambda: "Sending PUBLISH to test" in broker.log(), "sent")
            broker.kill()
            for kept in broker.folder.glob("mosquitto.db*"):
                kept.unlink()
            broker.start()
            wait_until(lambda: broker.log().count("Sending SUBACK to test") == 2, "found again")
            connection_then = made._connection
        wait_until(lambda: entities() == [1], "stored")
        publish(broker.port, [message(2)])
        wait_until(lambda: acknowledged(broker) == 1, "acknowledged")

    assert connection_then == 1
    assert entities() == [1, 2]
    assert acknowledged(broker) == 1


def test_a_password_and_a_name_open_a_broker_that_asks_for_them(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("zhizhi:secret word\n")
    program = "mosquitto_passwd"
    subprocess.run([program, "-U", str(tmp_path / "passwords")], check=True)
    lines = ("allow_anonymous false", f"password_file {tmp_path}/passwords")
    broker = Mosquitto(tmp_path, lines).start()
    sign_in = ("zhizhi", "secret word")

    try:
        with listening(broker.port, user="zhizhi", password="secret word"):
            subscribed(broker)
            publish(broker.port, [message(1)], sign_in=sign_in)
            wait_until(lambda: acknowledged(broker) == 1, "acknowledged")
    finally:
        broker.kill()

    assert entities() == [1]


def test_a_wrong_password_is_told_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "passwords").write_text("")
    lines = ("allow_anonymous false", f"password_file {tmp_path}/passwords")
    broker = Mosquitto(tmp_path, lines).start()

    try:
        with listening(broker.port, user="zhizhi", password="wrong"):
            wait_until(lambda: caplog.text.count("refuses us") >= 2, "refused twice")
    finally:
        broker.kill()

    assert "Not authorized" in caplog.text
    assert "wrong" not in caplog.text


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that shows a certificate which no authority of this machine has signed."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", f"{tmp_path}/key.pem", "-out", f"{tmp_path}/cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    seal = (f"certfile {tmp_path}/cert.pem", f"keyfile {tmp_path}/key.pem")
    made = Mosquitto(tmp_path, ("allow_anonymous true", *seal)).start()
    yield made
    made.kill()


def test_a_broker_with_a_certificate_is_believed_when_its_authority_is(sealed: Mosquitto) -> None:
    authority = f"{sealed.folder}/cert.pem"

    with listening(sealed.port, is_tls=True, authority=authority):
        subscribed(sealed)
        publish(sealed.port, [message(1)], authority=authority)
        wait_until(lambda: acknowledged(sealed) == 1, "acknowledged")

    assert entities() == [1]


# The client leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_with_a_certificate_of_nobody_we_know_is_not_talked_to(
    sealed: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(sealed.port, is_tls=True):
        wait_until(lambda: caplog.text.count("is not believed") >= 2, "tried twice")

    assert " as test " not in sealed.log()


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls", "user"),
    [
        ("mqtt://broker", "broker", 1883, False, ""),
        ("mqtts://broker", "broker", 8883, True, ""),
        ("mqtt://me@broker:99", "broker", 99, False, "me"),
        ("mqtt://[::1]:99", "::1", 99, False, ""),
    ],
)
def test_the_address_of_a_broker_is_read(
    url: str, host: str, port: int, user: str, *, is_tls: bool
) -> None:
    broker = Broker.at(url)

    assert (broker.host, broker.port, broker.is_tls, broker.user) == (host, port, is_tls, user)


@pytest.mark.parametrize("url", [
    "broker:1883", "http://broker", "mqtt://", "mqtt://a:b@broker", "mqtt://broker:65536",
    "mqtt://broker:0", "mqtt://a:b@broker:x", "mqtt://[::1",
])  # fmt: skip
def test_an_address_that_is_none_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(BrokerInvalid, match="mqtts://host:8883") as refused:
        Broker.at(url)

    assert "a:b" not in str(refused.value)


def test_the_password_does_not_show_in_the_text_of_a_broker() -> None:
    assert "secret" not in repr(Broker("broker", 1883, password="secret"))
