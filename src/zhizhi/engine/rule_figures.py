"""What a rule found and what became of it: counts alone, of no case in particular."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from zhizhi.engine.local_time import midnight
from zhizhi.engine.models import Alert, Feedback
from zhizhi.kernel.accuracy import wilson

DAYS = 14
FEWEST = 10  # judged alerts below which no percentage is told


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """The counts of one rule over some days; how often it was right has an interval of 95 %."""

    days: tuple[tuple[str, int], ...]  # day and alerts, the oldest first
    alerts: int
    cleared: int
    dismissed: int
    confirmed: int
    delay: timedelta | None  # median from the beginning of a stay to its alert

    @property
    def judged(self) -> int:
        return self.confirmed + self.dismissed

    @property
    def is_enough(self) -> bool:
        return self.judged >= FEWEST

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.confirmed, self.judged)


def figures(
    code: str, *, paths: Iterable[str], confirmed_by: Collection[str], now: datetime
) -> RuleFigures:
    """Return what the rule ``code`` found in the areas below ``paths`` in the last days.

    They are counts of no case in particular, so they are also for whoever may see no case.
    """
    first = timezone.localdate(now) - timedelta(days=DAYS - 1)
    start = midnight(first)
    inside = Q(pk__in=[])
    for path in paths:
        inside |= Q(case__area_path__startswith=path)
    rows = Alert.everything.filter(inside, detector=code, raised_at__gte=start, raised_at__lte=now)
    told = Feedback.objects.filter(case=OuterRef("case"), outcome__in=tuple(confirmed_by))
    is_dismissed = Alert.is_mistaken()
    sums = rows.annotate(is_confirmed=Exists(told)).aggregate(
        alerts=Count("pk"),
        cleared=Count("pk", Q(cleared_at__isnull=False)),
        dismissed=Count("pk", is_dismissed),
        confirmed=Count("pk", Q(is_confirmed=True) & ~is_dismissed),
    )
    spans = [
        (raised - began).total_seconds()
        for began, raised in rows.values_list("started_at", "raised_at")
    ]
    by_day = dict(
        rows.annotate(day=TruncDate("raised_at")).values_list("day").annotate(n=Count("pk"))
    )
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return RuleFigures(
        days=tuple((day.isoformat(), by_day.get(day, 0)) for day in days),
        delay=timedelta(seconds=median(spans)) if spans else None,
        **sums,
    )
