"""System health: what comes in, what waits, what stands still, in plain words."""

from __future__ import annotations

from django.db import Error, connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.engine import journal, vitals
from zhizhi.engine.models import (
    Checkpoint,
    JournalHead,
    QuarantinedRow,
    Source,
    Timer,
)
from zhizhi.trust.models import ChainHead
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, for_roles


@require_GET
@for_roles(Role.ADMINISTRATOR, Role.AUDITOR)
def health(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show sources, detectors, quarantine, outbox, timers and the chain's head."""
    now = timezone.now()
    timers = Timer.objects.filter(fired_at=None, cancelled_at=None)
    context = {
        "now": now,
        "sources": Source.objects.order_by("name"),
        "detectors": [
            {
                "row": row,
                "watermark_at": journal.from_us(row.watermark_us) if row.watermark_us > 0 else None,
                "behind": max(0, journal.next_offset() - row.next_offset),
            }
            for row in Checkpoint.objects.order_by("detector")
        ],
        "head": JournalHead.objects.first(),
        "reasons": QuarantinedRow.objects.values("stream", "reason")
        .annotate(rows=Count("pk"))
        .order_by("-rows")[:20],
        "quarantine": QuarantinedRow.objects.select_related("source")[:20],
        **vitals.outbox(),
        "overdue": timers.filter(due_at__lt=now).count(),
        "timers": timers.count(),
        "chain": ChainHead.objects.first(),
    }
    return render(request, "web/health.html", context)


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer "ok" while the database answers; for load balancers and supervisors."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("database not reachable", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
