"""What residents near by have reported already, and following it instead of reporting it anew.

Only what is about a thing that belongs to everybody is told, never what is about a person: whoever
asks may be the one whom a report is about. No words, no photo and no exact place are told.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.db.models import QuerySet

from zhizhi.engine import likening, merging, reporting
from zhizhi.engine.models import Case, Severity
from zhizhi.engine.reporting import RESIDENT, Filed, NewReport
from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import ReportKind

MOST = 5  # that are shown
STEP_M = 10  # a distance is told no finer than this


@dataclass(frozen=True, slots=True)
class Nearby:
    """A case that somebody reported near by, as whoever reports the same may know it."""

    case: Case
    metres: int  # rounded up, so that places cannot be worked out from several answers
    is_same_kind: bool


def reported(
    kind: ReportKind, telling: str, at: tuple[float, float], *, now: datetime
) -> list[Nearby]:
    """Return open cases near ``at`` that are, or are likely, what is about to be reported."""
    if not kind.is_told_near:
        return []
    lon, lat = at
    asked = Case(system=kind.system, kind=kind.case_kind, lon=lon, lat=lat, opened_at=now)
    found = likening.candidates(asked, _tellable(kind), words=telling)
    return [
        Nearby(one.case, max(1, ceil(one.metres / STEP_M)) * STEP_M, one.is_same_kind)
        for one in found
        if one.is_same_kind or one.is_likely
    ][:MOST]


def still_open(cases: Iterable[int], kind: ReportKind) -> dict[int, Case]:
    """Return those of ``cases`` that may still be joined by a report of ``kind``."""
    found = _tellable(kind).filter(pk__in=list(cases)).exclude(state__in=Case.RESTING)
    return {one.pk: one for one in found}


def file_and_follow(new: NewReport, into: Case, *, now: datetime) -> Filed:
    """Keep ``new`` and join its case with ``into``: its reporter is told what becomes of that.

    If that one has ended meanwhile, the report stands for itself and nothing is lost. The same
    report again gives the same receipt.
    """
    filed = reporting.file_report(new, now=now)
    case = filed.report.case
    alike = likening.candidates(case, Case.everything.filter(pk=merging.root_of(into).pk))
    score = alike[0].parts() if alike else None
    with suppress(StateConflict):  # joined before, or too late: the receipt is good either way
        merging.merge(case, into, score=score, by=RESIDENT, now=now)
    return filed


def _tellable(kind: ReportKind) -> QuerySet[Case]:
    """Return the cases that a reporter of ``kind`` may know of and join.

    A case that rests on an alert is not told. One of less severity must not swallow the report.
    """
    told = {one.code for one in reporting.kinds().values() if _is_told(one)}
    ranks = Severity.values
    enough = ranks[: ranks.index(kind.severity) + 1]
    behind = Case.everything.filter(reports__kind__in=told).values("pk")
    return Case.everything.filter(pk__in=behind, severity__in=enough, alerts=None)


def _is_told(kind: ReportKind) -> bool:
    return kind.is_told_near and kind.is_for_residents
