from __future__ import annotations

import gzip
import json
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from zhizhi.engine.reading import Reader
from zhizhi.kernel.observations import Reading
from zhizhi.kernel.streams import stream_named
from zhizhi.sources import arrow_limits, bodies

VESSELS = stream_named("vessel_positions.v1")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
READER = Reader(b"key")


def read(kind: str, body: bytes, *, most: int = 1 << 20) -> Reading:
    return bodies.reading_of(READER, VESSELS, kind, body, arrival_at=NOW, most=most)


def row(entity: int = 7) -> dict[str, Any]:
    return {"entity": entity, "observed_at": NOW.isoformat(), "lon": 107.4, "lat": 29.7}


def arrow(table: pa.Table, *, compression: Any = "zstd", pieces: int = 1) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=max(1, table.num_rows // pieces))
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(("most", "is_refused"), [(999, True), (1000, False), (1001, False)])
def test_a_gzip_body_may_unpack_to_the_limit_and_no_further(most: int, *, is_refused: bool) -> None:
    packed = gzip.compress(b" " * 1000)

    if is_refused:
        with pytest.raises(bodies.BodyRefused) as refused:
            bodies.unpacked(packed, "gzip", most)
        assert refused.value.status == 413
    else:
        assert len(bodies.unpacked(packed, "gzip", most)) == 1000


def test_the_limit_covers_all_members_of_a_gzip_body_together() -> None:
    with pytest.raises(bodies.BodyRefused):
        bodies.unpacked(gzip.compress(b" " * 600) * 2, "gzip", 1000)


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("pieces", [1, 3])
def test_an_arrow_stream_claims_what_it_unpacks_to(compression: str | None, pieces: int) -> None:
    table = pa.table({"n": pa.array(range(3000), pa.int64()), "t": pa.array(["a"] * 3000)})

    rows, size = arrow_limits.claims(arrow(table, compression=compression, pieces=pieces))

    assert rows == 3000
    assert table.nbytes <= size <= table.nbytes * 1.1 + 2000


def test_dictionaries_of_an_arrow_stream_count_as_well() -> None:
    words = pa.array([f"{n:0200}" for n in range(1000)]).dictionary_encode()

    _rows, size = arrow_limits.claims(arrow(pa.table({"w": words})))

    assert size >= 200_000


def test_a_small_arrow_body_that_would_unpack_to_gigabytes_is_refused_unread() -> None:
    body = arrow(pa.table({"n": pa.array([0] * 900_000, pa.int64())}))
    assert len(body) < 10_000

    with pytest.raises(bodies.BodyRefused) as refused:
        read(bodies.ARROW, body)

    assert refused.value.status == 413


def test_a_lie_about_the_size_of_a_buffer_is_believed_in_favour_of_this_machine() -> None:
    body = bytearray(arrow(pa.table({"n": pa.array([0] * 50_000, pa.int64())})))
    place = body.index(struct.pack("<q", 400_000))
    body[place : place + 8] = struct.pack("<q", 1 << 40)

    with pytest.raises(bodies.BodyRefused):
        read(bodies.ARROW, bytes(body))


@pytest.mark.parametrize("kind", [bodies.JSON, bodies.NDJSON, bodies.ARROW])
@pytest.mark.parametrize(("rows", "is_refused"), [(2, False), (3, False), (4, True)])
def test_the_number_of_rows_is_limited(
    monkeypatch: pytest.MonkeyPatch, kind: str, rows: int, *, is_refused: bool
) -> None:
    monkeypatch.setattr(bodies, "MOST_ROWS", 3)
    monkeypatch.setattr(bodies, "ROWS_AT_ONCE", 2)
    made = [row(n) for n in range(rows)]
    body = {
        bodies.JSON: json.dumps(made).encode(),
        bodies.NDJSON: "\n".join(map(json.dumps, made)).encode(),
        bodies.ARROW: arrow(pa.Table.from_pylist(made)),
    }[kind]

    if is_refused:
        with pytest.raises(bodies.BodyRefused) as refused:
            read(kind, body)
        assert refused.value.status == 413
    else:
        assert read(kind, body).table.num_rows == rows


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_rows_of_ndjson_keep_their_numbers_however_they_are_cut(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(bodies, "ROWS_AT_ONCE", at_once)
    lines = [json.dumps(row(1)), "{broken", json.dumps({**row(2), "lon": 999.0, "hat": 1})]
    lines += [json.dumps(row(3)), json.dumps({**row(4), "lat": None, "hat": 2}), json.dumps(row(5))]

    found = read(bodies.NDJSON, "\n".join(lines).encode())

    assert [(d.row, d.reason) for d in found.defects] == [
        (-1, "unknown-field"),
        (1, "not-an-object"),
        (2, "out-of-range"),
        (4, "missing"),
    ]
    assert found.refused == 3
    assert found.table["entity"].to_pylist() == [1, 3, 5]
    assert found.table["entity"].num_chunks == 1


@pytest.mark.parametrize("body", [b"", b"\x00" * 64, b"ARROW1\x00\x00", b"\xff\xff\xff\xff" * 9])
def test_what_is_no_arrow_stream_is_refused(body: bytes) -> None:
    with pytest.raises(bodies.BodyRefused, match="Arrow"):
        read(bodies.ARROW, body)


def test_no_single_damaged_byte_of_an_arrow_body_breaks_the_reader() -> None:
    made = [row(n) for n in range(20)]
    good = arrow(pa.Table.from_pylist(made), compression="lz4")

    for place in range(0, len(good), 7):
        body = bytearray(good)
        body[place] ^= 0xFF
        try:
            found = read(bodies.ARROW, bytes(body))
        except bodies.BodyRefused:
            continue
        assert found.table.num_rows + found.refused <= 20


@pytest.mark.parametrize(
    ("ahead", "reasons"),
    [
        (timedelta(hours=24), []),
        (timedelta(hours=24, microseconds=1), ["future"]),
        (-timedelta(days=30), []),
        (-timedelta(days=30, microseconds=1), ["stale"]),
    ],
)
def test_the_door_refuses_times_a_day_ahead_and_a_month_behind(
    ahead: timedelta, reasons: list[str]
) -> None:
    sent = [{**row(), "observed_at": (NOW + ahead).isoformat()}]

    found = READER.read(VESSELS, sent, arrival_at=NOW)

    assert [d.reason for d in found.defects] == reasons


def test_coordinates_exchanged_within_the_district_are_noticed() -> None:
    reader = Reader(b"key", bounds=(20.0, 60.0, 21.0, 61.0))
    sent = [{**row(), "lon": 60.5, "lat": 20.5}, {**row(), "lon": 20.5, "lat": 60.5}]

    found = reader.read(VESSELS, sent, arrival_at=NOW)

    assert [(d.row, d.reason) for d in found.defects] == [(0, "swapped")]
