"""Templates are found however they were written, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel import traces
from zhizhi.kernel.traces import NUMBERS, template_places


def template(seed: int = 1, *, length: float = 1.35, numbers: int = NUMBERS) -> np.ndarray:
    row = np.random.default_rng(seed).normal(size=numbers)
    return np.asarray(row / np.linalg.norm(row) * length)


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
@pytest.mark.parametrize("before", range(9))
def test_a_template_is_found_at_any_byte(kind: str, before: int) -> None:
    raw = b"\xff" * before + template().astype(kind).tobytes() + b"\xff" * 5

    assert template_places(raw) == [before]


@pytest.mark.parametrize("write", [json.dumps, lambda row: "\n".join(map(repr, row)), str])
def test_a_template_is_found_as_text(write: object) -> None:
    text = "the vector is " + write(template().tolist())  # type: ignore[operator]

    assert template_places(text.encode()) != []


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
@pytest.mark.parametrize("before", ["", "x", "ab", "abc", '{"vector":"'])
def test_a_template_is_found_in_base64(kind: str, before: str) -> None:
    text = before + base64.b64encode(template().astype(kind).tobytes()).decode() + '"}'

    assert template_places(text.encode()) != []


def test_a_longer_template_of_length_one_is_found_as_well() -> None:
    assert template_places(template(length=1.0, numbers=512).astype("<f4").tobytes()) != []


def test_a_row_of_templates_is_told_where_it_begins() -> None:
    rows = np.concatenate([template(seed) for seed in range(5)]).astype("<f4")

    assert template_places(b"\xff" * 8 + rows.tobytes()) == [8]


def test_a_template_in_a_database_is_found_and_a_sealed_one_is_not(tmp_path: Path) -> None:
    for name, blob in (("open", template().astype("<f4").tobytes()), ("sealed", os.urandom(512))):
        base = sqlite3.connect(tmp_path / name)
        base.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, template BLOB)")
        base.execute("INSERT INTO kept (template) VALUES (?)", (blob,))
        base.commit()
        base.close()

    assert template_places((tmp_path / "open").read_bytes()) != []
    assert template_places((tmp_path / "sealed").read_bytes()) == []


@given(st.binary(max_size=3000))
def test_any_bytes_are_no_template(raw: bytes) -> None:
    assert template_places(raw) == []


@pytest.mark.parametrize(
    "values",
    [
        template(length=0.39),
        template(length=1.61),
        template()[:-1],
        np.abs(template()),
        np.full(400, 0.1) * np.resize([1, -1], 400),
        np.linspace(106.0, 108.0, 500),  # a coast
        np.random.default_rng(2).uniform(-1, 1, 2000),
        np.zeros(1000),
        np.arange(1000) * 1e-12,
    ],
    ids=["short", "long", "few", "one sign", "alike", "places", "even", "nothing", "tiny"],
)
def test_other_numbers_are_no_template(values: np.ndarray) -> None:
    assert template_places(values.astype("<f4").tobytes()) == []


@pytest.mark.parametrize("length", [0.41, 1.0, 1.59])
def test_lengths_of_templates_are_found(length: float) -> None:
    assert template_places(template(length=length).astype("<f4").tobytes()) == [0]


@pytest.mark.parametrize(("negative", "found"), [(15, []), (16, [0]), (112, [0]), (113, [])])
def test_an_eighth_of_each_sign_is_needed(negative: int, found: list[int]) -> None:
    values = np.abs(template())
    values[:negative] *= -1

    assert template_places(values.astype("<f4").tobytes()) == found


@pytest.mark.parametrize(("different", "found"), [(119, []), (120, [0])])
def test_most_numbers_are_different(different: int, found: list[int]) -> None:
    values = template(3)
    values[different:] = values[0]

    assert len(np.unique(values.astype("<f4"))) == different
    assert (
        template_places((values * 1.35 / np.linalg.norm(values)).astype("<f4").tobytes()) == found
    )


def test_the_parts_of_a_file_share_more_than_a_template_takes() -> None:
    assert traces.OVERLAP > NUMBERS * 25  # as text
