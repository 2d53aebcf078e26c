"""Hashed runs of characters: the same text gives the same features, whatever stands beside it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.ngrams import Grams, SparseRows, beside, rarity, weighed

GRAMS = Grams(least=1, most=3, bits=18)
texts = st.lists(st.text(max_size=30), max_size=8)


def row(rows: SparseRows, i: int) -> dict[int, float]:
    part = slice(rows.begin[i], rows.begin[i + 1])
    return dict(zip(rows.column[part].tolist(), rows.value[part].tolist(), strict=True))


def rows_of(rows: SparseRows) -> list[dict[int, float]]:
    return [row(rows, i) for i in range(len(rows))]


def runs(text: str, least: int, most: int) -> Counter[str]:
    return Counter(
        text[at : at + n] for n in range(least, most + 1) for at in range(len(text) - n + 1)
    )


@given(texts)
def test_a_text_has_the_same_features_in_any_company_and_order(those: list[str]) -> None:
    together = rows_of(GRAMS.counted(those))

    assert together == [row(GRAMS.counted([text]), 0) for text in those]
    assert rows_of(GRAMS.counted(those[::-1])) == together[::-1]


@given(st.text(alphabet="abc路灯坏了\U0001f4a7", max_size=20), st.integers(1, 3), st.integers(0, 2))
def test_each_run_is_counted_as_often_as_it_stands_in_the_text(
    text: str, least: int, more: int
) -> None:
    expected: Counter[int] = Counter()
    for run, count in runs(text, least, least + more).items():
        [place] = Grams(len(run), len(run), 16).counted([run]).column.tolist()
        expected[place] += count

    assert row(Grams(least, least + more, 16).counted([text]), 0) == expected


def test_different_runs_have_different_columns() -> None:
    pairs = [a + b for a in "路灯坏了水管漏" for b in "abcdefgh"]

    assert len(set(Grams(2, 2, 18).counted(pairs).column.tolist())) == len(pairs)


def test_a_run_never_reaches_into_the_next_text() -> None:
    assert len(Grams(2, 2, 20).counted(["a", "b"]).column) == 0


def test_words_are_counted_like_characters() -> None:
    grams = Grams(least=1, most=2, bits=20)
    rows = grams.counted_words([["lamp", "broken", "lamp"], ["lamp"]])

    assert sorted(row(rows, 0).values()) == [1.0, 1.0, 1.0, 2.0]
    assert set(row(rows, 1)) < set(row(rows, 0))


@given(texts)
def test_weighed_rows_have_the_length_one_or_nothing(those: list[str]) -> None:
    counted = GRAMS.counted(those)
    rows = weighed(counted, rarity(counted))

    for text, part in zip(those, rows_of(rows), strict=True):
        length = sum(value * value for value in part.values())
        assert length == pytest.approx(1.0 if text else 0.0, abs=1e-5)


def test_what_fewer_texts_have_weighs_more() -> None:
    grams = Grams(1, 1, 20)
    counted = grams.counted(["ab", "ac", "ad"])
    rare = rarity(counted)
    a, b = (int(grams.counted([letter]).column[0]) for letter in "ab")

    assert rare[a] == pytest.approx(1.0)
    assert rare[b] == pytest.approx(np.log(4 / 2) + 1)
    assert row(weighed(counted, rare), 0)[b] > row(weighed(counted, rare), 0)[a]


def test_a_run_that_comes_often_weighs_by_its_logarithm() -> None:
    grams = Grams(1, 1, 20)
    counted = grams.counted(["aaab"])
    a, b = (int(grams.counted([letter]).column[0]) for letter in "ab")
    found = row(weighed(counted, np.ones(grams.width, np.float32)), 0)

    assert found[a] / found[b] == pytest.approx(1 + np.log(3))


@given(texts, st.lists(st.integers(0, 100), max_size=10))
def test_taken_rows_are_those_rows(those: list[str], wanted: list[int]) -> None:
    those = [*those, "one more"]
    at = [n % len(those) for n in wanted]

    assert rows_of(GRAMS.counted(those).taken(at)) == rows_of(
        GRAMS.counted([those[n] for n in at])
    )  # fmt: skip


@given(texts)
def test_rows_beside_each_other_keep_all_columns(those: list[str]) -> None:
    left, right = GRAMS.counted(those), Grams(2, 2, 10).counted(those).scaled(0.5)
    both = beside(left, right)

    assert both.width == left.width + right.width
    for i in range(len(those)):
        moved = {column + left.width: value for column, value in row(right, i).items()}
        assert row(both, i) == row(left, i) | moved
