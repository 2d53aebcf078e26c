"""Two reports of one matter are alike, and the parts tell why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.duplicates import DAY_S, Told, likening, longest_shared

COMPARE = likening(
    ["时代年华小区质量投诉", "东六路何时通车", "儿童医院停车难", "路灯不亮", "路灯坏了"]
)
LAMP = Told("时代年华小区路灯不亮", at_s=0.0)
short = st.text(alphabet="时代年华小区路灯abc ", max_size=12)


def test_the_same_report_is_wholly_alike() -> None:
    found = COMPARE.likeness(LAMP, LAMP)

    assert found.title == pytest.approx(1.0, abs=1e-6)
    assert found.days == 0.0
    assert found.shared == LAMP.title
    assert found.score == pytest.approx(1.1, abs=1e-6)
    assert (found.body, found.metres, found.photo) == (None, None, None)


@given(short, short, st.floats(0, 1e7), st.text(max_size=5), st.text(max_size=5))
def test_which_of_the_two_comes_first_is_all_the_same(
    one: str, other: str, later: float, body: str, other_body: str
) -> None:
    a, b = Told(one, 0.0, body, (0.0, 0.0), 7), Told(other, later, other_body, (30.0, 40.0), 1)
    there, back = COMPARE.likeness(a, b), COMPARE.likeness(b, a)

    assert there.score == pytest.approx(back.score, abs=1e-6)
    assert (there.shared, there.metres, there.photo) == (back.shared, 50.0, 2)


def test_each_day_between_them_counts_against() -> None:
    near, far = (COMPARE.likeness(LAMP, replace(LAMP, at_s=n * DAY_S)) for n in (1, 11))

    assert (near.days, far.days) == (1.0, 11.0)
    assert near.score - far.score == pytest.approx(0.02)


@pytest.mark.parametrize(("count", "gain"), [(9, 0.09), (10, 0.1), (11, 0.1)])
def test_a_shared_run_counts_up_to_ten_characters(count: int, gain: float) -> None:
    name = "甲乙丙丁戊己庚辛壬癸子丑"[:count]
    found = COMPARE.likeness(Told(f"{name}x", 0.0), Told(f"y{name}", 0.0))

    assert found.shared == name
    assert found.score - found.title == pytest.approx(gain)


def test_places_far_apart_count_against_and_a_body_in_favour() -> None:
    here, body = replace(LAMP, place_m=(0.0, 0.0)), "已经三天没有亮了"

    scores = [
        COMPARE.likeness(here, replace(LAMP, place_m=(x, 0.0))).score for x in (0.0, 250.0, 1000.0)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[1] == pytest.approx(0.3 * 0.693147, abs=1e-5)
    told = replace(LAMP, body=body)
    assert COMPARE.likeness(told, told).score == pytest.approx(1.6, abs=1e-6)
    assert COMPARE.likeness(told, LAMP).body is None


@pytest.mark.parametrize(("bits", "gain"), [(0, 0.3), (15, 0.3 / 16), (16, 0.0), (17, 0.0)])
def test_photos_count_as_long_as_few_bits_differ(bits: int, gain: float) -> None:
    with_photo = [replace(LAMP, photo=0), replace(LAMP, photo=2**bits - 1)]

    assert COMPARE.likeness(*with_photo).score == pytest.approx(1.1 + gain, abs=1e-6)


@given(short, short)
def test_the_longest_shared_run_is_that_of_a_search_of_all(one: str, other: str) -> None:
    runs = {one[a:b] for a in range(len(one)) for b in range(a + 1, len(one) + 1)}
    longest = max((len(run) for run in runs if run in other), default=0)
    found = longest_shared(one, other)

    assert len(found) == longest
    assert found in one
    assert found in other
