"""Telling subscribed systems what became of a case; no token and no person leaves the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from zhizhi.engine import delivering
from zhizhi.engine.models import Case, Subscriber


def subscribers() -> list[Subscriber]:
    """Return the active subscribers; read once for a batch."""
    return list(Subscriber.objects.filter(is_active=True).order_by("pk"))


def announce(
    case: Case, event: str, *, now: datetime, to: Sequence[Subscriber] | None = None
) -> int:
    """Queue one web request about ``case`` ("case.opened", "case.closed"...) to each subscriber.

    A subscriber hears of its own area and kinds only. Returns how many were queued.
    """
    wanted = [one for one in (subscribers() if to is None else to) if _wants(one, case)]
    for subscriber in wanted:
        delivering.enqueue(
            channel="webhook",
            recipient=subscriber.code,
            template=event,
            payload=facts(case),
            key_parts=("case", case.pk, event, now.isoformat()),
            case=case,
            now=now,
        )
    return len(wanted)


def facts(case: Case) -> dict[str, object]:
    """Return what may be said of a case outside: no subject."""
    return {
        "id": case.pk,
        "code": case.code,
        "kind": case.kind,
        "severity": case.severity,
        "state": case.state,
        "zone": case.zone,
        "area": case.area_path.strip("/").rpartition("/")[2],
        "lon": case.lon,
        "lat": case.lat,
        "opened_at": case.opened_at,
    }


def _wants(subscriber: Subscriber, case: Case) -> bool:
    is_own_kind = not subscriber.kinds or case.kind in subscriber.kinds
    return is_own_kind and case.area_path.startswith(subscriber.area_path)
