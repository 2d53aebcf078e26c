"""Reports from and for other programs: Open311 GeoReport v2."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from zhizhi.web.outward.open311 import finding, offering
from zhizhi.web.outward.open311.answers import KINDS, answer, for_clients
from zhizhi.web.outward.open311.asking import asked, known
from zhizhi.web.outward.reader import counted, reader_of

READ = ("GET", "HEAD")


@for_clients(*READ)
def discovery(request: HttpRequest, form: str) -> HttpResponse:
    """Say where the interface is and which forms it has."""
    known(request)
    reply = answer(form, "discovery", offering.discovery(request))
    reply["Content-Type"] = KINDS[form]  # as validators compare it; both are UTF-8 by themselves
    return reply


@for_clients(*READ)
def services(request: HttpRequest, form: str) -> HttpResponse:
    """List what can be reported."""
    known(request)
    return answer(form, "services", offering.services())


@for_clients(*READ)
def definition(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """Say what is asked for one service."""
    known(request)
    return answer(form, "service_definition", offering.definition(code))


@for_clients(*READ)
def requests(request: HttpRequest, form: str) -> HttpResponse:
    """List requests by number, or by service, status and time."""
    reader, query = reader_of(request), asked(request, now=timezone.now())
    counted(reader)
    return answer(form, "service_requests", finding.found(reader, query))


@for_clients(*READ)
def one_request(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """Tell of one request."""
    known(request)
    reader = reader_of(request)
    counted(reader)
    return answer(form, "service_requests", [finding.one(reader, number)])
