"""The reference traces of staff looking people up, and what the detector finds in them."""

from __future__ import annotations

import numpy as np
import pytest
from bench import lookups
from bench.look_traces import ACCOUNTS, BEGIN, DAYS, honest, sold


@pytest.fixture(autouse=True)
def one_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "SEEDS", range(11, 12))


def test_a_seed_always_makes_the_same_trace() -> None:
    first, second, other = honest(1), honest(1), honest(2)

    assert np.array_equal(first.unlinked, second.unlinked)
    assert not np.array_equal(first.unlinked, other.unlinked)


def test_days_and_accounts_differ_more_than_dice_would() -> None:
    trace = honest(1)
    counts = [trace.looks[who][trace.works[who]] for who in range(ACCOUNTS)]
    spread = [days.var() / days.mean() for days in counts]

    assert np.median(spread) > 1.5  # 1 for Poisson counts
    assert np.std([days.mean() for days in counts]) > 1


def test_nobody_looks_on_a_day_off_and_no_look_is_unlinked_only() -> None:
    trace = honest(1)

    assert not trace.looks[~trace.works].any()
    assert (trace.unlinked <= trace.looks).all()
    assert 0.5 < trace.works.mean() < 0.8


def test_sellers_are_laid_over_their_accounts_only() -> None:
    before, after = honest(1), honest(1)

    count = sold(after, np.array([3]), 18, 0.5, seed=1)

    assert np.array_equal(after.looks - before.looks, count)
    assert count[3, BEGIN:].sum() > 10 * (DAYS - BEGIN) / 2
    assert not np.delete(count, 3, axis=0).any()
    assert not count[:, :BEGIN].any()
    added = after.unlinked - before.unlinked
    assert 0.4 < added.sum() / count.sum() < 0.6


def test_the_detector_finds_sellers_in_time_and_seldom_errs() -> None:
    quick, slow = lookups.caught(18, 0.0), lookups.caught(3, 0.0)

    assert lookups.false_alarms() < 1.5  # the goal is 1; this is one seed alone
    assert np.quantile([one.days for one in quick], 0.9) <= 3
    assert np.quantile([one.records for one in quick], 0.9) <= 50
    assert np.quantile([one.days for one in slow], 0.8) <= 14
