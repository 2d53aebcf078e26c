"""Reports from and for other programs: Open311 GeoReport v2."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from zhizhi.engine import requesting
from zhizhi.engine.reporting import Filed
from zhizhi.web.outward.open311 import filing, finding, offering
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


@csrf_exempt  # a secret in the form, and never a cookie, says who sends
@for_clients(*READ, "POST")
def requests(request: HttpRequest, form: str) -> HttpResponse:
    """List requests by number, or by service, status and time; or file one."""
    now = timezone.now()
    if request.method == "POST":
        filed, left_out = filing.file(request, now=now)
        number = requesting.request_id(filed.report.pk)
        notice = " ".join([*left_out, _receipt(request, filed)])
        told = {"service_request_id": number, "service_notice": notice}
        return answer(form, "service_requests", [told])
    reader, query = reader_of(request), asked(request, now=now)
    counted(reader)
    return answer(form, "service_requests", finding.found(reader, query))


@for_clients(*READ)
def one_request(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """Tell of one request."""
    known(request)
    reader = reader_of(request)
    counted(reader)
    return answer(form, "service_requests", [finding.one(reader, number)])


@for_clients(*READ)
def token(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """Return the number of a request for its token; here both are the same from the beginning."""
    known(request)
    reader = reader_of(request)
    counted(reader)
    number = finding.one(reader, token)["service_request_id"]
    return answer(form, "service_requests", [{"service_request_id": number, "token": number}])


def _receipt(request: HttpRequest, filed: Filed) -> str:
    """Return what the reporter needs to follow the report, to rate it, and to have it erased."""
    said = _("Receipt {number}, secret code {secret}. Follow the report at {address}")
    address = request.build_absolute_uri(reverse("web:follow"))
    return said.format(number=filed.report.number, secret=filed.secret, address=address)
