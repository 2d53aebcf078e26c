"""Columns of whatever a sender wrote become numbers, each with a fault code beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel import columns
from zhizhi.kernel.columns import (
    BAD_ENTITY,
    BAD_TIME,
    GOOD,
    MISSING,
    NO_ZONE,
    NOT_A_NUMBER,
    OUT_OF_RANGE,
    TOO_LONG,
)

KEY = b"only for tests"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 3]),
        pa.array([1.0, None, 3.0], pa.float32()),
        pa.array([Decimal("1.0"), None, Decimal("3.0")]),
        pa.array(["1", "", "3.0"]),
        pa.array([" 1e0 ", None, "+3"], pa.large_string()),
        pa.array(["1", None, "3"]).dictionary_encode(),
        pa.chunked_array([[1], [None, 3]]),
    ],
)
def test_numbers_are_read_from_every_type_that_holds_them(column: columns.Column) -> None:
    checked = columns.numbers(column)

    assert checked.fault.tolist() == [GOOD, MISSING, GOOD]
    assert checked.values[[0, 2]].tolist() == [1.0, 3.0]


@pytest.mark.parametrize("text", ["1,5", "0x10", "1_000", "nan", "inf", "one", "1.2.3", "1e", "."])
def test_text_that_is_no_finite_number_is_refused(text: str) -> None:
    assert columns.numbers(pa.array([text, "7"])).fault.tolist() == [NOT_A_NUMBER, GOOD]


@pytest.mark.parametrize("column", [pa.array([True]), pa.array([[1]]), pa.array([{"a": 1}])])
def test_a_column_of_another_kind_is_no_column_of_numbers(column: columns.Column) -> None:
    assert columns.numbers(column).fault.tolist() == [NOT_A_NUMBER]


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=20))
def test_text_and_numbers_are_read_alike(values: list[float | None]) -> None:
    as_numbers = columns.numbers(pa.array(values, pa.float64()))
    as_text = columns.numbers(pa.array([None if v is None else repr(v) for v in values]))

    assert as_text.fault.tolist() == as_numbers.fault.tolist()
    good = as_numbers.fault == GOOD
    assert as_text.values[good].tolist() == as_numbers.values[good].tolist()


@pytest.mark.parametrize(("length", "fault"), [(63, GOOD), (64, GOOD), (65, TOO_LONG)])
def test_a_name_has_at_most_so_many_characters(length: int, fault: int) -> None:
    _, faults = columns.texts(pa.array(["河" * length]), 64)

    assert faults.tolist() == [fault]


def test_names_are_trimmed_and_numbers_spell_their_names() -> None:
    text, _ = columns.texts(pa.array([" C1 ", "C2"]), 64)
    spelt, faults = columns.texts(pa.array([7, None]), 64)
    _, refused = columns.texts(pa.array([1.5]), 64)

    assert text.to_pylist() == ["C1", "C2"]
    assert (spelt[0].as_py(), faults.tolist()) == ("7", [GOOD, MISSING])
    assert refused.tolist() == [NOT_A_NUMBER]


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (pa.array([2**63 - 1], pa.uint64()), GOOD),
        (pa.array([2**63], pa.uint64()), OUT_OF_RANGE),
        (pa.array([None], pa.int64()), MISSING),
        (pa.array([1.0]), BAD_ENTITY),
        (pa.array([None]), MISSING),
        (pa.array(["  "]), MISSING),
        (pa.array(["a"]), GOOD),
    ],
)
def test_an_entity_is_a_whole_number_or_text(column: columns.Column, fault: int) -> None:
    assert columns.tokens(column, stream="s", key=KEY).fault.tolist() == [fault]


def test_equal_text_gives_equal_tokens_however_the_column_is_laid_out() -> None:
    plain = columns.tokens(pa.array(["a", "b", "a", None]), stream="s", key=KEY)
    coded = columns.tokens(pa.array(["a", "b", "a", None]).dictionary_encode(), stream="s", key=KEY)
    one_by_one = columns.tokens_from_values(["a", "b", "a", None], stream="s", key=KEY)

    assert plain.values.tolist() == coded.values.tolist() == one_by_one.values.tolist()
    assert plain.values[0] == plain.values[2] != plain.values[1]


moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - zone below
zones = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
    lambda offset: timedelta(minutes=offset // timedelta(minutes=1))
)


@given(moments, zones)
def test_a_written_moment_is_the_moment(local: datetime, offset: timedelta) -> None:
    sign, minutes = "-" if offset < timedelta() else "+", abs(offset) // timedelta(minutes=1)
    text = f"{local.isoformat()}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    expected = (local.replace(tzinfo=UTC) - offset - EPOCH) // timedelta(microseconds=1)

    checked = columns.moments(pa.array([text]))

    assert (checked.fault.tolist(), checked.values.tolist()) == ([GOOD], [expected])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2026-03-01T12:00:00", NO_ZONE),
        ("2026-03-01", NO_ZONE),
        ("2026-03-01T12:00:00+8", BAD_TIME),
        ("2026-02-29T12:00:00Z", BAD_TIME),
        ("2026-03-01T24:00:01Z", BAD_TIME),
        ("01.03.2026 12:00Z", BAD_TIME),
        ("1772337600", BAD_TIME),
        ("", MISSING),
    ],
)
def test_what_is_no_moment_is_named(text: str, fault: int) -> None:
    checked = columns.moments(pa.array([text, "2026-03-01T12:00:00Z"]))

    assert checked.fault.tolist() == [fault, GOOD]
    assert checked.values[1] == 1_772_366_400_000_000


UNITS = (pa.timestamp("s", "UTC"), pa.timestamp("ms", "UTC"), pa.timestamp("ns", "UTC"))


@pytest.mark.parametrize("kind", UNITS)
def test_arrow_timestamps_of_every_unit_are_read(kind: pa.DataType) -> None:
    column = pa.array([datetime(2026, 3, 1, 4, tzinfo=UTC), None], kind)

    checked = columns.moments(column)

    assert checked.fault.tolist() == [GOOD, MISSING]
    assert checked.values[0] == 1_772_337_600_000_000


@pytest.mark.parametrize(
    ("column", "fault"),
    [(pa.array([5]), GOOD), (pa.array([5.0]), BAD_TIME), (pa.array(["5"]), BAD_TIME),
     (pa.array([None]), MISSING)],
)  # fmt: skip
def test_microseconds_are_whole_numbers(column: columns.Column, fault: int) -> None:
    assert columns.microseconds(column).fault.tolist() == [fault]


@given(st.lists(st.one_of(st.integers(), st.text(max_size=3), st.none(), st.floats())))
def test_values_of_any_mixture_become_one_column(values: list[object]) -> None:
    assert len(columns.from_values(values)) == len(values)


def test_a_frozen_column_is_contiguous_read_only_and_copied_only_if_it_must() -> None:
    whole = np.arange(10.0)

    same, strided = columns.frozen(whole, np.float64), columns.frozen(whole[::2], np.float64)

    assert np.shares_memory(same, whole)
    assert not same.flags.writeable
    assert whole.flags.writeable
    assert strided.flags.c_contiguous
    assert columns.frozen([1, 2], np.float32).dtype == np.float32
