"""When the last backup was made: shown by the doctor and by the metrics."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

NAME = "backup.json"


@dataclass(frozen=True, slots=True)
class Backup:
    """The end of one backup."""

    at: datetime
    bytes: int
    people: int


def note(made: Backup) -> None:
    """Remember ``made`` as the latest backup."""
    draft = _path().with_suffix(".new")
    told = {"at": made.at.isoformat(), "bytes": made.bytes, "people": made.people}
    draft.write_text(json.dumps(told), encoding="utf-8")
    draft.replace(_path())


def newest() -> Backup | None:
    """Return the latest backup; None when there was none or its note cannot be read."""
    try:
        told = json.loads(_path().read_text(encoding="utf-8"))
        return Backup(datetime.fromisoformat(told["at"]), int(told["bytes"]), int(told["people"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path() -> Path:
    return Path(settings.DATA) / NAME
