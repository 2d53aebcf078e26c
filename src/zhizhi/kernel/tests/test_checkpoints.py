"""A checkpoint is read back as it was written, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.checkpoints import MAGIC, Header, demand, pack, unpack
from zhizhi.kernel.detection import StateCorrupt, StateMismatch

HEADER = Header("fishery.dwell", 3, "0123456789abcdef", "zones-7", 2)
BODY = bytes(range(200))


@given(st.text(max_size=20), st.integers(), st.binary(max_size=300))
def test_what_is_packed_is_unpacked(name: str, version: int, body: bytes) -> None:
    header = Header(name, version, "p", "r", len(body))

    assert unpack(pack(header, body)) == (header, body)


def test_equal_contents_are_equal_bytes() -> None:
    assert pack(HEADER, BODY) == pack(replace(HEADER), bytes(BODY))
    assert pack(HEADER, BODY).startswith(MAGIC)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_never_passes_for_the_same_content(place: int, change: int) -> None:
    raw = bytearray(pack(HEADER, BODY))
    raw[place % len(raw)] ^= change

    try:
        found = unpack(bytes(raw))
    except StateCorrupt:
        return
    assert found[1] == BODY
    assert found[0] != HEADER  # only words of the header may differ; ``demand`` compares these


@pytest.mark.parametrize("length", [0, 3, 4, 7, 8, 20, -1])
def test_bytes_that_are_cut_short_are_refused(length: int) -> None:
    with pytest.raises(StateCorrupt):
        unpack(pack(HEADER, BODY)[:length])


def test_bytes_that_go_on_after_the_end_are_refused() -> None:
    with pytest.raises(StateCorrupt, match=r"fishery\.dwell is damaged or cut short"):
        unpack(pack(HEADER, BODY) + b"x")


@pytest.mark.parametrize(
    ("change", "version", "part"),
    [
        ({"detector": "other"}, 3, "detector 'other', now 'fishery.dwell'"),
        ({"version": 2}, 3, "version 2, now 3"),
        ({"params": "f" * 16}, 3, "parameters 'ffffffffffffffff'"),
        ({}, 4, "recorded version 4, now 3"),
    ],
)
def test_a_checkpoint_of_somebody_else_is_refused_with_both_names(
    change: dict[str, Any], version: int, part: str
) -> None:
    with pytest.raises(StateMismatch, match=part) as refused:
        demand(replace(HEADER, **change), HEADER, version)

    assert "Start again from the journal, or migrate it." in str(refused.value)


@pytest.mark.parametrize("change", [{}, {"ref_version": "zones-8"}, {"rows": 9}])
def test_other_zones_and_another_number_of_stays_are_no_mismatch(change: dict[str, Any]) -> None:
    demand(replace(HEADER, **change), HEADER, 3)
