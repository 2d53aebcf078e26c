"""What a reporter may know of the case: that it was seen, that somebody came, how it ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from zhizhi.engine import merging
from zhizhi.engine.models import Report, TimelineEntry

# Beside the replies that everybody gets; each in its place among them.
BETWEEN = {"case.acknowledge": "seen", "task.arrive": "arrived", "report.rate": "rated",
           "case.merge": "joined", "case.unmerge": "apart", "task.extend": "longer",
           "case.suspend": "waits", "case.resume": "goes-on",
           "report.revisit": "asked"}  # fmt: skip
ORDER = ("received", "joined", "apart", "seen", "sent", "arrived", "longer", "waits", "goes-on",
         "handled", "closed", "rated", "asked", "reopened")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing that a reporter is told: what and when, and never who."""

    at: datetime
    what: str
    result: str = ""
    until: datetime | None = None


def reports_of(numbers: Collection[int]) -> list[Report]:
    """Return reports by their numbers, the newest first, for whoever has shown their codes."""
    found = Report.everything.filter(pk__in=list(numbers))
    return list(found.select_related("case", "source", "key", "person__key").order_by("-pk"))


def milestones(report: Report) -> list[Milestone]:
    """Return what the reporter is told, oldest first: no names, no notes, no places.

    Of what other reporters of the same case did nothing is told.
    """
    told = [Milestone(one.at, one.milestone, one.result) for one in report.replies.all()]
    return sorted([*told, *_between(report)], key=lambda one: (one.at, ORDER.index(one.what)))


def _between(report: Report) -> Iterator[Milestone]:
    link = merging.link_of(report.case)
    known = Q(case=report.case_id)
    if link is not None:
        known |= Q(case=link.root_id, at__gte=link.made_at)
    entries = TimelineEntry.objects.filter(known, verb__in=BETWEEN).order_by("at", "seq")
    for entry in entries:
        if entry.data.get("report", report.pk) == report.pk:
            until = parse_datetime(str(entry.data.get("until", "")))
            outcome = str(entry.data.get("outcome", ""))
            yield Milestone(entry.at, BETWEEN[entry.verb], outcome, until)
