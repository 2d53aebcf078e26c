"""Counts per worked day that have begun to lie above what is usual: a cumulative sum for each one.

Each day adds how much better "somebody who looks people up without need" explains its count than
"as usual" does (log-likelihood ratio); the sum never falls below zero, and over the threshold it
raises an alarm and starts anew (Page 1954; for counts Lucas 1985, Technometrics 27). Counts of
people's work vary more than dice: both are negative binomial with the same ``size``.

What is usual comes from the own worked days, pulled towards the peers of the same role. The newest
own days do not count yet and no day counts for more than a few times the peers' rate, so that
whoever begins to sell does not become usual. On a day on which the peers have more to do as well
(a flood, a big accident) more is usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, log

FEW_DAYS, FEW = 5.0, 3.0  # a few others, or few counts of theirs, do not make a day a busy one


@dataclass(frozen=True, slots=True)
class Counted:
    """One account on one worked day: the count, the worked days before (newest last), the sum.

    ``load`` is how many times as much as usual the account itself had to do.
    """

    count: int
    past: Sequence[int] = ()
    total: float = 0.0
    load: float = 1.0


@dataclass(frozen=True, slots=True)
class SumStep:
    """What one day did to a sum, with everything that it was worked out from."""

    count: int
    peers: float  # a day of the others of the same role
    busy: float  # times as much as usual have the others done today
    expected: float
    sought: float  # a day of somebody who looks people up without need
    gain: float
    total: float
    is_over: bool

    @property
    def carried(self) -> float:
        """Return with which sum the next day begins: an alarm starts anew."""
        return 0.0 if self.is_over else self.total


@dataclass(frozen=True, slots=True)
class Cusum:
    """The cumulative sums of the accounts of one role; ``step`` takes them one day further."""

    threshold: float
    prior: float  # a day of anybody, as long as there are few peers
    size: float  # of the negative binomial distribution; the smaller, the more days differ
    least: float = 3.0  # a day; fewer is not sought
    ratio: float = 4.0  # times the usual is sought
    weight: float = 10.0  # the peers count like so many own days
    lag: int = 10  # newest own days that do not count yet
    span: int = 60  # own days that count
    tops: float = 4.0  # times the peers' rate a past day counts for at most
    busiest: float = 4.0

    def step(self, workers: Sequence[Counted]) -> list[SumStep]:
        """Return the step of each of ``workers``, who have one role and worked on one day."""
        means = sorted(self._mean(self._usable(one.past), self.prior) for one in workers)
        cut = len(means) // 10
        kept = means[cut : len(means) - cut]
        peers = (2 * self.prior + fsum(kept)) / (2 + len(kept))
        usual = [self._mean(self._usable(one.past), peers) for one in workers]
        capped = [
            min(one.count, self.tops * rate + 1) for one, rate in zip(workers, usual, strict=True)
        ]
        done, due = fsum(capped), fsum(usual)
        return [
            self._judged(one, peers, rate, self._busy(done - own, due - rate, rate))
            for one, rate, own in zip(workers, usual, capped, strict=True)
        ]

    def gain(self, count: int, expected: float, sought: float) -> float:
        """Return how much better ``sought`` explains ``count`` than ``expected`` does."""
        more = (sought + self.size) / (expected + self.size)
        return count * log(sought / expected) - (count + self.size) * log(more)

    def _usable(self, past: Sequence[int]) -> Sequence[int]:
        """Return the days that count; of a newcomer's days the newer half does not."""
        end = max(len(past) // 2, len(past) - self.lag)
        return past[max(0, end - self.span) : end]

    def _mean(self, days: Sequence[int], peers: float) -> float:
        """Return the mean of ``days``, pulled towards ``peers`` and little moved by single ones."""
        most = self.tops * peers + 1
        return (self.weight * peers + fsum(min(day, most) for day in days)) / (
            self.weight + len(days)
        )

    def _busy(self, done: float, due: float, rate: float) -> float:
        """Return how many times the usual the others have done today, at least once."""
        free = FEW_DAYS * rate + FEW
        return min(self.busiest, max(1.0, (done + free) / (due + free)))

    def _judged(self, one: Counted, peers: float, usual: float, busy: float) -> SumStep:
        expected = usual * max(busy, one.load)
        sought = max(self.least, self.ratio * expected)
        gain = self.gain(one.count, expected, sought)
        total = max(0.0, one.total + gain)
        return SumStep(
            count=one.count, peers=peers, busy=busy, expected=expected, sought=sought, gain=gain,
            total=total, is_over=total >= self.threshold,
        )  # fmt: skip
