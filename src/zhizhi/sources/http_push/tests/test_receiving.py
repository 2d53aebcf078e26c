from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from zhizhi.engine import journal
from zhizhi.engine.models import InboxKey, JournalSegment, QuarantinedRow, Source
from zhizhi.sources.http_push.tests.sending import (
    ARROW,
    NDJSON,
    TOKEN,
    VESSELS,
    post,
    row,
    source,
)
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


def arrow(*rows: dict[str, Any], compression: Any = None) -> bytes:
    table = pa.Table.from_pylist(list(rows))
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def stored() -> list[dict[str, Any]]:
    segments = journal.read([VESSELS], 1)
    return [row for one in segments if one.table is not None for row in one.table.to_pylist()]


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        ("application/json", lambda rows: json.dumps(rows).encode()),
        ("application/json; charset=utf-8", lambda rows: json.dumps(rows).encode()),
        (NDJSON, lambda rows: "\n".join(map(json.dumps, rows)).encode()),
        (ARROW, lambda rows: arrow(*rows)),
        (ARROW, lambda rows: arrow(*rows, compression="lz4")),
    ],
)
def test_each_kind_of_body_is_stored_before_it_is_answered(kind: str, write: Any) -> None:
    source()

    answer = post(write([row(7), row(8)]), kind=kind)

    assert answer.status_code == 200
    assert answer.json() == {"accepted": 2, "quarantined": 0, "offset": 1, "defects": []}
    assert [one["entity"] for one in stored()] == [7, 8]


@pytest.mark.parametrize("kind", ["application/json", NDJSON])
def test_a_gzip_body_is_unpacked(kind: str) -> None:
    source()
    body = gzip.compress(
        json.dumps([row()]).encode() if kind != NDJSON else json.dumps(row()).encode()
    )

    assert post(body, kind=kind, encoding="gzip").json()["accepted"] == 1


def test_a_gzip_body_of_several_members_is_read_to_its_end() -> None:
    source()
    lines = [json.dumps(row(n)).encode() + b"\n" for n in (7, 8)]

    answer = post(b"".join(map(gzip.compress, lines)), kind=NDJSON, encoding="gzip")

    assert answer.json()["accepted"] == 2


BAD_ROWS: list[tuple[dict[str, Any], str, str]] = [
    ({"lon": None}, "lon", "missing"),
    ({"lon": "east"}, "lon", "not-a-number"),
    ({"lon": 181.0}, "lon", "out-of-range"),
    ({"lat": -90.5}, "lat", "out-of-range"),
    ({"lon": 29.7, "lat": 107.4}, "lon", "swapped"),
    ({"observed_at": "2026-03-01T08:00:00"}, "observed_at", "no-zone"),
    ({"observed_at": "yesterday"}, "observed_at", "bad-time"),
    ({"observed_at": "2099-01-01T00:00:00Z"}, "observed_at", "future"),
    ({"observed_at": "1970-01-01T00:00:00Z"}, "observed_at", "stale"),
    ({"entity": None}, "entity", "missing"),
]


@pytest.mark.parametrize(("wrong", "field", "reason"), BAD_ROWS, ids=str)
def test_a_bad_row_is_set_aside_by_name_and_the_others_are_taken(
    wrong: dict[str, Any], field: str, reason: str
) -> None:
    source()

    answer = post([row(7), {**row(8), **wrong}, row(9)])

    told = answer.json()
    assert answer.status_code == 202
    assert (told["accepted"], told["quarantined"]) == (2, 1)
    assert [(d["row"], d["field"], d["reason"]) for d in told["defects"]] == [(1, field, reason)]
    assert told["defects"][0]["remedy"]
    aside = QuarantinedRow.objects.get()
    assert (aside.row, aside.field, aside.reason, aside.stream) == (1, field, reason, VESSELS)
    assert sorted(one["entity"] for one in stored()) == [7, 9]


@pytest.mark.parametrize("kind", ["application/json", NDJSON])
def test_nan_is_a_bad_row_and_not_a_bad_body(kind: str) -> None:
    source()
    rows = [json.dumps(row(7)), json.dumps(row(8, lat=float("nan"))), json.dumps(row(9))]
    body = ("\n".join(rows) if kind == NDJSON else f"[{','.join(rows)}]").encode()

    told = post(body, kind=kind).json()

    assert (told["accepted"], told["quarantined"]) == (2, 1)
    assert told["defects"][0]["field"] == "lat"


def test_lines_that_are_no_objects_are_set_aside_with_their_number() -> None:
    source()
    lines = [json.dumps(row(7)), "{broken", "[1]", "", "3", json.dumps(row(8))]

    told = post("\n".join(lines).encode(), kind=NDJSON).json()

    assert (told["accepted"], told["quarantined"]) == (2, 3)
    assert [(d["row"], d["reason"]) for d in told["defects"]] == [
        (1, "not-an-object"),
        (2, "not-an-object"),
        (3, "not-an-object"),
    ]


def test_a_body_of_bad_rows_only_is_answered_422_and_leaves_no_segment() -> None:
    source()

    answer = post([row(lon=999.0)])

    assert answer.status_code == 422
    assert answer.json()["offset"] is None
    assert not JournalSegment.objects.exists()
    assert QuarantinedRow.objects.count() == 1


def test_an_unknown_field_is_mentioned_and_refuses_no_row() -> None:
    source()

    answer = post([row(colour="red")])

    assert answer.status_code == 200
    assert [d["reason"] for d in answer.json()["defects"]] == ["unknown-field"]
    assert not QuarantinedRow.objects.exists()


def test_a_device_an_hour_ahead_is_let_in_and_one_a_day_and_a_minute_ahead_is_not() -> None:
    source()
    now = datetime.now(UTC)
    times = [now + timedelta(hours=1), now + timedelta(hours=24, minutes=2)]

    told = post([row(n, observed_at=at.isoformat()) for n, at in enumerate(times)]).json()

    assert told["accepted"] == 1
    assert [(d["row"], d["reason"]) for d in told["defects"]] == [(1, "future")]


def test_setting_rows_aside_leaves_one_audit_leaf_with_counts_and_no_values() -> None:
    source()

    post([row(8, lon=999.0), row(9, lat=999.0), row(10)])

    leaf = AuditEntry.objects.get()
    assert (leaf.actor, leaf.verb, leaf.subject) == (
        "source:gateway",
        "intake.quarantine",
        f"stream:{VESSELS}",
    )
    assert leaf.detail == {"rows": 2, "out-of-range": 2}


def test_good_rows_leave_no_audit_leaf() -> None:
    source()

    post([row()])

    assert not AuditEntry.objects.exists()


def test_the_source_remembers_when_it_last_sent() -> None:
    source()
    before = datetime.now(UTC)

    post([row()])

    last = Source.objects.get().last_arrival_at
    assert last is not None
    assert last >= before


def test_the_same_key_and_body_get_the_first_answer_and_are_stored_once() -> None:
    source()
    body = [row(7), row(8, lon=999.0)]

    first, second = post(body, key="k1"), post(body, key="k1")

    assert second.json() == first.json()
    assert second.status_code == first.status_code == 202
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (len(stored()), QuarantinedRow.objects.count()) == (1, 1)


def test_the_same_key_with_another_body_is_refused() -> None:
    source()
    post([row(7)], key="k1")

    answer = post([row(8)], key="k1")

    assert answer.status_code == 409
    assert answer.json()["error"] == "key-reused"
    assert "new key" in answer.json()["message"]
    assert [one["entity"] for one in stored()] == [7]


def test_without_a_key_the_bytes_are_the_key() -> None:
    source()
    body = json.dumps([row()]).encode()

    first, second = post(body), post(body)

    assert first.json() == second.json()
    assert InboxKey.objects.count() == JournalSegment.objects.count() == 1


def test_the_same_bytes_for_another_stream_are_another_envelope() -> None:
    source(streams=[VESSELS, "shore_positions.v1"])
    body = json.dumps([row()]).encode()

    answers = [post(body), post(body, stream="shore_positions.v1")]

    assert [answer.json()["offset"] for answer in answers] == [1, 2]


def test_two_sources_may_use_the_same_key() -> None:
    source()
    source("other", "another-token")

    answers = [post([row(7)], key="k"), post([row(8)], key="k", token="another-token")]

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    ("stream", "hint"),
    [("vessel_positions.v9", "this version is not known"), ("fish_positions.v1", "check the name")],
)
def test_an_unknown_stream_is_answered_with_the_known_ones(stream: str, hint: str) -> None:
    source()

    answer = post([row()], stream=stream)

    assert answer.status_code == 404
    assert hint in answer.json()["message"]
    assert VESSELS in answer.json()["known"]


def test_a_source_may_send_its_own_streams_only() -> None:
    source()

    answer = post([row()], stream="shore_positions.v1")

    assert answer.status_code == 403
    assert answer.json()["allowed"] == [VESSELS]
    assert not JournalSegment.objects.exists()


@pytest.mark.parametrize("token", ["", "wrong", TOKEN.upper(), TOKEN + "x"])
def test_another_token_is_nobody(token: str) -> None:
    source()

    answer = post([row()], token=token)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_withdrawn_source_is_nobody() -> None:
    source(is_active=False)

    assert post([row()]).status_code == 401


def test_a_source_without_a_token_cannot_be_borrowed_with_an_empty_one() -> None:
    Source.objects.create(code="file", name="file", kind="files", streams=[VESSELS])

    assert post([row()], token="").status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "encoding", "words"),
    [
        (b"[{]", "application/json", "", "line 1, column 3"),
        (b'"text"', "application/json", "", "list of objects"),
        (b"\x00\x01", ARROW, "", "Arrow"),
        (gzip.compress(b"[]" * 5000, mtime=0)[:-9], "application/json", "gzip", "cut off"),
        (b"plain", "application/json", "gzip", "damaged"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(
    body: bytes, kind: str, encoding: str, words: str
) -> None:
    source()

    answer = post(body, kind=kind, encoding=encoding)

    assert answer.status_code == 400
    assert answer.json()["error"] == "unreadable"
    assert words in answer.json()["message"]
    assert not InboxKey.objects.exists()


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_cut_off_arrow_stream_is_refused_wherever_it_is_cut(keep: float) -> None:
    source()
    body = arrow(*[row(n) for n in range(200)])

    answer = post(body[: int(len(body) * keep)], kind=ARROW)

    assert answer.status_code == 400
    assert not JournalSegment.objects.exists()


def test_an_arrow_stream_that_lost_only_its_end_mark_is_refused() -> None:
    source()
    body = arrow(row())

    answer = post(body[:-8], kind=ARROW)

    assert answer.status_code == 400
    assert "end-of-stream" in answer.json()["message"]


def test_a_missing_column_is_named_once() -> None:
    source()
    body = arrow({"entity": 7, "lon": 107.4, "lat": 29.7}, {"entity": 8, "lon": 107.4, "lat": 29.7})

    answer = post(body, kind=ARROW)

    assert answer.status_code == 422
    assert answer.json()["quarantined"] == 2
    assert [(d["field"], d["reason"]) for d in answer.json()["defects"]] == [
        ("observed_at", "missing")
    ]


@pytest.mark.parametrize(
    ("kind", "encoding"), [("text/csv", ""), ("", ""), ("application/json", "br")]
)
def test_a_kind_of_body_that_is_not_known_is_refused(kind: str, encoding: str) -> None:
    source()

    answer = post(b"[]", kind=kind, encoding=encoding)

    assert answer.status_code == 415


@pytest.mark.parametrize("key", ["k" * 256, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(key: str) -> None:
    source()

    assert post([row()], key=key).status_code == 400


def test_a_key_of_255_characters_is_kept() -> None:
    source()

    assert post([row()], key="k" * 255).status_code == 200


def test_only_the_first_hundred_defects_are_shown() -> None:
    source()

    told = post([row(n, lon=999.0) for n in range(101)]).json()

    assert (told["quarantined"], len(told["defects"])) == (101, 100)
    assert QuarantinedRow.objects.count() == 101


def test_an_empty_list_is_accepted_and_changes_nothing() -> None:
    source()

    answer = post([])

    assert answer.status_code == 200
    assert answer.json()["offset"] is None
    assert not JournalSegment.objects.exists()
