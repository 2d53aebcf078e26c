"""How soon the detector finds somebody who sells what he looks up, and how often it errs.

300 invented accounts of three roles over 120 days (bench.look_traces), judged day by day from the
first day on as the worker does it: a day is judged a day after its end, and what is sold until then
counts. Sellers begin on day 60. An alarm about anybody who sells nothing is false.
Run with: python -m bench.lookups --json
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from bench.look_traces import ACCOUNTS, BEGIN, DAYS, ROLES, Trace, honest, sold
from bench.measuring import Figure, figure, show

from zhizhi.kernel.lookups import THRESHOLD, Looker, Tally, Totals, judged

SEEDS = range(901, 901 + int(os.environ.get("BENCH_SEEDS", "4")))  # not those it was tuned with
EACH = 15  # one account in so many sells
A_MONTH = 30
NEVER = DAYS


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of one seller: days until found, and what was sold by then."""

    days: int
    records: int


def alarms(trace: Trace, threshold: float = THRESHOLD) -> list[tuple[int, int]]:
    """Return account and day of every alarm of ``trace``."""
    past: list[list[Tally]] = [[] for _account in range(ACCOUNTS)]
    totals, role, found = [Totals()] * ACCOUNTS, trace.role[:, 0].copy(), []
    for day in range(DAYS):
        for which in range(len(ROLES)):
            those = np.flatnonzero(trace.works[:, day] & (trace.role[:, day] == which))
            for who in those[role[those] != which]:
                role[who], past[who] = which, []
            lookers = [
                Looker(Tally(int(trace.unlinked[who, day]), int(trace.looks[who, day])),
                       past[who], totals[who])
                for who in those
            ]  # fmt: skip
            for who, looker, told in zip(those, lookers, judged(lookers, threshold), strict=True):
                past[who].append(looker.day)
                totals[who] = told.carried
                found += [(int(who), day)] if told.is_alarm else []
    return found


def false_alarms(threshold: float = THRESHOLD) -> float:
    """Return how many alarms 100 honest accounts raise in a month."""
    count = sum(len(alarms(honest(seed), threshold)) for seed in SEEDS)
    return 100 * count / (len(SEEDS) * ACCOUNTS * DAYS / A_MONTH)


def caught(rate: float, attached: float, threshold: float = THRESHOLD) -> list[Caught]:
    """Return what became of sellers of so many looks a worked day."""
    found = []
    for seed in SEEDS:
        trace = honest(seed)
        those = np.arange(seed % EACH, ACCOUNTS, EACH)
        those = those[trace.works[those, BEGIN:].any(axis=1)]
        count = sold(trace, those, rate, attached, seed)
        told = alarms(trace, threshold)
        found += [_caught(trace, count, int(who), told) for who in those]
    return found


def _caught(trace: Trace, count: np.ndarray, who: int, told: list[tuple[int, int]]) -> Caught:
    """Follow one seller from the first worked day to the judgement of the one that told."""
    since = BEGIN + int(np.flatnonzero(trace.works[who, BEGIN:])[0])
    days = [day for account, day in told if account == who and day >= since]
    if not days:
        return Caught(NEVER, int(count[who].sum()))
    judged_after = min(days) + 2  # the day itself, and the one in which an act could link its looks
    return Caught(judged_after - since, int(count[who, :judged_after].sum()))


def run() -> list[Figure]:
    """Return all figures."""
    found = [figure("false alarms per 100 accounts and month", "", false_alarms(), most=1)]
    for rate, attached, days, records in (
        (18, 0.0, 3, 50), (18, 0.5, 3, 50), (18, 1.0, None, None), (3, 0.0, 14, None),
        (3, 0.5, None, None), (1, 0.0, None, None),
    ):  # fmt: skip
        found += _told(caught(rate, attached), rate, attached, days, records)
    return found


def _told(
    those: list[Caught], rate: int, attached: float, days: int | None, records: int | None
) -> list[Figure]:
    name = f"{rate} a day, {attached:.0%} with acts on real cases"
    until, lost = [one.days for one in those], [one.records for one in those]
    in_time = [one <= (days or 14) for one in until]
    return [
        figure(f"{name}: days until found, median", "", float(np.median(until)), most=days),
        figure(f"{name}: days until found, 19 of 20", "", float(np.quantile(until, 0.95))),
        figure(f"{name}: records sold until then, median", "", float(np.median(lost)),
               most=records),
        figure(f"{name}: records sold until then, 19 of 20", "", float(np.quantile(lost, 0.95))),
        figure(f"{name}: found within {days or 14} days", "%", 100 * float(np.mean(in_time))),
    ]  # fmt: skip


if __name__ == "__main__":
    show(run, __doc__)
