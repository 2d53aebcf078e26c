"""When the last backup was made: shown by the doctor and by the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from zhizhi.trust import beside

NAME = "backup.json"


@dataclass(frozen=True, slots=True)
class Backup:
    """The end of one backup."""

    at: datetime
    bytes: int
    people: int


def note(made: Backup) -> None:
    """Remember ``made`` as the latest backup."""
    told = {"at": made.at.isoformat(), "bytes": made.bytes, "people": made.people}
    beside.remember(NAME, told)


def newest() -> Backup | None:
    """Return the latest backup; None when there was none or its note cannot be read."""
    try:
        told = beside.recall(NAME)
        return Backup(datetime.fromisoformat(told["at"]), int(told["bytes"]), int(told["people"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
