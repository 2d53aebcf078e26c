"""What ``zhizhi demo --once`` reports."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Sum
from django.urls import NoReverseMatch, reverse

from zhizhi.config.demo.history import Replayed
from zhizhi.directory.models import Account, Area, Unit
from zhizhi.engine.models import Alert, Case, JournalSegment, Message, QuarantinedRow


def counts(replayed: Replayed) -> dict[str, Any]:
    """Return how much of everything there is, and what the replay of this run did."""
    states = Case.everything.values_list("state").annotate(count=Count("pk")).order_by("state")
    return {
        "observations": JournalSegment.objects.aggregate(rows=Sum("rows"))["rows"] or 0,
        "quarantined": QuarantinedRow.objects.count(),
        "findings": Alert.everything.count()
        + Alert.everything.filter(cleared_at__isnull=False).count(),
        "alerts": Alert.everything.count(),
        "cases": Case.everything.count(),
        "cases_by_state": dict(states),
        "messages": Message.everything.count(),
        "areas": Area.objects.in_force().count(),
        "units": Unit.objects.count(),
        "accounts": Account.objects.filter(is_demo=True).count(),
        "replayed_rows": replayed.rows,
        "staff_acts": replayed.acts,
        "failures": replayed.progress.failures,
    }


def addresses() -> dict[str, str]:
    """Return where the visitor looks."""
    return {
        "sign_in": _address("web:sign-in", "/sign-in"),
        "demo_sign_in": _address("web:demo-sign-in", "/sign-in/demo"),
        "desk": _address("web:desk", "/"),
    }


def _address(name: str, otherwise: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return otherwise
