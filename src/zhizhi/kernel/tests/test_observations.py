from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel import columns
from zhizhi.kernel.observations import (
    STREAMS,
    Defect,
    Reading,
    TokenKeyMissing,
    UnknownStream,
    hash_token,
    read_rows,
    read_table,
    to_batch,
)

VESSELS = "vessel_positions.v1"
CAMERAS = "zone_occupancy.v1"
NOON = "2026-03-01T12:00:00+08:00"
NOON_US = 1_772_337_600_000_000
DISTRICT = (107.0, 29.3, 107.8, 30.0)
SECOND_US, DAY_US = 1_000_000, 86_400_000_000
KEY = b"only for tests"


def row(**changes: object) -> dict[str, object]:
    return {"entity": 7, "observed_at": NOON, "lon": 107.4, "lat": 29.7, **changes}


def sight(**changes: object) -> dict[str, object]:
    return {"camera": "C1", "track": "t9", "zone": "Z1", "observed_at": NOON, **changes}


def only_defect(reading: Reading) -> Defect:
    (defect,) = reading.defects
    return defect


def refused(change: dict[str, object], **context: object) -> tuple[str, str]:
    """Return field and reason of a bad row between two good ones, which must both survive."""
    rows = [row(entity=1), row(**change), row(entity=3)]
    reading = read_rows(VESSELS, rows, token_key=KEY, **context)  # type: ignore[arg-type]
    assert reading.table.column("entity").to_pylist() == [1, 3]
    assert reading.refused == 1
    defect = only_defect(reading)
    assert (defect.row, bool(defect.remedy)) == (1, True)
    return defect.field, defect.reason


def test_a_good_row_becomes_the_declared_columns() -> None:
    reading = read_rows(VESSELS, [row(accuracy_m=12, speed_kn=3.5)])

    assert reading.defects == []
    assert reading.table.schema == STREAMS[VESSELS].schema
    stored = reading.table.to_pylist()[0]
    assert np.isnan(stored.pop("course_deg"))
    assert stored == {
        "entity": 7, "time_us": NOON_US, "lon": 107.4, "lat": 29.7, "accuracy_m": 12.0,
        "speed_kn": 3.5, "flags": 0,
    }  # fmt: skip


@pytest.mark.parametrize("name", list(STREAMS))
def test_no_rows_give_an_empty_table_of_the_schema(name: str) -> None:
    assert read_rows(name, []).table.schema == STREAMS[name].schema
    empty = read_table(name, pa.table({"observed_at": pa.array([], pa.string())}))
    assert (empty.table.num_rows, empty.defects) == (0, [])


@pytest.mark.parametrize(
    ("name", "hint"),
    [("vessel_positions.v9", "send vessel_positions.v1"), ("weather.v1", "check the name")],
)
def test_an_unknown_stream_or_version_names_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(UnknownStream) as caught:
        read_rows(name, [])

    assert hint in str(caught.value)
    assert caught.value.known == (
        "reports.v1", "shore_positions.v1", "tag_sightings.v1", "vessel_positions.v1",
        "zone_occupancy.v1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"entity": None}, "entity", "missing"),
        ({"entity": "  "}, "entity", "missing"),
        ({"entity": 1.5}, "entity", "bad-entity"),
        ({"entity": True}, "entity", "bad-entity"),
        ({"entity": [1]}, "entity", "bad-entity"),
        ({"entity": 2**63}, "entity", "out-of-range"),
        ({"lon": None}, "lon", "missing"),
        ({"lon": ""}, "lon", "missing"),
        ({"lon": "east"}, "lon", "not-a-number"),
        ({"lon": "nan"}, "lon", "not-a-number"),
        ({"lon": float("nan")}, "lon", "not-a-number"),
        ({"lat": float("inf")}, "lat", "not-a-number"),
        ({"lat": "1e999"}, "lat", "not-a-number"),
        ({"lat": {"deg": 29}}, "lat", "not-a-number"),
        ({"lon": 180.000001}, "lon", "out-of-range"),
        ({"lat": -90.000001}, "lat", "out-of-range"),
        ({"lon": 29.7, "lat": 107.4}, "lon", "swapped"),
        ({"observed_at": None}, "observed_at", "missing"),
        ({"observed_at": "2026-03-01T12:00:00"}, "observed_at", "no-zone"),
        ({"observed_at": "2026-03-01"}, "observed_at", "no-zone"),
        ({"observed_at": "2026-02-30T12:00:00Z"}, "observed_at", "bad-time"),
        ({"observed_at": "noon"}, "observed_at", "bad-time"),
        ({"observed_at": 1772337600}, "observed_at", "bad-time"),
        ({"observed_at": "1970-01-01T00:00:00Z"}, "observed_at", "stale"),
        ({"observed_at": "1969-12-31T23:59:59Z"}, "observed_at", "stale"),
        ({"accuracy_m": -1}, "accuracy_m", "out-of-range"),
        ({"accuracy_m": float("inf")}, "accuracy_m", "not-a-number"),
        ({"speed_kn": "fast"}, "speed_kn", "not-a-number"),
        ({"course_deg": 360.5}, "course_deg", "out-of-range"),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_go_on(
    change: dict[str, object], field: str, reason: str
) -> None:
    assert refused(change) == (field, reason)


def test_a_row_that_is_no_object_is_named() -> None:
    reading = read_rows(VESSELS, [row(), 7, row(entity=8)])  # type: ignore[list-item]

    assert reading.table.num_rows == 2
    assert (only_defect(reading).row, only_defect(reading).reason) == (1, "not-an-object")


def test_a_row_with_several_faults_has_one_defect() -> None:
    reading = read_rows(VESSELS, [row(entity=None, lon="x", lat="y", observed_at="z")])

    assert only_defect(reading).field == "entity"


@pytest.mark.parametrize("lon", [-180, 180])
@pytest.mark.parametrize("lat", [-90, 90])
def test_the_ends_of_the_ranges_are_accepted(lon: float, lat: float) -> None:
    assert read_rows(VESSELS, [row(lon=lon, lat=lat)]).defects == []


@pytest.mark.parametrize(
    ("lon", "lat", "reasons"),
    [
        (107.4, 29.7, []),  # inside
        (29.7, 107.4, ["swapped"]),  # out of range as it stands
        (120.0, 31.0, []),  # outside, and exchanging does not help
        (108.5, 29.7, []),  # just outside
    ],
)
def test_swapped_is_said_where_exchanging_leads_into_the_district(
    lon: float, lat: float, reasons: list[str]
) -> None:
    reading = read_rows(VESSELS, [row(lon=lon, lat=lat)], bounds=DISTRICT)

    assert [defect.reason for defect in reading.defects] == reasons


def test_bounds_tell_swapped_where_both_orders_are_on_the_globe() -> None:
    lisbon_way_round = row(lon=38.7, lat=-9.1)

    assert read_rows(VESSELS, [lisbon_way_round]).defects == []
    near_lisbon = (-9.5, 38.4, -8.8, 39.0)
    reading = read_rows(VESSELS, [lisbon_way_round], bounds=near_lisbon)
    assert only_defect(reading).reason == "swapped"


@pytest.mark.parametrize(
    ("seconds", "reasons"), [(59, []), (60, []), (61, ["future"]), (10**9, ["future"])]
)
def test_more_than_a_minute_after_arrival_is_the_future(seconds: int, reasons: list[str]) -> None:
    late = {**row(), "time_us": NOON_US + seconds * SECOND_US}
    del late["observed_at"]

    reading = read_rows(VESSELS, [late], arrival_us=NOON_US)

    assert [d.reason for d in reading.defects] == reasons


@pytest.mark.parametrize(("after", "reasons"), [(1, []), (0, []), (-1, ["stale"])])
def test_older_than_thirty_days_at_arrival_is_stale(after: int, reasons: list[str]) -> None:
    old = row(time_us=NOON_US - 30 * DAY_US + after)
    del old["observed_at"]

    reading = read_rows(VESSELS, [old], arrival_us=NOON_US)

    assert [d.reason for d in reading.defects] == reasons


def test_history_is_accepted_when_no_row_counts_as_stale() -> None:
    reading = read_rows(VESSELS, [row()], arrival_us=NOON_US + 900 * DAY_US, stale_after=None)
    shorter = read_rows(
        VESSELS, [row()], arrival_us=NOON_US + 2 * DAY_US, stale_after=timedelta(days=1)
    )

    assert reading.defects == []
    assert only_defect(shorter).reason == "stale"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T04:00:00Z",
        "2026-03-01t04:00:00z",
        "2026-03-01 04:00:00+00:00",
        "2026-03-01T12:00:00.000000999+0800",
        "2026-03-01T12:00+08:00",
        "2026-02-28T22:30:00,0-05:30",
    ],
)
def test_every_way_to_write_a_moment_with_its_offset_is_read(text: str) -> None:
    reading = read_rows(VESSELS, [row(observed_at=text), row(observed_at="nonsense")])

    assert reading.table.column("time_us").to_pylist() == [NOON_US]
    assert only_defect(reading).row == 1


def test_an_impossible_date_does_not_spoil_the_moments_beside_it() -> None:
    texts = [NOON, "2026-02-30T00:00:00Z", "2026-03-01T12:00:00.25+08:00"]

    reading = read_rows(VESSELS, [row(observed_at=text) for text in texts])

    assert reading.table.column("time_us").to_pylist() == [NOON_US, NOON_US + 250_000]
    assert only_defect(reading).reason == "bad-time"


def test_an_undeclared_field_is_reported_once_and_never_kept() -> None:
    rows = [row(name="Zhang", phone="1"), row(name="Li")]

    reading = read_rows(VESSELS, rows)

    assert [(d.row, d.field, d.reason, d.raw) for d in reading.defects] == [
        (-1, "name", "unknown-field", ""), (-1, "phone", "unknown-field", ""),
    ]  # fmt: skip
    assert (reading.table.num_rows, reading.refused) == (2, 0)
    assert "name" not in reading.table.column_names


def test_a_table_without_a_wanted_column_is_refused_as_a_whole() -> None:
    reading = read_table(VESSELS, pa.table({"entity": [1, 2], "lon": [107.0, 107.0]}))

    assert [(d.row, d.field, d.reason) for d in reading.defects] == [
        (-1, "observed_at", "missing"), (-1, "lat", "missing"),
    ]  # fmt: skip
    assert (reading.table.num_rows, reading.refused) == (0, 2)


def test_arrow_timestamps_need_a_zone() -> None:
    columns = {"entity": [1], "lon": [107.4], "lat": [29.7]}
    moment = datetime(2026, 3, 1, 4, tzinfo=UTC)
    zoned = pa.table({**columns, "observed_at": pa.array([moment], pa.timestamp("ms", "UTC"))})
    local = zoned.set_column(
        3, "observed_at", pa.array([moment.replace(tzinfo=None)], pa.timestamp("us"))
    )

    assert read_table(VESSELS, zoned).table.column("time_us").to_pylist() == [NOON_US]
    assert only_defect(read_table(VESSELS, local)).reason == "no-zone"


def test_time_us_wins_over_observed_at() -> None:
    reading = read_rows(VESSELS, [row(time_us=NOON_US + 5)])

    assert reading.table.column("time_us").to_pylist() == [NOON_US + 5]
    assert [(d.field, d.reason) for d in reading.defects] == [("observed_at", "unknown-field")]


def test_text_entities_become_tokens_and_never_show_in_a_defect() -> None:
    rows = [row(entity="phone-1"), row(entity="phone-2", lon="x"), row(entity=5)]

    reading = read_rows(VESSELS, rows, token_key=KEY)

    assert reading.table.column("entity").to_pylist() == [hash_token(KEY, VESSELS, "phone-1"), 5]
    raw = json.loads(only_defect(reading).raw)
    assert raw["entity"] == f"token {hash_token(KEY, VESSELS, 'phone-2')}"
    assert "phone-2" not in only_defect(reading).raw


def test_a_blank_entity_does_not_show_somebody_elses_token() -> None:
    reading = read_rows(VESSELS, [row(entity="phone-1"), row(entity=" ")], token_key=KEY)

    assert json.loads(only_defect(reading).raw)["entity"] == "token 0"


def test_tokens_depend_on_key_stream_and_text_alone() -> None:
    token = hash_token(KEY, VESSELS, "a")

    assert token == hash_token(KEY, VESSELS, "a")
    others = [(b"another key", VESSELS, "a"), (KEY, CAMERAS, "a"), (KEY, VESSELS, "b")]
    assert token not in [hash_token(*other) for other in others]
    assert hash_token(b"x" * 65, VESSELS, "a") != hash_token(b"x" * 64, VESSELS, "a")


def test_text_entities_without_a_key_are_refused_aloud() -> None:
    with pytest.raises(TokenKeyMissing, match="Give the key"):
        read_rows(VESSELS, [row(entity="phone-1")])


def test_a_long_value_is_cut_in_the_defect() -> None:
    reading = read_rows(VESSELS, [row(lon="9" * 500 + "x")])

    assert len(only_defect(reading).raw) < 300


def test_a_camera_names_a_zone_and_no_place() -> None:
    rows = [sight(), sight(track=9), sight(zone=""), sight(camera="C" * 65)]

    reading = read_rows(CAMERAS, rows, token_key=KEY)

    assert reading.table.column("zone").to_pylist() == ["Z1", "Z1"]
    first, second = reading.table.column("entity").to_pylist()
    assert first == hash_token(KEY, CAMERAS, "C1\x1ft9")
    assert second == hash_token(KEY, CAMERAS, "C1\x1f9")
    assert [(d.row, d.field, d.reason) for d in reading.defects] == [
        (2, "zone", "missing"), (3, "camera", "too-long"),
    ]  # fmt: skip


def test_a_batch_carries_offset_arrival_and_row_of_each_observation() -> None:
    table = read_rows(VESSELS, [row(), row(entity=8)]).table

    batch = to_batch(VESSELS, table, offset=41, arrival_us=NOON_US + 9)

    assert batch.entity.tolist() == [7, 8]
    assert batch.offset.tolist() == [41, 41]
    assert batch.row.tolist() == [0, 1]
    assert batch.arrival_us.tolist() == [NOON_US + 9] * 2
    assert (len(batch.zone), batch.zone_keys) == (0, ())


def test_a_batch_of_cameras_indexes_the_zones_it_names() -> None:
    table = read_rows(CAMERAS, [sight(zone="B"), sight(zone="A")], token_key=KEY).table

    batch = to_batch(CAMERAS, table, offset=1, arrival_us=NOON_US)

    assert (batch.zone.tolist(), batch.zone_keys) == ([1, 0], ("A", "B"))
    assert np.isnan(batch.lon).all()


def test_good_columns_are_not_copied() -> None:
    lon = np.array([107.4, 107.5])
    table = pa.table({"entity": [1, 2], "time_us": [NOON_US] * 2, "lon": lon, "lat": lon - 78})

    batch = to_batch(VESSELS, read_table(VESSELS, table).table, offset=1, arrival_us=NOON_US)

    assert np.shares_memory(batch.lon, table.column("lon").to_numpy())


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers()),
    st.sampled_from([NOON, "2026-02-30T00:00:00Z", "107.4", 29.7, 107.4]),
)  # fmt: skip
any_row = st.dictionaries(
    st.sampled_from(["entity", "observed_at", "time_us", "lon", "lat", "accuracy_m", "x"]), anything
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(any_row, st.just(row())), max_size=6))
def test_whatever_is_sent_every_row_is_either_stored_or_named(
    rows: list[dict[str, object]],
) -> None:
    reading = read_rows(VESSELS, rows, token_key=KEY, arrival_us=NOON_US)

    assert reading.table.num_rows + reading.refused == len(rows)
    named = [defect.row for defect in reading.defects if defect.row >= 0]
    assert len(named) == len(set(named)) == reading.refused
    stored = reading.table
    assert np.isfinite(stored.column("lon").to_numpy()).all()
    assert (np.abs(stored.column("lat").to_numpy()) <= 90).all()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1), st.floats(-200, 200), st.floats(-100, 100),
            st.integers(0, 2 * NOON_US),
        ),
        min_size=1,
    )
)  # fmt: skip
def test_rows_and_tables_are_judged_alike(values: list[tuple[int, float, float, int]]) -> None:
    names = ("entity", "lon", "lat", "time_us")
    rows = [dict(zip(names, value, strict=True)) for value in values]

    from_rows = read_rows(VESSELS, rows, arrival_us=NOON_US, bounds=DISTRICT)
    table = pa.table({name: [row[name] for row in rows] for name in names})
    from_table = read_table(VESSELS, table, arrival_us=NOON_US, bounds=DISTRICT)

    assert from_rows.table.drop(["accuracy_m", "speed_kn", "course_deg"]) == from_table.table.drop(
        ["accuracy_m", "speed_kn", "course_deg"]
    )
    assert from_rows.defects == from_table.defects


def test_few_moments_are_read_as_many_are() -> None:
    texts = [
        "2026-03-01T08:00:00+08:00", "2026-03-01t08:00:00.123456789z", "2026-03-01 08:00+0800",
        "2026-03-01T08:00:00,5Z", "2026-02-30T08:00:00Z", "2026-03-01T08:00:00", "2026-03-01",
        "2026-03-01T24:00:00Z", "2026-03-01T08:00:60Z", "yesterday", " 2026-03-01T08:00:00Z ",
        "٢٠٢٦-03-01T08:00:00Z", "", None, "2026-03-01T08:00:00Z\nx", "1969-12-31T23:59:59.999999Z",
    ]  # fmt: skip

    few = columns.moments(pa.array(texts, pa.string()))
    many = columns.moments(pa.array(texts * 3, pa.string()))

    assert len(texts) <= columns._FEW < 3 * len(texts)
    assert many.fault.tolist() == few.fault.tolist() * 3
    assert many.values.tolist() == few.values.tolist() * 3


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 3], pa.int64()),
        ([1.5, None], pa.float64()),
        ([1, 2.5], pa.float64()),
        (["a", None], pa.string()),
        ([None], pa.null()),
        ([True, False], pa.bool_()),
        ([2**63], pa.string()),
        ([2**70, 1], pa.string()),
        ([1, "a"], pa.string()),
    ],
)
def test_values_keep_their_type_or_all_become_text(values: list[Any], kind: pa.DataType) -> None:
    assert columns.from_values(values).type == kind
