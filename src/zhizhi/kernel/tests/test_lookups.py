"""Two sums of one account: either may alarm, and both start anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.lookups import (
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
