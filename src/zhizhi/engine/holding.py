"""Who runs a detector: one process at a time, by a lease on its checkpoint and a fence.

The lease spares two workers useless work; the fence keeps the record exact: every commit checks and
raises it, so a worker that slept through its lease cannot write.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from zhizhi.engine import journal
from zhizhi.engine.models import Checkpoint
from zhizhi.engine.states import StateConflict
from zhizhi.kernel.detection import Compiled, Detector, params_hash

LEASE = timedelta(seconds=10)


def holder() -> str:
    """Return how the lease names this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def take(
    detector: Detector, compiled: Compiled, *, now: datetime, lookback: timedelta | None
) -> Checkpoint:
    """Return the detector's checkpoint, leased to this process.

    A detector that is new here begins ``lookback`` before ``now``, or with the whole journal.
    Raises StateConflict when another process runs it.
    """
    with transaction.atomic():
        row = Checkpoint.objects.filter(pk=detector.code).first()
        if row is None:
            start = 1 if lookback is None else journal.first_since(now - lookback)
            row, _is_new = Checkpoint.objects.get_or_create(
                detector=detector.code,
                defaults={
                    "version": detector.version,
                    "params": params_hash(detector),
                    "ref_version": compiled.ref_version,
                    "next_offset": start,
                    "updated_at": now,
                },
            )
        free = Q(holder="") | Q(holder=holder()) | Q(lease_until__lt=Now())
        if is_dead(row.holder):
            free |= Q(holder=row.holder)
        leased = Checkpoint.objects.filter(free, pk=row.pk, fence=row.fence)
        if not leased.update(holder=holder(), lease_until=Now() + LEASE, fence=row.fence + 1):
            raise taken(row.pk)
        return Checkpoint.objects.get(pk=row.pk)


def save(checkpoint: Checkpoint, **columns: Any) -> None:
    """Write ``columns`` and raise the fence; raises StateConflict when it was raised elsewhere."""
    columns["fence"] = checkpoint.fence + 1
    if not _mine(checkpoint).update(lease_until=Now() + LEASE, **columns):
        raise taken(checkpoint.pk)
    for name, value in columns.items():
        setattr(checkpoint, name, value)


def renew(checkpoint: Checkpoint, *, now: datetime) -> None:
    """Keep the lease while there is nothing to write; raises StateConflict when it is lost."""
    if not _mine(checkpoint).update(lease_until=Now() + LEASE, updated_at=now, failure=""):
        raise taken(checkpoint.pk)


def release(checkpoint: Checkpoint) -> None:
    """Let another process take over at once; harmless when one has already."""
    _mine(checkpoint).update(lease_until=None, holder="")


def taken(code: str) -> StateConflict:
    """Return the conflict that names the process which runs the detector."""
    row = Checkpoint.objects.filter(pk=code).first()
    who = row.holder if row and row.holder else "nobody any more"
    message = f"{code} is run by {who}; this process leaves it alone"
    return StateConflict(message, code="detector-taken", record=row)


def is_dead(name: str) -> bool:
    """Say whether ``name`` is a process of this machine that has ended."""
    host, _colon, pid = name.rpartition(":")
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _mine(checkpoint: Checkpoint) -> Any:
    return Checkpoint.objects.filter(pk=checkpoint.pk, holder=holder(), fence=checkpoint.fence)
