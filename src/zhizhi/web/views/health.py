"""System health: what comes in, what waits, what stands still, in plain words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from zhizhi.engine import journal, vitals
from zhizhi.engine.delivering import channels
from zhizhi.engine.models import Checkpoint, JournalHead, QuarantinedRow, Source
from zhizhi.trust import verified
from zhizhi.trust.models import ChainHead
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, for_roles

STANDS_STILL = timedelta(minutes=2)  # a detector that has not written for this long
SLOW = timedelta(minutes=5)  # a message that has waited for this long
UNCHECKED = timedelta(days=7)
SHOWN = 20
PLAIN = "text/plain; charset=utf-8"
GOOD, WAIT, BAD = "good", "wait", "bad"
Light = dict[str, Any]


@require_GET
@for_roles(Role.ADMINISTRATOR, Role.AUDITOR)
def health(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show sources, detectors, quarantine, outbox, timers and the latest check of the logs."""
    now = timezone.now()
    sources, detectors, outbox = _sources(now), _detectors(now), _outbox(now)
    quarantine = QuarantinedRow.objects.all()
    context = {
        "now": now,
        "sources": sources,
        "detectors": detectors,
        "outbox": outbox,
        "lights": [
            _sources_light(sources),
            _detectors_light(detectors),
            _outbox_light(outbox),
            _timers_light(vitals.timers(now)),
            _check_light(now),
        ],
        "offset": JournalHead.objects.values_list("next_offset", flat=True).first() or 1,
        "entries": ChainHead.objects.filter(name="audit").values_list("seq", flat=True).first(),
        "check": verified.latest(),
        "reasons": quarantine.values("stream", "reason")
        .annotate(rows=Count("pk"))
        .order_by("-rows")[:SHOWN],
        "quarantine": quarantine.select_related("source").order_by("-pk")[:SHOWN],
    }
    return render(request, "web/health.html", context)


def _sources(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "row": source,
            "is_silent": source.kind != Source.FORM  # nobody has to write to us
            and (source.last_arrival_at is None or now - source.last_arrival_at > vitals.SILENT),
        }
        for source in Source.objects.order_by("name")
    ]


def _detectors(now: datetime) -> list[dict[str, Any]]:
    end = journal.next_offset()
    return [
        {
            "row": row,
            "watermark_at": journal.from_us(row.watermark_us) if row.watermark_us > 0 else None,
            "behind": max(0, end - row.next_offset),
            "is_still": now - row.updated_at > STANDS_STILL,
        }
        for row in Checkpoint.objects.order_by("detector")
    ]


def _outbox(now: datetime) -> dict[str, Any]:
    found = vitals.outbox()
    waiting = {row["channel"]: row for row in found["waiting"]}
    rows = [
        {
            "code": code,
            "policy": channel.policy,
            **(waiting.get(code) or {"rows": 0, "oldest": None}),
        }
        for code, channel in sorted(channels().items())
    ]
    is_slow = any(row["oldest"] and now - row["oldest"] > SLOW for row in rows)
    return {"rows": rows, "failed": found["failed"], "is_slow": is_slow}


def _light(name: str, light: str, said: str, remedy: str = "") -> Light:
    return {"name": name, "light": light, "said": said, "remedy": remedy}


def _sources_light(sources: list[dict[str, Any]]) -> Light:
    silent = [source["row"].name for source in sources if source["is_silent"]]
    if not sources:
        return _light(_("Sources"), WAIT, _("none yet"), _("Nobody sends yet: add a source."))
    if silent:
        said = _("{n} of {m} silent").format(n=len(silent), m=len(sources))
        remedy = _("Ask who runs it whether device and network work: {names}.")
        return _light(_("Sources"), WAIT, said, remedy.format(names=_(", ").join(silent)))
    return _light(_("Sources"), GOOD, _("all send"))


def _detectors_light(detectors: list[dict[str, Any]]) -> Light:
    if any(detector["row"].failure for detector in detectors):
        remedy = _("It goes on by itself once the cause, named below, is mended.")
        return _light(_("Detectors"), BAD, _("failed"), remedy)
    if not detectors or any(detector["is_still"] for detector in detectors):
        remedy = _("Nothing is lost, but nothing is judged. On the server: zhizhi worker")
        return _light(_("Detectors"), BAD, _("no worker is running"), remedy)
    return _light(_("Detectors"), GOOD, _("judging"))


def _outbox_light(outbox: dict[str, Any]) -> Light:
    if outbox["failed"]:
        remedy = _("They are not sent again; their cases say which. Tell people another way.")
        return _light(_("Outbox"), BAD, _("{n} failed").format(n=outbox["failed"]), remedy)
    said = _("{n} waiting").format(n=sum(row["rows"] for row in outbox["rows"]))
    if outbox["is_slow"]:
        remedy = _("A channel does not take them: the oldest below has waited for over 5 minutes.")
        return _light(_("Outbox"), WAIT, said, remedy)
    return _light(_("Outbox"), GOOD, said)


def _timers_light(count: dict[str, Any]) -> Light:
    if count["late"]:
        remedy = _("They fire late. If the number grows, the worker has stopped or is slow.")
        return _light(_("Timers"), WAIT, _("{n} overdue").format(n=count["late"]), remedy)
    return _light(_("Timers"), GOOD, _("{n} waiting").format(n=count["all"]))


def _check_light(now: datetime) -> Light:
    check = verified.latest()
    if check is None:
        return _light(_("Check of the logs"), WAIT, _("never"), _("Check once a week: see below."))
    if not check.is_whole:
        said = _("{n} broken").format(n=check.broken)
        remedy = _("Records may have been changed. Touch nothing, copy it, call the auditor.")
        return _light(_("Check of the logs"), BAD, said, remedy)
    if now - check.at < UNCHECKED:
        return _light(_("Check of the logs"), GOOD, _("whole"))
    return _light(_("Check of the logs"), WAIT, _("whole"), _("Check once a week: see below."))


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer "ok" while the database answers; for load balancers and supervisors."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("database not reachable", status=503, content_type=PLAIN)
    return HttpResponse("ok", content_type=PLAIN)
