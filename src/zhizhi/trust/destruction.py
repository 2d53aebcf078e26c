"""Which data keys were destroyed, told beside the database: what a restored backup must forget.

Once a minute the worker appends each destroyed key to ``DATA/published/destroyed.ndjson`` (row,
moments, signature; nothing of the person) and wipes it from the file of people's keys. A copy of
this file elsewhere closes the time between an erasure and the next copy of the keys folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from zhizhi.trust import canonical, keys, people_keys
from zhizhi.trust.models import SubjectKey

LEDGER = ("published", "destroyed.ndjson")
OVERLAP = timedelta(hours=1)  # a transaction may commit this long after its moment
MOST = 5000
Name = tuple[int, int]  # row and moment of making: a restored database uses rows again


@dataclass(slots=True)
class DestroyedKeys:
    """What this process knows to be in the file."""

    told: set[Name] | None = None
    newest: datetime | None = None

    def catch_up(self, _now: datetime) -> int:
        """Wipe and append what was destroyed since; returns how much."""
        if self.told is None:
            self.told = set(names(ledger()))
        rows = SubjectKey.objects.filter(destroyed_at__isnull=False).order_by("destroyed_at")
        if self.newest is not None:
            rows = rows.filter(destroyed_at__gt=self.newest - OVERLAP)
        fresh = [row for row in rows.iterator() if _name(row) not in self.told][:MOST]
        if fresh:
            people_keys.wipe(row.pk for row in fresh)
            _append([_line(row) for row in fresh])
            self.told |= {_name(row) for row in fresh}
            self.newest = fresh[-1].destroyed_at
        return len(fresh)


def ledger() -> Path:
    return Path(settings.DATA).joinpath(*LEDGER)


def names(file: Path) -> Iterator[Name]:
    """Yield the destroyed keys that a ledger names; a line without our signature is none."""
    ring = keys.ring()
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            told: dict[str, Any] = json.loads(line)
            row, made_us, destroyed_at = int(told["key"]), int(told["made"]), str(told["at"])
            key_id, signature = str(told["signed_by"]), str(told["signature"])
        except (ValueError, KeyError, TypeError):
            continue  # half a line, after a power cut
        content = _signed(row, made_us, destroyed_at)
        if ring.is_signed(content, key_id=key_id, signature=signature):
            yield row, made_us


def _line(row: SubjectKey) -> bytes:
    at = canonical.moment(row.destroyed_at) if row.destroyed_at else ""
    _row, made_us = _name(row)
    key_id, signature = keys.ring().sign(_signed(row.pk, made_us, at))
    told = {
        "key": row.pk, "made": made_us, "at": at, "signed_by": key_id, "signature": signature,
    }  # fmt: skip
    return json.dumps(told).encode() + b"\n"


def _append(lines: list[bytes]) -> None:
    ledger().parent.mkdir(parents=True, exist_ok=True)
    with ledger().open("a+b") as file:
        content = b"".join(lines)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a power cut has left half a line
                content = b"\n" + content
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _name(row: SubjectKey) -> Name:
    return row.pk, people_keys.microseconds(row.created_at)


def _signed(row: int, made_us: int, at: str) -> bytes:
    return f"zhizhi-destroyed|{row}|{made_us}|{at}".encode()
