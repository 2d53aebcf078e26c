"""What a reporter may know of the case: that it was seen, that somebody came, how it ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from zhizhi.engine.models import Report, TimelineEntry

TOLD = {
    "report.receive": "received",
    "case.acknowledge": "seen",
    "task.accept": "sent",
    "task.arrive": "arrived",
    "task.finish": "done",
    "case.close": "ended",
    "case.dismiss": "ended",
    "report.rate": "rated",
    "case.reopen": "reopened",
}


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing that a reporter is told: what and when, and never who."""

    at: datetime
    what: str
    result: str = ""


def reports_of(numbers: Collection[int]) -> list[Report]:
    """Return reports by their numbers, the newest first, for whoever has shown their codes."""
    found = Report.everything.filter(pk__in=list(numbers))
    return list(found.select_related("case", "source", "key", "person__key").order_by("-pk"))


def milestones(report: Report) -> Iterator[Milestone]:
    """Yield what the history tells the reporter, oldest first: no names, no notes, no places.

    Of what other reporters of the same case did nothing is told.
    """
    entries = TimelineEntry.objects.filter(case=report.case_id, verb__in=TOLD).order_by("seq")
    for entry in entries:
        if entry.data.get("report", report.pk) != report.pk:
            continue
        yield Milestone(entry.at, TOLD[entry.verb], str(entry.data.get("outcome", "")))
