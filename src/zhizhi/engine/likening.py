"""Which open cases may be about the same as a case: near, at about the time, of its system.

The words of reports are compared by the machine; who looks at the result reads no words, only how
alike they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import hypot
from typing import Any

from django.db.models import QuerySet

from zhizhi.engine import reporting, settings_in_force
from zhizhi.engine.models import Case, Report
from zhizhi.kernel import duplicates
from zhizhi.kernel.duplicates import Likeness, Told
from zhizhi.kernel.metres import metres_per_degree

MOST = 50  # nearest cases whose words are compared


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that may be about the same, how far and alike it is, and what that is made of."""

    case: Case
    metres: float
    is_same_kind: bool
    is_likely: bool
    likeness: Likeness

    def parts(self) -> dict[str, Any]:
        """Return the score and what it is made of, for the link that is drawn."""
        likeness = self.likeness
        return {
            "score": round(likeness.score, 3), "metres": round(self.metres),
            "days": round(likeness.days, 2), "words": round(likeness.title, 3),
            "shared": len(likeness.shared), "same_kind": self.is_same_kind,
        }  # fmt: skip


def candidates(case: Case, among: QuerySet[Case], *, words: str | None = None) -> list[Candidate]:
    """Return the cases of ``among`` that may be about the same as ``case``, the likeliest first.

    ``words`` are those of a case that is not kept yet.
    """
    settings = settings_in_force.snapshot()
    near = _near(case, among, radius_m(case.kind),
                 timedelta(days=settings["engine.duplicate_days"]))  # fmt: skip
    if not near:
        return []
    told = _told([case, *(other for _metres, other in near)])
    if words is not None:
        told[case.pk] = replace(told[case.pk], title=words)
    likening = duplicates.likening([one.title for one in told.values()])
    least = settings["engine.duplicate_percent"] / 100
    found = []
    for metres, other in near:
        likeness = likening.likeness(told[case.pk], told[other.pk])
        is_likely = likeness.score >= least
        found.append(Candidate(other, metres, other.kind == case.kind, is_likely, likeness))
    return sorted(found, key=lambda one: (-one.likeness.score, one.metres, one.case.pk))


def radius_m(kind: str) -> float:
    """Return how far apart two cases of a kind may lie: its own radius, or that of the house."""
    own = (one.radius_m for one in reporting.kinds().values() if one.case_kind == kind)
    house: float = settings_in_force.value("engine.duplicate_radius_m")
    return next((radius for radius in own if radius is not None), house)


def _near(
    case: Case, among: QuerySet[Case], radius_m: float, span: timedelta
) -> list[tuple[float, Case]]:
    """Return open cases of the same system within radius and days, the nearest first."""
    east_m, north_m = metres_per_degree(case.lat)
    wide, high = 1.01 * radius_m / east_m, 1.01 * radius_m / north_m
    box = among.exclude(state__in=Case.RESTING).exclude(pk=case.pk).filter(
        system=case.system,
        lon__range=(case.lon - wide, case.lon + wide),
        lat__range=(case.lat - high, case.lat + high),
        opened_at__range=(case.opened_at - span, case.opened_at + span),
    )  # fmt: skip
    found = [
        (round(hypot((one.lon - case.lon) * east_m, (one.lat - case.lat) * north_m), 1), one)
        for one in box
    ]
    inside = [(metres, one) for metres, one in found if metres <= radius_m]
    return sorted(inside, key=lambda pair: (pair[0], pair[1].pk))[:MOST]


def _told(cases: Sequence[Case]) -> dict[int, Told]:
    """Return each case as it is compared: place, time, and the words of its first report."""
    first: dict[int, Report] = {}
    kept = [one.pk for one in cases if one.pk is not None]
    for report in Report.everything.filter(case__in=kept).select_related("key").order_by("-pk"):
        first[report.case_id] = report
    origin = cases[0]
    return {one.pk: _compared(one, first.get(one.pk), origin) for one in cases}


def _compared(case: Case, report: Report | None, origin: Case) -> Told:
    east_m, north_m = metres_per_degree(origin.lat)
    place = ((case.lon - origin.lon) * east_m, (case.lat - origin.lat) * north_m)
    words = reporting.words(report)["telling"] if report else ""
    moment: datetime = report.occurred_at if report else case.opened_at
    return Told(words, moment.timestamp(), place_m=place)
