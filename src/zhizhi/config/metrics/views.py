"""Metrics for Prometheus: for this machine, or for whoever shows the token."""

from __future__ import annotations

from ipaddress import ip_address
from secrets import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.http import require_GET
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from zhizhi.config.metrics.counting import REGISTRY
from zhizhi.config.metrics.gauges import Gauges

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")

REGISTRY.register(Gauges())


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell the figures of this process and of the installation; 404 for anybody else."""
    if not may_read(request):
        return HttpResponseNotFound()
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Say whether the token was shown; without one, whether this machine itself asks.

    Behind a proxy on this machine everybody seems to come from here: what was passed on is refused.
    """
    token: str = settings.METRICS_TOKEN
    if token:
        shown = request.headers.get("Authorization", "")
        return compare_digest(shown.encode(), f"Bearer {token}".encode())
    if any(request.headers.get(name) for name in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
