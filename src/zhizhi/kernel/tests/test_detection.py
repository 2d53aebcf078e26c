"""Shards, identities and batches are the same today, tomorrow and on every machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.detection import (
    FINDING_SCHEMA,
    VIRTUAL_SHARDS,
    finding_id,
    params_hash,
    shard_of,
)
from zhizhi.kernel.dwell import Dwell
from zhizhi.kernel.tests.dwell_worlds import EIGHT, batch_of

MASK = 2**64 - 1


def splitmix64(token: int) -> int:
    """G. L. Steele, D. Lea and C. H. Flood, 2014, in whole numbers of Python."""
    x = (token + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_a_shard_is_the_splitmix64_of_the_token(tokens: list[int]) -> None:
    expected = [splitmix64(token & MASK) % VIRTUAL_SHARDS for token in tokens]

    assert shard_of(np.array(tokens, np.int64)).tolist() == expected


def test_shards_are_evenly_filled_even_by_tokens_in_a_row() -> None:
    filled = np.bincount(shard_of(np.arange(256_000)), minlength=VIRTUAL_SHARDS)

    assert filled.min() > 850
    assert filled.max() < 1_150


def test_an_identity_is_fixed_for_ever() -> None:
    known = finding_id("dwell", 1, -7, "Z1", EIGHT)

    assert known.hex() == KNOWN
    assert len(known) == 16


KNOWN = "d914679e27dad09cdd603b7fa86aa5ff"


@pytest.mark.parametrize(
    "other",
    [("dwell2", 1, -7, "Z1", EIGHT), ("dwell", 2, -7, "Z1", EIGHT), ("dwell", 1, 7, "Z1", EIGHT),
     ("dwell", 1, -7, "Z2", EIGHT), ("dwell", 1, -7, "Z1", EIGHT + 1)],
)  # fmt: skip
def test_another_finding_has_another_identity(other: tuple[str, int, int, str, int]) -> None:
    assert finding_id(*other) != finding_id("dwell", 1, -7, "Z1", EIGHT)


def test_a_finding_leaves_no_column_open() -> None:
    assert [field.name for field in FINDING_SCHEMA if field.nullable] == []


def test_the_hash_of_the_parameters_changes_with_any_of_them() -> None:
    variants = [Dwell(), Dwell(limit=timedelta(minutes=29)), Dwell(code="x"), Dwell(version=2),
                Dwell(enter_margin_m=14.0), Dwell(reads=())]  # fmt: skip

    assert len({params_hash(detector) for detector in variants}) == len(variants)
    assert params_hash(Dwell()) == params_hash(replace(Dwell()))


def test_rows_are_taken_by_position_and_by_mask_with_all_their_columns() -> None:
    batch = replace(
        batch_of([1, 2, 3], [EIGHT, EIGHT + 1, EIGHT + 2], [0, 10, 20], 5),
        zone=np.array([1, -1, 0], np.int32), zone_keys=("A", "B"),
    )  # fmt: skip

    by_position, by_mask = batch.take(np.array([2, 0])), batch.take(np.array([True, False, True]))

    assert by_position.entity.tolist() == [3, 1]
    assert by_mask.zone.tolist() == [1, 0]
    for name in ("time_us", "arrival_us", "lon", "lat", "accuracy_m", "flags", "offset", "row"):
        taken, whole = getattr(by_position, name), getattr(batch, name)
        assert taken.tolist() == whole[[2, 0]].tolist(), name
    assert by_position.zone_keys == ("A", "B")
