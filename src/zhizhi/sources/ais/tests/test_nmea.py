from __future__ import annotations

from datetime import UTC, datetime

import pyais
import pytest

from zhizhi.kernel.observations import read_rows
from zhizhi.sources.ais.nmea import Decoder

NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def sentences(**facts: float | str) -> list[bytes]:
    message: dict[str, str | int | float | bytes | bool] = {
        "msg_type": 1,
        "mmsi": 413000001,
        "lon": 107.01,
        "lat": 29.71,
        "speed": 0.3,
        "course": 77.0,
        "second": 28,
        **facts,
    }
    return [line.encode() for line in pyais.encode_dict(message, sentence_type="VDM")]


def in_two_parts(*, sequence: int = 3, channel: str = "A", **facts: float | str) -> list[bytes]:
    """A report with the vessel's name, cut into two sentences as receivers do."""
    payload = sentences(msg_type=19, **facts)[0].split(b",")[5].decode()
    bodies = [
        f"AIVDM,2,1,{sequence},{channel},{payload[:30]},0",
        f"AIVDM,2,2,{sequence},{channel},{payload[30:]},0",
    ]
    return [f"!{body}*{checksum(body):02X}".encode() for body in bodies]


def checksum(body: str) -> int:
    total = 0
    for byte in body.encode():
        total ^= byte
    return total


def test_a_position_report_becomes_a_row() -> None:
    rows, defects = Decoder().feed(sentences(), received_at=NOON)

    assert defects == []
    assert rows == [
        {
            "entity": "mmsi:413000001",
            "observed_at": "2026-03-01T12:00:28+00:00",
            "lon": 107.01,
            "lat": 29.71,
            "accuracy_m": 100.0,
            "speed_kn": 0.3,
            "course_deg": 77.0,
        }
    ]


def test_rows_are_read_without_defect_once_the_identity_is_hashed() -> None:
    rows, _ = Decoder().feed(sentences(), received_at=NOON)
    reading = read_rows("vessel_positions.v1", rows, token_key=b"k" * 32)
    assert reading.defects == []
    assert reading.table.num_rows == 1


@pytest.mark.parametrize(
    ("second", "observed_at"),
    [
        (29, "2026-03-01T12:00:29+00:00"),
        (30, "2026-03-01T12:00:30+00:00"),
        (35, "2026-03-01T12:00:35+00:00"),  # its clock is up to 5 s ahead of ours
        (36, "2026-03-01T11:59:36+00:00"),
        (60, "2026-03-01T12:00:30+00:00"),  # 60 means not available
    ],
)
def test_the_second_of_the_minute_sets_the_time(second: int, observed_at: str) -> None:
    rows, _ = Decoder().feed(sentences(second=second), received_at=NOON)
    assert rows[0]["observed_at"] == observed_at


def test_a_tag_block_tells_when_the_receiver_heard_it() -> None:
    line = b"\\s:1,c:1641168000*1D\\!AIVDM,1,1,,B,15NG6V0P01G?cFhE`R2IU?wn28R>,0*05"
    rows, _ = Decoder().feed([line], received_at=NOON)
    assert rows[0]["observed_at"] == "2022-01-02T23:59:59+00:00"


@pytest.mark.parametrize(
    ("stamp", "observed_at"),
    [
        ("9" * 14, "5138-11-16T09:46:28+00:00"),
        ("9" * 15, "2026-03-01T12:00:28+00:00"),
        ("9" * 30, "2026-03-01T12:00:28+00:00"),
        ("-1", "2026-03-01T12:00:28+00:00"),
    ],
)
def test_a_stamp_of_no_year_is_left_out(stamp: str, observed_at: str) -> None:
    block = f"c:{stamp}"
    line = f"\\{block}*{checksum(block):02X}\\".encode() + sentences()[0]

    rows, _ = Decoder().feed([line], received_at=NOON)

    assert rows[0]["observed_at"] == observed_at


def test_a_message_of_two_parts_is_joined() -> None:
    rows, defects = Decoder().feed(reversed(in_two_parts()), received_at=NOON)

    assert defects == []
    assert [(row["entity"], row["lon"]) for row in rows] == [("mmsi:413000001", 107.01)]


def test_two_messages_may_arrive_interleaved() -> None:
    one = in_two_parts(sequence=3, mmsi=413000001)
    two = in_two_parts(sequence=4, mmsi=413000002)

    rows, _ = Decoder().feed([one[0], two[0], one[1], two[1]], received_at=NOON)

    assert [row["entity"] for row in rows] == ["mmsi:413000001", "mmsi:413000002"]


def test_a_lost_part_is_named_and_the_next_message_is_read() -> None:
    parts = in_two_parts()
    rows, defects = Decoder().feed([parts[0], parts[0], parts[1]], received_at=NOON)
    assert [d.reason for d in defects] == ["incomplete"]
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "not-nmea"),
        (b"!" + b"A" * 2000, "not-nmea"),
        (b"!AIVDM,1,1,,B,15NG6V0P01G?cFhE`R2IU?wn28R>,0*06", "bad-checksum"),
    ],
)
def test_a_bad_line_is_named_and_the_others_go_on(line: bytes, reason: str) -> None:
    rows, defects = Decoder().feed([line, *sentences()], received_at=NOON)

    assert [(d.row, d.field, d.reason) for d in defects] == [(0, "sentence", reason)]
    assert defects[0].remedy
    assert len(rows) == 1


def test_a_transponder_without_a_fix_gives_no_row_and_no_defect() -> None:
    assert Decoder().feed(sentences(lon=181.0, lat=91.0), received_at=NOON) == ([], [])


def test_unknown_speed_and_course_are_unknown() -> None:
    rows, _ = Decoder().feed(sentences(speed=102.3, course=360.0), received_at=NOON)
    assert (rows[0]["speed_kn"], rows[0]["course_deg"]) == (None, None)


def test_names_and_empty_lines_are_passed_over() -> None:
    static = [s.encode() for s in pyais.encode_dict({"msg_type": 5, "mmsi": 413000001})]
    assert Decoder().feed([b"", b"# note", *static], received_at=NOON) == ([], [])


def test_parts_that_never_end_do_not_fill_the_memory() -> None:
    decoder = Decoder()
    lines = [
        in_two_parts(sequence=number % 10, channel=chr(65 + number // 10))[0]
        for number in range(200)
    ]

    _, defects = decoder.feed(lines, received_at=NOON)

    assert {d.reason for d in defects} == {"incomplete"}
    assert len(decoder._parts) <= 64
