"""Streams are declared with their versions; what is not declared is refused with a hint."""

from __future__ import annotations

import pyarrow as pa
import pytest

from zhizhi.kernel.streams import STREAMS, UnknownStream, stream_named


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_carries_its_version_in_its_name_and_allows_no_nulls(name: str) -> None:
    stream = STREAMS[name]

    assert stream.name == name
    assert name.rpartition(".")[2].removeprefix("v").isdigit()
    assert stream.meaning.endswith(".")
    assert not any(field.nullable for field in stream.schema)


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_says_who_when_and_how_sure(name: str) -> None:
    schema = STREAMS[name].schema

    assert [schema.field(n).type for n in ("entity", "time_us", "flags")] == [
        pa.int64(), pa.int64(), pa.uint8(),
    ]  # fmt: skip


def test_a_camera_stream_tells_a_zone_and_neither_place_nor_identity() -> None:
    stream = STREAMS["zone_occupancy.v1"]

    assert not stream.has_position
    assert {"lon", "lat"}.isdisjoint(stream.schema.names)
    assert stream.accepts == ("camera", "track", "zone", "observed_at", "time_us")


def test_a_stream_of_tags_takes_what_a_reader_knows_and_no_place() -> None:
    stream = STREAMS["tag_sightings.v1"]

    assert stream.is_matched
    assert not stream.has_position
    assert stream.accepts == ("tag", "reader", "observed_at", "time_us")


def test_a_position_stream_accepts_what_is_measured_beside_the_place() -> None:
    stream = STREAMS["vessel_positions.v1"]

    assert stream.has_position
    assert stream.accepts == (
        "entity", "observed_at", "lon", "lat", "time_us", "accuracy_m", "speed_kn", "course_deg",
    )  # fmt: skip


def test_a_declared_stream_is_found_by_its_name_and_by_itself() -> None:
    stream = STREAMS["shore_positions.v1"]

    assert stream_named("shore_positions.v1") is stream
    assert stream_named(stream) is stream


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("vessel_positions.v2", "this version is not known, send vessel_positions.v1"),
        ("vessel_positions", "check the name"),
        (".v1", "check the name"),
        ("", "check the name"),
    ],
)
def test_an_undeclared_stream_is_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UnknownStream, match=hint) as caught:
        stream_named(name)

    assert all(known in str(caught.value) for known in STREAMS)
