"""Two sums of one account: either may alarm, and both start anew."""

from __future__ import annotations

from datetime import timedelta
from math import cbrt, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.lookups import (
    DAYS_USED,
    LINKED_WITHIN,
    LOOKS,
    MORE_FOR_LOOKS,
    UNLINKED,
    Looker,
    Tally,
    Totals,
    judged,
)

QUIET = Tally(unlinked=0, looks=2)
MONTH = [QUIET] * 30


def after(day: Tally, totals: Totals = Totals(), threshold: float = 7.0) -> tuple[bool, Totals]:  # noqa: B008 - frozen
    [found] = judged([Looker(day, MONTH, totals)], threshold)
    return found.is_alarm, found.carried


def test_a_quiet_day_raises_nothing() -> None:
    assert after(QUIET) == (False, Totals())


@pytest.mark.parametrize("day", [Tally(25, 25), Tally(0, 90)])
def test_many_unlinked_looks_alarm_and_so_do_very_many_linked_ones(day: Tally) -> None:
    is_alarm, carried = after(day, Totals(unlinked=3.0, looks=3.0))

    assert is_alarm
    assert carried == Totals()


def test_without_an_alarm_both_sums_go_on() -> None:
    is_alarm, carried = after(Tally(2, 8), Totals(unlinked=1.0, looks=3.0))

    assert not is_alarm
    assert carried.unlinked > 1.0
    assert carried.looks > 0.0


@pytest.mark.parametrize("day", [Tally(3, 3), Tally(0, 20)])
@pytest.mark.parametrize(("above", "is_alarm"), [(-1e-9, True), (0.0, True), (1e-9, False)])
def test_each_sum_has_its_threshold(day: Tally, above: float, *, is_alarm: bool) -> None:
    [found] = judged([Looker(day, MONTH)])
    is_unlinked = found.unlinked.total > found.looks.total
    reached = found.unlinked.total if is_unlinked else found.looks.total / MORE_FOR_LOOKS

    assert after(day, threshold=reached + above)[0] == is_alarm


@given(st.integers(0, 30), st.integers(0, 60), st.lists(st.integers(0, 9), max_size=40))
def test_another_unlinked_look_never_lowers_a_sum(
    unlinked: int, linked: int, before: list[int]
) -> None:
    past = [Tally(count // 4, count) for count in before]
    fewer, more = (
        judged([Looker(Tally(unlinked + n, unlinked + n + linked), past, Totals(20.0, 20.0))])[0]
        for n in (0, 1)
    )

    assert more.unlinked.total >= fewer.unlinked.total
    assert more.looks.total >= fewer.looks.total


def test_a_day_with_very_much_to_do_leaves_more_unlinked_looks() -> None:
    [quiet], [busy] = (judged([Looker(Tally(2, looks), MONTH)]) for looks in (3, 60))

    assert quiet.unlinked.expected < busy.unlinked.expected < 4 * quiet.unlinked.expected


def test_accounts_are_judged_each_by_the_own_days() -> None:
    often = [Tally(1, 12)] * 30

    seldom_step, often_step = judged([Looker(Tally(2, 14), MONTH), Looker(Tally(2, 14), often)])

    assert seldom_step.looks.total > often_step.looks.total
    assert seldom_step.unlinked.expected < often_step.unlinked.expected


def test_a_sum_can_be_worked_out_again_from_what_was_kept() -> None:
    [found] = judged([Looker(Tally(4, 15), MONTH, Totals(1.5, 0.25))])

    for cusum, step, before in ((UNLINKED, found.unlinked, 1.5), (LOOKS, found.looks, 0.25)):
        assert max(0.0, before + cusum.gain(step.count, step.expected, step.sought)) == step.total


def test_of_a_newcomer_five_looks_are_expected_and_hardly_an_unlinked_one() -> None:
    [found] = judged([Looker(Tally(unlinked=0, looks=5))])

    assert (found.looks.expected, found.looks.sought) == pytest.approx((5.0, 15.0))
    assert (found.unlinked.expected, found.unlinked.sought) == pytest.approx((0.4, 3.0))


def test_a_day_without_looks_speaks_for_the_newcomer() -> None:
    """By the negative binomial distribution, which is the wider the smaller its size is."""
    [found] = judged([Looker(Tally(unlinked=0, looks=0))])

    assert found.looks.gain == pytest.approx(-4.0 * log((15.0 + 4.0) / (5.0 + 4.0)))
    assert found.unlinked.gain == pytest.approx(-1.5 * log((3.0 + 1.5) / (0.4 + 1.5)))


@pytest.mark.parametrize(("above", "is_alarm"), [(-1e-6, False), (1e-6, True)])
@pytest.mark.parametrize(("name", "threshold"), [("unlinked", 7.0), ("looks", 11.2)])
def test_the_sums_alarm_at_seven_and_at_eleven(
    name: str, threshold: float, above: float, *, is_alarm: bool
) -> None:
    day = Tally(unlinked=1, looks=10)
    gain = getattr(judged([Looker(day)])[0], name).gain
    before = Totals(**{name: threshold - gain + above})

    [found] = judged([Looker(day, totals=before)])

    assert found.is_alarm == is_alarm


@pytest.mark.parametrize(("looks", "times"), [(0, 1.0), (5, 1.0), (40, 2.0), (135, 3.0)])
def test_the_third_root_of_more_looks_leaves_more_unlinked_ones(looks: int, times: float) -> None:
    [found] = judged([Looker(Tally(unlinked=0, looks=looks))])

    assert found.unlinked.expected == pytest.approx(0.4 * times)


def test_whoever_has_less_to_do_on_a_busy_day_is_expected_to_leave_as_many_as_the_others() -> None:
    idle, *_others = judged([Looker(Tally(0, 1)), *[Looker(Tally(0, 20))] * 50])

    assert idle.looks.busy > 3.0
    assert idle.unlinked.expected == pytest.approx(0.4 * cbrt(idle.looks.busy))


def test_the_seventy_worked_days_before_are_used_and_no_older_one() -> None:
    past = [Tally(1, 3), *[QUIET] * (DAYS_USED - 1)]

    def expected(past: list[Tally]) -> float:
        return judged([Looker(QUIET, past)])[0].looks.expected

    assert DAYS_USED == 70
    assert expected([Tally(9, 9), *past]) == expected(past)
    assert expected([Tally(9, 9), *past[1:]]) > expected(past)


def test_an_act_on_the_case_within_a_day_links_a_look() -> None:
    assert timedelta(hours=24) == LINKED_WITHIN
