"""Alerts for other warning systems: an Atom feed, and one CAP 1.2 message behind each entry."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from zhizhi.trust.scoping import Scope
from zhizhi.web.access import CASE_READERS
from zhizhi.web.outward import cap, cap_xml
from zhizhi.web.outward.asking import known
from zhizhi.web.outward.problems import Unanswerable, for_programs
from zhizhi.web.outward.reader import counted, reader_of


@for_programs
def feed(request: HttpRequest) -> HttpResponse:
    """List the alerts that are current or ended lately."""
    scope, now = _scope(request), timezone.now()
    body = cap_xml.feed_xml(request, cap.current(scope, now=now), now=now)
    return HttpResponse(body, content_type=f"{cap_xml.ATOM_KIND}; charset=utf-8")


@for_programs
def message(request: HttpRequest, alert: str, step: str) -> HttpResponse:
    """Return one message about an alert."""
    found = cap.find(_scope(request), alert, step) if alert.isalnum() else None
    if found is None:
        raise Unanswerable(404, "no-message", "There is no such message. Look at the feed.")
    body = cap_xml.alert_xml(request, found)
    return HttpResponse(body, content_type=f"{cap_xml.CAP_KIND}; charset=utf-8")


def _scope(request: HttpRequest) -> Scope:
    """Return what the reader may see of cases; raises Unanswerable where it is nothing."""
    known(request, ())
    reader = reader_of(request)
    scope = reader.having(*CASE_READERS)
    counted(reader)
    return scope
