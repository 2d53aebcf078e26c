from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from zhizhi.engine import intake
from zhizhi.engine.intake import Envelope
from zhizhi.engine.models import QuarantinedRow, Source
from zhizhi.sources import bodies
from zhizhi.sources.mqtt import reading
from zhizhi.sources.mqtt.reading import Delivery, Sorter, kind_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VESSELS = "vessel_positions.v1"
TOPIC = f"zhizhi/observations/boats/{VESSELS}"


@pytest.fixture(autouse=True)
def boats() -> Source:
    return Source.objects.create(code="boats", name="boats", kind="mqtt", streams=[VESSELS])


def row(entity: int = 7, **fields: Any) -> dict[str, Any]:
    return {"entity": entity, "observed_at": NOW.isoformat(), "lon": 107.4, "lat": 29.7, **fields}


def arrow(*rows: dict[str, Any]) -> bytes:
    table = pa.Table.from_pylist(list(rows))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def read(payload: bytes, *, topic: str = TOPIC, kind: str = "", key: str = "") -> Envelope:
    return Sorter("zhizhi/observations").envelope(Delivery(topic, payload, NOW, kind, key))


def refused(envelope: Envelope) -> tuple[int, str]:
    (defect,) = envelope.reading.defects
    return envelope.reading.table.num_rows, defect.reason


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps([row(7), row(8)]).encode(),
        json.dumps([row(7), row(8)], indent=2).encode(),
        (json.dumps(row(7)) + "\n" + json.dumps(row(8)) + "\n").encode(),
        gzip.compress(json.dumps([row(7), row(8)]).encode(), mtime=0),
        arrow(row(7), row(8)),
    ],
    ids=["json", "indented json", "ndjson", "gzip", "arrow"],
)
def test_each_kind_of_payload_is_recognised_without_a_content_type(payload: bytes) -> None:
    envelope = read(payload)

    assert envelope.source.code == "boats"
    assert envelope.stream == VESSELS
    assert envelope.reading.table["entity"].to_pylist() == [7, 8]
    assert envelope.arrival_at == NOW


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b'{"a": 1}', bodies.JSON),
        (b'{"a": 1}\n', bodies.JSON),
        (b'{\n "a": 1\n}', bodies.JSON),
        (b'{"a": 1}\n{"a": 2}', bodies.NDJSON),
        (b"[\n1]", bodies.JSON),
        (b"", bodies.JSON),
        (b"\xff\xff\xff\xff\x10", bodies.ARROW),
    ],
)
def test_the_kind_is_guessed_from_the_beginning(payload: bytes, kind: str) -> None:
    assert kind_of(payload) == kind


def test_the_content_type_of_the_sender_counts() -> None:
    envelope = read(json.dumps(row()).encode(), kind="application/x-ndjson; charset=utf-8")

    assert envelope.reading.table.num_rows == 1
    assert refused(read(b"a,b\n1,2\n", kind="text/csv")) == (0, "unreadable")


def test_a_bad_row_of_a_message_is_set_aside_alone() -> None:
    envelope = read(json.dumps([row(7), row(8, lon=999.0)]).encode())

    assert refused(envelope) == (1, "out-of-range")


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        (f"zhizhi/observations/strangers/{VESSELS}", "unknown-source"),
        ("zhizhi/observations/boats/vessel_positions.v9", "unknown-stream"),
        ("zhizhi/observations/boats/shore_positions.v1", "not-allowed"),
        (f"zhizhi/observations/{VESSELS}", "unknown-topic"),
        (f"zhizhi/observations/boats/{VESSELS}/more", "unknown-topic"),
        (f"zhizhi/observations//{VESSELS}", "unknown-topic"),
        ("zhizhi/observations", "unknown-topic"),
    ],
)
def test_a_message_to_a_wrong_topic_is_set_aside_with_the_reason(topic: str, reason: str) -> None:
    envelope = read(json.dumps(row()).encode(), topic=topic)

    intake.append([envelope], now=NOW)

    aside = QuarantinedRow.objects.get()
    assert aside.reason == reason
    assert aside.remedy
    assert json.loads(aside.raw)["topic"] == topic


@pytest.mark.parametrize("change", [{"is_active": False}, {"kind": "http_push"}])
def test_a_source_that_is_withdrawn_or_sends_otherwise_is_nobody(change: dict[str, Any]) -> None:
    Source.objects.update(**change)

    assert refused(read(json.dumps(row()).encode())) == (0, "unknown-source")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"hello",
        b"[{]",
        b"7",
        b"\xff\xff\xff\xff broken",
        gzip.compress(b"[]" * 99, mtime=0)[:-5],
        b"\0",
    ],
)
def test_a_payload_that_cannot_be_read_is_set_aside_whole(payload: bytes) -> None:
    assert refused(read(payload)) == (0, "unreadable")


@pytest.mark.parametrize(("size", "reason"), [(99, ""), (100, ""), (101, "too-large")])
@pytest.mark.parametrize("is_packed", [False, True])
def test_the_size_of_a_payload_is_limited_packed_and_unpacked(
    monkeypatch: pytest.MonkeyPatch, size: int, reason: str, *, is_packed: bool
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    payload = b"[]" + b" " * (size - 2)

    envelope = read(gzip.compress(payload) if is_packed else payload)

    assert [defect.reason for defect in envelope.reading.defects] == [reason] * bool(reason)


def test_the_same_payload_has_the_same_key_and_another_stream_another() -> None:
    Source.objects.update(streams=[VESSELS, "shore_positions.v1"])
    payload = json.dumps([row()]).encode()

    keys = [
        read(payload).key,
        read(payload).key,
        read(payload + b" ").key,
        read(payload, topic="zhizhi/observations/boats/shore_positions.v1").key,
    ]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@pytest.mark.parametrize(
    ("key", "reason"), [("k" * 255, ""), ("k" * 256, "bad-key"), ("a\tb", "bad-key")]
)
def test_the_senders_own_key_is_kept_when_it_can_be(key: str, reason: str) -> None:
    envelope = read(json.dumps([row()]).encode(), key=key)

    assert [defect.reason for defect in envelope.reading.defects] == [reason] * bool(reason)
    assert (envelope.key == key) == (not reason)


def test_a_poison_message_that_comes_again_is_set_aside_once() -> None:
    first, again = (intake.append([read(b"poison")], now=NOW)[0] for _ in range(2))

    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert QuarantinedRow.objects.count() == 1


@pytest.mark.parametrize(("age", "is_asked"), [(1.9, False), (2.1, True)])
def test_a_withdrawn_source_may_send_for_two_seconds_more(age: float, *, is_asked: bool) -> None:
    sorter = Sorter("zhizhi/observations")
    message = Delivery(TOPIC, json.dumps([row()]).encode(), NOW)
    sorter.envelope(message)
    Source.objects.update(is_active=False)
    asked_at, source = sorter._known["boats"]
    sorter._known["boats"] = (asked_at - age, source)

    envelope = sorter.envelope(message)

    assert (envelope.reading.refused == 1) == is_asked


def test_a_message_that_waited_keeps_its_time_of_arrival() -> None:
    late = Delivery(TOPIC, json.dumps([row()]).encode(), NOW + timedelta(hours=2))

    assert Sorter("zhizhi/observations").envelope(late).arrival_at == NOW + timedelta(hours=2)
