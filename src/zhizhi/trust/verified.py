"""When the logs were last verified and how that ended: shown to administrators and auditors.

Kept in a file beside the database: whoever can write only the database cannot claim a check.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from zhizhi.trust import beside

NAME = "verified.json"


@dataclass(frozen=True, slots=True)
class Verified:
    """The end of one run over all logs."""

    at: datetime
    is_whole: bool
    rows: int
    broken: int


def note(found: Verified) -> None:
    """Remember ``found`` as the latest check."""
    told = {
        "at": found.at.isoformat(),
        "is_whole": found.is_whole,
        "rows": found.rows,
        "broken": found.broken,
    }
    beside.remember(NAME, told)


def latest() -> Verified | None:
    """Return the latest check; None when there was none or its note cannot be read."""
    try:
        told = beside.recall(NAME)
        at = datetime.fromisoformat(told["at"])
        return Verified(at, bool(told["is_whole"]), int(told["rows"]), int(told["broken"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
