"""The reader of one envelope: the first fault of a row counts, whole columns are named once."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from zhizhi.kernel import columns
from zhizhi.kernel.checking import WHOLE_TABLE, Checks, Reader, Reading
from zhizhi.kernel.streams import STREAMS

STREAM = STREAMS["vessel_positions.v1"]
US = 1_772_337_600_000_000


def reader(rows: int = 2, **changes: object) -> Reader:
    sent = {
        "entity": pa.array([7] * rows), "time_us": pa.array([US] * rows),
        "lon": pa.array([107.4] * rows), "lat": pa.array([29.7] * rows), **changes,
    }  # fmt: skip
    return Reader(STREAM, sent, rows, Checks())


def reasons(reading: Reading) -> list[tuple[int, str, str]]:
    return [(defect.row, defect.field, defect.reason) for defect in reading.defects]


def test_the_first_fault_of_a_row_is_kept() -> None:
    one = reader()

    one.refuse("lon", np.array([columns.MISSING, columns.GOOD]))
    one.refuse("lat", np.array([columns.STALE, columns.STALE]))

    assert one.fault.tolist() == [columns.MISSING, columns.STALE]
    assert [one.fields[f] for f in one.field] == ["lon", "lat"]


def test_a_better_explanation_replaces_the_first_fault() -> None:
    one = reader()
    one.refuse("lat", np.array([columns.OUT_OF_RANGE, columns.GOOD]))

    one.refuse("lon", np.array([columns.SWAPPED, columns.GOOD]), instead=True)

    assert one.fault.tolist() == [columns.SWAPPED, columns.GOOD]


def test_an_unknown_column_is_named_once_and_refuses_no_row() -> None:
    reading = reader().read(unknown=["colour", "x" * 99])

    assert reasons(reading) == [
        (WHOLE_TABLE, "colour", "unknown-field"), (WHOLE_TABLE, "x" * 40, "unknown-field"),
    ]  # fmt: skip
    assert (reading.refused, reading.table.num_rows) == (0, 2)


def test_good_rows_go_on_and_the_others_are_named_in_their_order() -> None:
    reading = reader(4, lon=pa.array([107.4, None, 300.0, 107.5])).read()

    assert reasons(reading) == [(1, "lon", "missing"), (2, "lon", "out-of-range")]
    assert reading.table.column("lon").to_pylist() == [107.4, 107.5]
    assert reading.table.schema == STREAM.schema


@pytest.mark.parametrize(("value", "is_kept"), [(-0.1, 0), (0.0, 1), (1_000.0, 1), (1_000.1, 0)])
def test_a_measured_value_lies_within_its_declared_range(value: float, is_kept: int) -> None:
    reading = reader(1, speed_kn=pa.array([value])).read()

    assert reading.table.num_rows == is_kept


@pytest.mark.parametrize("column", [pa.array([None], pa.float64()), pa.array([float("nan")])])
def test_an_unknown_measured_value_is_unknown_and_no_fault(column: columns.Column) -> None:
    reading = reader(1, accuracy_m=column).read()

    assert np.isnan(reading.table.column("accuracy_m")[0].as_py())


def test_what_is_quoted_of_a_row_is_json_and_short() -> None:
    reading = reader(1, lon=pa.array(["9" * 300])).read()

    quoted = json.loads(reading.defects[0].raw)
    assert quoted == {"entity": 7, "time_us": US, "lon": "9" * 40, "lat": 29.7}
