"""The unfinished report of a browser: found by its cookie, kept for a while, sent once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from zhizhi.directory.people import PersonalData
from zhizhi.engine import quotas, settings_in_force, unfinished
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.unfinished import Unfinished
from zhizhi.web.residents.questions import REACHABLE

COOKIE = "report"
PATH = "/home/report/"
STEPS: Mapping[str, str | Promise] = {
    "kind": gettext_lazy("What happened"),
    "telling": gettext_lazy("What you saw"),
    "where": gettext_lazy("Where"),
    "when": gettext_lazy("When"),
    "photo": gettext_lazy("Photo"),
    "contact": gettext_lazy("How to reach you"),
}
SENT = "sent"
FACTS = "facts"  # what a system's own door found, for it


def of(request: HttpRequest, now: datetime) -> Unfinished | None:
    """Return what this browser has answered so far, if its time is not over."""
    token = request.COOKIES.get(COOKIE, "")
    return unfinished.find(token, now=now) if token else None


def begin(now: datetime) -> Unfinished:
    """Start an empty report with the key under which it arrives once."""
    draft = unfinished.begin(within=life(), now=now)
    draft.answers["key"] = secrets.token_hex(16)
    return draft


def keep(response: HttpResponse, draft: Unfinished, now: datetime) -> HttpResponse:
    """Keep the answers here and the token in the browser; neither is in any address."""
    unfinished.keep(draft, within=life(), now=now)
    response.set_cookie(
        COOKIE,
        draft.token,
        max_age=int(life().total_seconds()),
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def life() -> timedelta:
    """Return how long an unfinished report is kept after its last answer."""
    return timedelta(minutes=settings_in_force.value("residents.draft_minutes"))


def missing(draft: Unfinished) -> str:
    """Return the first question that is still to be answered, or nothing."""
    return next((step for step in STEPS if step not in draft.answers), "")


def report_of(draft: Unfinished) -> NewReport:
    """Return the report that the answers make."""
    told = draft.answers
    at, contact = told["where"]["at"], told["contact"]
    reachable = contact["way"] == REACHABLE
    occurred_at = parse_datetime(told["when"]["occurred_at"])
    assert occurred_at is not None  # noqa: S101 - written by TimeForm
    return NewReport(
        external_id=told["key"],
        kind=told["kind"]["kind"],
        telling=told["telling"]["telling"],
        lon=at["lon"],
        lat=at["lat"],
        place_by=at["by"],
        place=told["where"]["place"] or at["name"],
        accuracy_m=at["accuracy_m"],
        occurred_at=occurred_at,
        photo=draft.photo,
        contact=PersonalData(contact["name"], contact["phone"]) if reachable else None,
        consent=contact["consent"] if reachable else "",
        facts=told.get(FACTS, {}),
    )


def sender(request: HttpRequest) -> str:
    """Return the address that asks; behind a proxy on this machine, the one it tells."""
    return str(request.META.get("REMOTE_ADDR", ""))


def may(request: HttpRequest, what: str, setting: str, now: datetime) -> bool:
    """Count one more act of this address and say whether it is among those allowed an hour."""
    most: int = settings_in_force.value(setting)
    return quotas.take(what, sender(request), most=most, now=now)


def browser(request: HttpRequest) -> str:
    """Return what tells this browser from others as long as its session lasts."""
    return str(request.session.setdefault("browser", secrets.token_hex(8)))


def may_send(request: HttpRequest, now: datetime) -> bool:
    """Count one more report of this browser and of this address."""
    most: int = settings_in_force.value("residents.reports_per_browser")
    is_own = quotas.take("report by browser", browser(request), most=most, now=now)
    return is_own and may(request, "report", "residents.reports_per_address", now)
