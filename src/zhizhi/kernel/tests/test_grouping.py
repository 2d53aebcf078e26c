from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.grouping import Rows, read_together
from zhizhi.kernel.observations import Reading, read_rows

VESSELS = "vessel_positions.v1"
NOON = "2026-03-01T12:00:00+08:00"
NOON_US = 1_772_337_600_000_000
KEY = b"only for tests"


def row(**changes: object) -> dict[str, object]:
    return {"entity": 7, "observed_at": NOON, "lon": 107.4, "lat": 29.7, **changes}


class Passes:
    """Reads rows and remembers how many there were in each pass."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, rows: Rows) -> Reading:
        self.sizes.append(len(rows))
        bounds = (107.0, 29.3, 107.8, 30.0)
        sent: Sequence[Any] = rows
        return read_rows(VESSELS, sent, token_key=KEY, arrival_us=NOON_US, bounds=bounds)


def same(one: Reading, other: Reading) -> bool:
    return bool(
        one.table.schema == other.table.schema
        and repr(one.table.to_pylist()) == repr(other.table.to_pylist())  # unknown is NaN
        and one.defects == other.defects
        and one.refused == other.refused
    )


def test_envelopes_of_one_shape_are_read_in_one_pass() -> None:
    read = Passes()

    first, second = read_together([[row(entity=1), row(entity=2)], [row(entity=3)]], read)

    assert read.sizes == [3]
    assert first.table.column("entity").to_pylist() == [1, 2]
    assert second.table.column("entity").to_pylist() == [3]


def test_whole_numbers_and_fractions_are_one_shape() -> None:
    read = Passes()

    readings = read_together([[row(lon=107)], [row(lon=107.25)]], read)

    assert read.sizes == [2]
    assert [one.table.column("lon").to_pylist() for one in readings] == [[107.0], [107.25]]


@pytest.mark.parametrize(
    "others",
    [
        [[row(speed_kn=2.0)]],
        [[row(entity="boat")]],
        [[row(), row(speed_kn=2.0)]],
        [["no object"]],
        [[]],
        [[{"lat": 29.7, "lon": 107.4, "entity": 7, "observed_at": NOON}]],
    ],
)
def test_other_fields_or_types_are_read_apart(others: list[Rows]) -> None:
    read = Passes()

    readings = read_together([[row()], *others], read)

    assert len(read.sizes) == 2
    assert all(
        same(one, Passes()(rows)) for one, rows in zip(readings, [[row()], *others], strict=True)
    )


def test_a_refused_row_makes_every_envelope_be_read_by_itself() -> None:
    read = Passes()

    readings = read_together([[row()], [row(lat=95.0)], [row(), row()]], read)

    assert read.sizes == [4, 1, 1, 2]
    assert [one.refused for one in readings] == [0, 1, 0]
    assert [one.table.num_rows for one in readings] == [1, 0, 2]


def test_a_number_beyond_64_bits_spoils_nobody_elses_time() -> None:
    def timed(time_us: int) -> dict[str, object]:
        return {"entity": 7, "time_us": time_us, "lon": 107.4, "lat": 29.7}

    good, bad = read_together([[timed(NOON_US)], [timed(1 << 70)]], Passes())

    assert (good.refused, bad.refused) == (0, 1)


def test_an_unknown_field_is_told_to_each_sender() -> None:
    readings = read_together([[row(colour="red")], [row(colour="blue")]], Passes())

    assert [[one.field for one in reading.defects] for reading in readings] == [["colour"]] * 2


def test_no_envelopes_are_no_readings() -> None:
    assert read_together([], Passes()) == []


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "entity": st.sampled_from([7, -1, 1 << 63, 1 << 70, "boat", "", " x ", None, 1.5, True]),
    "observed_at": st.sampled_from([NOON, "2026-03-01T04:00:00Z", "2026-02-30T04:00:00Z", "", 5]),
    "time_us": st.sampled_from([NOON_US, NOON_US - 1, 1 << 70, 1.5, "x"]),
    "lon": st.sampled_from([107, 107.4, 29.7, 200.0, "107.5", None, float("nan"), [1]]),
    "lat": st.sampled_from([29.7, 29, 107.4, "29.6", {}]),
    "speed_kn": st.sampled_from([0, 3.5, -1, 10**30, None, "4"]),
    "colour": st.sampled_from(["red", 3, [1]]),
}
ROWS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {name: VALUES[name] for name in ("entity", "observed_at", "lon", "lat")},
            optional={name: VALUES[name] for name in ("speed_kn", "colour", "time_us")},
        ),
        st.just(row()),
        st.sampled_from([None, 5, "text"]),
    ),
    max_size=3,
)


@given(st.lists(ROWS, max_size=5))
def test_together_and_alone_are_the_same(envelopes: Sequence[Rows]) -> None:
    readings = read_together(envelopes, Passes())

    for reading, rows in zip(readings, envelopes, strict=True):
        assert same(reading, Passes()(rows))
