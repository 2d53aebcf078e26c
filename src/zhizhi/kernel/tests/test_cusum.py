"""Cumulative sums: what they add, when they alarm, and what can never move them the wrong way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.cusum import Counted, Cusum, SumStep

CUSUM = Cusum(threshold=9.0, prior=0.5, size=2.0)
counts = st.integers(0, 40)
pasts = st.lists(st.integers(0, 12), max_size=60)
workers = st.lists(
    st.builds(Counted, counts, pasts, st.floats(0, 8.5), st.floats(1, 5)), min_size=1, max_size=12
)  # fmt: skip


def one(
    count: int, *, past: Sequence[int] = (), total: float = 0.0, cusum: Cusum = CUSUM
) -> SumStep:
    [step] = cusum.step([Counted(count, past, total)])
    return step


def odds(count: int, mean: float, size: float) -> float:
    """Return the logarithm of the negative binomial probability, by its definition."""
    ways = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
    return ways + size * math.log(size / (size + mean)) + count * math.log(mean / (size + mean))


def oracle(cusum: Cusum, day: Sequence[Counted]) -> list[tuple[float, float]]:
    """Expected count and sum of each, worked out one by one in the most obvious way."""

    def usual(one: Counted, peers: float) -> float:
        n = len(one.past)
        newest = min(cusum.lag, (n + 1) // 2)
        old = list(one.past)[: n - newest][-cusum.span :]
        counted = [min(count, cusum.tops * peers + 1) for count in old]
        return (cusum.weight * peers + sum(counted)) / (cusum.weight + len(counted))

    means = sorted(usual(one, cusum.prior) for one in day)
    for _time in range(len(day) // 10):
        means = means[1:-1]
    peers = (2 * cusum.prior + sum(means)) / (2 + len(means))
    found = []
    for me, mine in enumerate(day):
        rate = usual(mine, peers)
        others = [(usual(other, peers), other.count) for n, other in enumerate(day) if n != me]
        done = sum(min(count, cusum.tops * mean + 1) for mean, count in others) + 5 * rate + 3
        busy = done / (sum(mean for mean, _count in others) + 5 * rate + 3)
        expected = rate * max(1, mine.load, min(busy, cusum.busiest))
        sought = max(cusum.least, cusum.ratio * expected)
        more = odds(mine.count, sought, cusum.size) - odds(mine.count, expected, cusum.size)
        found.append((expected, max(0, mine.total + more)))
    return found


@given(workers)
def test_the_sums_are_those_of_the_obvious_way(day: list[Counted]) -> None:
    found = CUSUM.step(day)

    assert [(step.expected, step.total) for step in found] == [
        pytest.approx(pair, abs=1e-9) for pair in oracle(CUSUM, day)
    ]


@pytest.mark.parametrize(("below", "is_over"), [(1e-9, False), (0.0, True), (-1e-9, True)])
def test_the_alarm_begins_at_the_threshold(below: float, *, is_over: bool) -> None:
    gain = one(3).gain

    step = one(3, cusum=replace(CUSUM, threshold=gain + below))

    assert step.is_over == is_over
    assert step.carried == (0.0 if is_over else step.total)


def test_a_sum_never_falls_below_zero() -> None:
    assert one(0).gain < 0
    assert one(0).total == 0.0
    assert one(0, total=5.0).total == 5.0 + one(0).gain


@pytest.mark.parametrize(("days", "counted"), [(1, 0), (2, 1), (19, 9), (20, 10), (21, 11)])
def test_the_newest_own_days_do_not_count_yet(days: int, counted: int) -> None:
    """Ten of them, and of fewer than twenty days the newer half."""
    step = one(0, past=[1] * days)

    mean = (CUSUM.weight * step.peers + counted) / (CUSUM.weight + counted)
    assert step.expected == pytest.approx(mean)


@pytest.mark.parametrize(("before", "is_counted"), [(59, True), (60, False), (61, False)])
def test_old_own_days_do_not_count_any_more(before: int, *, is_counted: bool) -> None:
    step = one(0, past=[1, *[0] * before, *[7] * CUSUM.lag])

    assert (step.expected > one(0, past=[0] * (before + 1 + CUSUM.lag)).expected) == is_counted


def test_a_single_wild_day_counts_for_no_more_than_a_few_times_the_peers() -> None:
    wild, wilder = (one(0, past=[count] * 30) for count in (100, 10_000))

    assert wild == wilder


@pytest.mark.parametrize(
    ("each_day", "expected"),
    [(2, (10 * 0.75 + 10 * 2) / 20), (100, (10 * 2.75 / 3 + 10 * (4 * 2.75 / 3 + 1)) / 20)],
)
def test_the_peers_weigh_like_ten_own_days_of_four_times_their_rate_at_most(
    each_day: int, expected: float
) -> None:
    step = one(0, past=[each_day] * 20)  # of which ten count

    assert step.expected == pytest.approx(expected)


def test_a_day_counts_as_four_times_as_busy_at_most() -> None:
    crowd = CUSUM.step([Counted(30)] * 100)

    assert crowd[0].busy == 4.0


def test_four_times_the_usual_is_sought_but_never_fewer_than_three() -> None:
    seldom, often = one(0), one(0, past=[2] * 70)

    assert seldom.sought == 3.0 > 4 * seldom.expected
    assert often.sought == 4 * often.expected > 3.0


def test_on_a_day_on_which_all_have_more_to_do_more_is_usual() -> None:
    busy = CUSUM.step([Counted(3)] * 12)
    alone = CUSUM.step([Counted(3), *[Counted(0)] * 11])

    assert busy[0].busy > 2
    assert busy[0].total < alone[0].total / 2
    assert alone[0].busy == 1.0


def test_one_account_does_not_make_its_own_day_busy() -> None:
    quiet, loud = (CUSUM.step([Counted(count), *[Counted(1)] * 5])[0] for count in (1, 30))

    assert quiet.busy == pytest.approx(loud.busy)


@given(workers, st.integers(1, 20))
def test_more_looks_never_lower_the_own_sum(day: list[Counted], more: int) -> None:
    before, *_others = CUSUM.step(day)
    after, *_others = CUSUM.step([replace(day[0], count=day[0].count + more), *day[1:]])

    assert after.total >= before.total
    assert after.expected == pytest.approx(before.expected)


@given(workers)
def test_neither_the_order_of_accounts_nor_of_past_days_matters(day: list[Counted]) -> None:
    found = CUSUM.step(day)
    turned = CUSUM.step(day[::-1])
    sorted_days = [
        replace(
            one,
            past=[*sorted(one.past[: len(one.past) // 2]), *one.past[len(one.past) // 2 :]],
        )
        for one in day
    ]  # fmt: skip

    assert turned[::-1] == found
    assert CUSUM.step(sorted_days) == found


def test_whoever_has_more_to_do_today_is_expected_to_do_more() -> None:
    [usual], [busy] = CUSUM.step([Counted(2)]), CUSUM.step([Counted(2, load=3.0)])

    assert busy.expected == 3 * usual.expected
    assert busy.total < usual.total
