"""Who looks people up without need: two sums of one account, over all looks and over unlinked ones.

A look is unlinked when its account did nothing on the case within a day. Someone who sells what he
sees leaves many of them; someone who covers each with an act on a case still looks at more people
than before. Nothing here sees whom anybody looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import cbrt

from zhizhi.kernel.cusum import Counted, Cusum, SumStep

VERSION = 1
LINKED_WITHIN = timedelta(hours=24)
THRESHOLD = 7.0  # with the sizes chosen by bench.lookups: at most one false alarm in 100 months
MORE_FOR_LOOKS = 1.6  # times the threshold: that many looks alone say less
UNLINKED = Cusum(THRESHOLD, prior=0.4, size=1.5)
LOOKS = Cusum(MORE_FOR_LOOKS * THRESHOLD, prior=5.0, size=4.0, ratio=3.0)
DAYS_USED = UNLINKED.lag + UNLINKED.span  # worked days before that are looked at


@dataclass(frozen=True, slots=True)
class Tally:
    """At how many different people an account looked on a day, and how many of them unlinked."""

    unlinked: int
    looks: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The two sums of one account."""

    unlinked: float = 0.0
    looks: float = 0.0


@dataclass(frozen=True, slots=True)
class Looker:
    """One account on one worked day, with the worked days before in the same role, newest last."""

    day: Tally
    past: Sequence[Tally] = ()
    totals: Totals = Totals()


@dataclass(frozen=True, slots=True)
class Judged:
    """What one day did to both sums of an account."""

    unlinked: SumStep
    looks: SumStep

    @property
    def is_alarm(self) -> bool:
        return self.unlinked.is_over or self.looks.is_over

    @property
    def carried(self) -> Totals:
        """Return with which sums the next day begins: after an alarm both start anew."""
        return Totals() if self.is_alarm else Totals(self.unlinked.total, self.looks.total)


def judged(lookers: Sequence[Looker], threshold: float = THRESHOLD) -> list[Judged]:
    """Take the sums of the accounts of one role, who worked on the same day, that day further."""
    looks = replace(LOOKS, threshold=MORE_FOR_LOOKS * threshold).step(
        [
            Counted(one.day.looks, [day.looks for day in one.past], one.totals.looks)
            for one in lookers
        ]
    )
    unlinked = replace(UNLINKED, threshold=threshold).step(
        [
            Counted(one.day.unlinked, [day.unlinked for day in one.past], one.totals.unlinked, load)
            for one, load in zip(lookers, map(_load, looks), strict=True)
        ]
    )
    return [Judged(*steps) for steps in zip(unlinked, looks, strict=True)]


def _load(looks: SumStep) -> float:
    """Return how many times the usual unlinked looks so many looks may leave.

    Whoever has much to do leaves more unlinked, but whoever sells has much to look at by himself:
    therefore the third root.
    """
    return cbrt(max(1.0, looks.count / looks.expected) * looks.busy)
