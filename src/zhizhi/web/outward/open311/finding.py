"""What is told of requests: to the public their service, state, times and about where; never words.

Whoever has a pass or is signed in reads those of the own area with the place that the desk shows
and the agency. Nobody reads here what a reporter wrote, the photo, or anything about the reporter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from zhizhi.directory.models import Area
from zhizhi.engine import reporting, requesting
from zhizhi.engine.models import Case, CaseAgency, Report
from zhizhi.web.access import CASE_READERS
from zhizhi.web.outward.open311.asking import CLOSED, MOST, OPEN, RequestQuery
from zhizhi.web.outward.problems import Unanswerable
from zhizhi.web.outward.reader import OutsideReader

ABOUT = 2  # decimals of a degree that the public is told: about a kilometre
EXACT = 6
PLACES = (Area.Kind.COMMUNITY, Area.Kind.TOWN)
NEEDED = ("kind", "received_at", "case__state", "case__changed_at", "case__closed_at", "case__lon",
          "case__lat", "case__area_path")  # fmt: skip


def found(reader: OutsideReader, asked: RequestQuery) -> list[dict[str, Any]]:
    """Return the requests that are asked for, the newest first."""
    if asked.numbers:
        return _told(reader, requesting.named(asked.numbers))
    rows = _listed_for(reader)
    rows = rows.filter(received_at__gte=asked.since, received_at__lte=asked.until)
    if asked.kinds:
        rows = rows.filter(kind__in=asked.kinds)
    if asked.states == {OPEN}:
        rows = rows.exclude(case__state__in=Case.FINAL)
    elif asked.states == {CLOSED}:
        rows = rows.filter(case__state__in=Case.FINAL)
    return _told(reader, rows)


def one(reader: OutsideReader, number: str) -> dict[str, Any]:
    """Return one request; raises Unanswerable where nothing is called so."""
    told = _told(reader, requesting.named([number]))
    if not told:
        raise Unanswerable(404, "service_request_id", "service_request_id was not found.")
    return told[0]


def _listed_for(reader: OutsideReader) -> QuerySet[Report]:
    """Return what the reader may go through without naming it; raises Unanswerable for nothing."""
    if reader.has(*CASE_READERS):
        return Report.objects.visible_to(reader.having(*CASE_READERS))
    if (listed := requesting.listed_for_everybody()) is not None:
        return listed
    told = (
        "This district lists requests for programs with a pass (as bearer token). "
        "Ask for those whose service_request_id you know."
    )
    raise Unanswerable(403, "not-listed", told)


def _told(reader: OutsideReader, rows: QuerySet[Report]) -> list[dict[str, Any]]:
    reports = list(rows.select_related("case").only(*NEEDED).order_by("-received_at", "-pk")[:MOST])
    own = _seen_by(reader, reports)
    leads = _leads({one.case_id for one in reports if one.pk in own})
    names = _names(one.case.area_path for one in reports)
    services = {code: str(kind.name) for code, kind in reporting.kinds().items()}
    return [
        {
            **_state(one),
            "service_name": services.get(one.kind, one.kind),
            "service_code": one.kind,
            "description": "",
            "agency_responsible": leads.get(one.case_id, ""),
            "service_notice": "",
            **_times(one),
            "address": _address(one.case.area_path, names),
            "address_id": "",
            "zipcode": "",
            "lat": round(one.case.lat, EXACT if one.pk in own else ABOUT),
            "long": round(one.case.lon, EXACT if one.pk in own else ABOUT),
            "media_url": "",
        }
        for one in reports
    ]


def _state(report: Report) -> dict[str, str]:
    case = report.case
    return {
        "service_request_id": requesting.request_id(report.pk),
        "status": CLOSED if case.state in Case.FINAL else OPEN,
        "status_notes": str(case.get_state_display()),
    }


def _times(report: Report) -> dict[str, str]:
    case = report.case
    ended = case.closed_at if case.state in Case.FINAL else None
    return {
        "requested_datetime": _moment(report.received_at),
        "updated_datetime": _moment(ended or case.changed_at),
        "expected_datetime": "",
    }


def _moment(at: datetime) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds")


def _seen_by(reader: OutsideReader, reports: Collection[Report]) -> set[int]:
    """Return which of ``reports`` the reader may see as the desk shows them."""
    if not reports or not reader.has(*CASE_READERS):
        return set()
    mine = Report.objects.visible_to(reader.having(*CASE_READERS))
    return set(mine.filter(pk__in=[one.pk for one in reports]).values_list("pk", flat=True))


def _leads(cases: Collection[int]) -> dict[int, str]:
    if not cases:
        return {}
    rows = CaseAgency.objects.filter(case__in=cases, part=CaseAgency.Part.LEAD)
    return dict(rows.values_list("case", "agency__name"))


def _names(paths: Iterable[str]) -> Mapping[str, str]:
    """Return the names of the communities and towns in which something lies, by their paths."""
    wanted = {above for path in paths for above in _above(path)}
    rows = Area.objects.in_force().filter(kind__in=PLACES, path__in=wanted)
    return dict(rows.values_list("path", "name"))


def _address(path: str, names: Mapping[str, str]) -> str:
    """Return community and town, the smaller first; never a building or a cell of the grid."""
    return ", ".join(names[above] for above in _above(path) if above in names)


def _above(path: str) -> list[str]:
    """Return the paths of an area and of those that hold it, the smallest first."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:count]) + "/" for count in range(len(parts), 0, -1)]
