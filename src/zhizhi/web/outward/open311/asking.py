"""Which requests somebody asks for: by number, or by service, status and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from zhizhi.web.outward.open311.offering import check_jurisdiction, kind_of
from zhizhi.web.outward.problems import Unanswerable

SPAN = timedelta(days=90)
MOST = 1000
OPEN, CLOSED = "open", "closed"
JURISDICTION, EXTENSIONS = "jurisdiction_id", "extensions"  # of these there are none: ignored
LIST = ("service_request_id", "service_code", "start_date", "end_date", "status")


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Which requests: ``numbers``, or those made from ``since`` to ``until`` of some kinds."""

    since: datetime
    until: datetime
    numbers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()


def asked(request: HttpRequest, *, now: datetime) -> RequestQuery:
    """Read the address; raises Unanswerable where it says something that no answer fits."""
    query = known(request, LIST)
    numbers = _listed(query.get("service_request_id", ""))
    if len(numbers) > MOST:
        raise Unanswerable(400, "service_request_id", f"At most {MOST} can be asked for at once.")
    if numbers:  # this overrides all other arguments
        return RequestQuery(now, now, tuple(numbers))
    since, until = _span(query.get("start_date", ""), query.get("end_date", ""), now)
    codes = [kind_of(code, is_known=True).code for code in _listed(query.get("service_code", ""))]
    states = frozenset(_listed(query.get("status", "")))
    if not states <= {OPEN, CLOSED}:
        raise Unanswerable(400, "status", f"status is {OPEN}, {CLOSED}, or both with a comma.")
    return RequestQuery(since, until, (), tuple(codes), states)


def known(request: HttpRequest, names: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the query; raises Unanswerable for another name, one name twice, another place."""
    for name, values in request.GET.lists():
        if name not in (*names, JURISDICTION, EXTENSIONS):
            allowed = ", ".join((*names, JURISDICTION))
            told = f"“{name[:48]}” is no parameter of this address. It knows: {allowed}."
            raise Unanswerable(400, "unknown-parameter", told)
        if len(values) > 1:
            message = f"“{name}” is given twice. Give it once, with commas."
            raise Unanswerable(400, "given-twice", message)
    query = {name: values[0].strip() for name, values in request.GET.lists()}
    check_jurisdiction(request, query.get(JURISDICTION, ""))
    return query


def moment(text: str, name: str) -> datetime:
    """Return a time with its zone; raises Unanswerable for anything else."""
    try:
        found = parse_datetime(text)
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):  # no day of any calendar, or before its first one
        pass
    told = f"{name} is a time with its zone (a + is written %2B), such as 2026-03-01T00:00:00Z."
    raise Unanswerable(400, name, told)


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _span(first: str, last: str, now: datetime) -> tuple[datetime, datetime]:
    """Return the span of 90 days that is asked for; raises Unanswerable for a longer one."""
    start = moment(first, "start_date") if first else None
    end = moment(last, "end_date") if last else None
    try:
        if start is None:
            end = end or now
            return end - SPAN, end
        end = end or start + SPAN
    except OverflowError as error:
        raise Unanswerable(400, "start_date", "No calendar goes on so long.") from error
    if end < start:
        raise Unanswerable(400, "end_date", "end_date is before start_date. Exchange them.")
    if end - start > SPAN:
        message = f"start_date and end_date span more than {SPAN.days} days. Ask several times."
        raise Unanswerable(400, "start_date", message)
    return start, end
