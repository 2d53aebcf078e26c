"""What waits, what is behind and what is old, read from the database when somebody asks.

Labels are codes that the product itself declares (channels, detectors), so their number is bounded.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.db import Error
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from zhizhi.config.backing_up import latest
from zhizhi.engine import journal, vitals
from zhizhi.engine.delivering import channels
from zhizhi.engine.models import Checkpoint, Source
from zhizhi.engine.system import detector_codes
from zhizhi.trust import audit, keys, tree


class Gauges(Collector):
    """The state of the installation; ``zhizhi_database_up`` is 0 when it cannot be asked."""

    def collect(self) -> Iterable[Metric]:
        now = timezone.now()
        yield from _machine()
        try:
            found = list(_stored(now))
        except Error:
            found = []
        yield _gauge("database_up", "Whether the database answers", float(bool(found)))
        yield from found

    def describe(self) -> Iterable[Metric]:
        """Tell nothing beforehand: registering must not ask the database."""
        return []


def _stored(now: datetime) -> Iterator[Metric]:
    yield from _outbox(now)
    waiting = vitals.timers(now)
    yield _gauge("timers_waiting", "Timers that have not fired", waiting["all"])
    yield _gauge("timers_overdue", "Timers whose moment has passed", waiting["late"])
    yield from _detectors(now)
    senders = Source.objects.exclude(kind=Source.FORM)
    silent = senders.filter(last_arrival_at__lt=now - vitals.SILENT).count()
    yield _gauge("sources_silent", "Sources that sent before and say nothing now", silent)
    newest = tree.newest()
    yield _gauge("audit_entries", "Entries of the audit log", audit.head().seq)
    yield _gauge("published_entries", "Entries under the newest root", newest.size if newest else 0)
    at = newest.at.timestamp() if newest else 0.0
    yield _gauge("published_timestamp_seconds", "When the newest root was published", at)


def _outbox(now: datetime) -> Iterator[Metric]:
    found = vitals.outbox()
    waiting = {row["channel"]: row for row in found["waiting"]}
    rows = _labelled("outbox_waiting", "Messages that wait to be sent", "channel")
    ages = _labelled("outbox_oldest_seconds", "How long the oldest message has waited", "channel")
    for code in sorted(channels()):
        row = waiting.get(code)
        rows.add_metric([code], row["rows"] if row else 0)
        ages.add_metric([code], (now - row["oldest"]).total_seconds() if row else 0.0)
    yield from (rows, ages)
    yield _gauge("outbox_failed", "Messages that were given up", found["failed"])


def _detectors(now: datetime) -> Iterator[Metric]:
    end = journal.next_offset()
    yield _gauge("journal_next_offset", "Offset that the next envelope gets", end)
    behind = _labelled("detector_behind", "Envelopes that a detector has not read", "detector")
    failed = _labelled("detector_failed", "Whether a detector stands still", "detector")
    for row in Checkpoint.objects.filter(detector__in=detector_codes()).order_by("detector"):
        behind.add_metric([row.detector], max(0, end - row.next_offset))
        failed.add_metric([row.detector], float(bool(row.failure)))
    yield from (behind, failed)


def _machine() -> Iterator[Metric]:
    free = shutil.disk_usage(settings.DATA).free
    yield _gauge("disk_free_bytes", "Free space where the data lies", free)
    yield _gauge("vault_keys", "Vault keys in the ring", len(keys.ring().of("vault")))
    backup = latest.newest()
    at = backup.at.timestamp() if backup else 0.0
    yield _gauge("backup_timestamp_seconds", "When the last backup was made; 0: never", at)
    yield _gauge("backup_bytes", "How large it is", backup.bytes if backup else 0)


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"zhizhi_{name}", told, value=value)


def _labelled(name: str, told: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"zhizhi_{name}", told, labels=[label])
