"""How good warnings were, by who warned and by which rule: counts and whole yuan, of nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from zhizhi.engine.rule_figures import FEWEST
from zhizhi.kernel.accuracy import wilson
from zhizhi.systems.antifraud.models import Dissuasion

Outcome = Dissuasion.Outcome


@dataclass(frozen=True, slots=True)
class WarnerFigures:
    """What became of the warnings of one rule of somebody who warns."""

    warned_by: str
    rule: str
    warnings: int
    scams: int
    mistaken: int
    unreached: int
    lost: int  # whole yuan, as the next
    saved: int

    @property
    def judged(self) -> int:
        return self.scams + self.mistaken

    @property
    def is_enough(self) -> bool:
        """Say whether a share of these can be told."""
        return self.judged >= FEWEST

    @property
    def interval(self) -> tuple[float, float]:
        """Return between which shares of right warnings the true one lies, with 95 per cent."""
        return wilson(self.scams, self.judged)

    @property
    def low(self) -> int:
        """Return the lower end of the interval in per cent, rounded away from its middle."""
        return floor(self.interval[0] * 100)

    @property
    def high(self) -> int:
        return ceil(self.interval[1] * 100)

    @property
    def value(self) -> int:
        """Return what one warning saved on average, in whole yuan."""
        return self.saved // self.warnings if self.warnings else 0

    @property
    def warner(self) -> str:
        return str(Dissuasion.WarnedBy(self.warned_by).label)


def figures(rows: QuerySet[Dissuasion], *, since: datetime) -> list[WarnerFigures]:
    """Return what became of those of ``rows`` that ended since then, most warnings first."""
    is_scam = Q(outcome__in=Dissuasion.SCAMS)
    sums = (
        rows.filter(ended_at__gte=since)
        .values("warned_by", "rule")
        .annotate(
            warnings=Count("pk"),
            scams=Count("pk", is_scam),
            mistaken=Count("pk", Q(outcome=Outcome.NOT_SCAM)),
            unreached=Count("pk", Q(outcome=Outcome.UNREACHED)),
            lost_sum=Coalesce(Sum("lost", filter=is_scam), 0),
            saved=Coalesce(Sum(F("amount") - F("lost"), filter=is_scam), 0),
        )
        .order_by("-warnings", "warned_by", "rule")
    )
    return [
        WarnerFigures(
            row["warned_by"], row["rule"], row["warnings"], row["scams"], row["mistaken"],
            row["unreached"], row["lost_sum"], row["saved"],
        )
        for row in sums
    ]  # fmt: skip
