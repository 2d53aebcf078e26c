"""Streams of which only what is of somebody known is kept, such as tags that a reader has read."""

from __future__ import annotations

from datetime import datetime

from zhizhi.engine.system import systems
from zhizhi.kernel.observations import Reading


def matched(stream: str, read: Reading, *, now: datetime) -> Reading:
    """Return what the system that reads ``stream`` keeps of an envelope; without one, nothing.

    It is asked with every envelope and nothing is remembered: whoever has just withdrawn is not
    matched any more.
    """
    reader = next((one for one in systems() if stream in one.reads), None)
    if reader is None:
        return Reading(read.table.slice(0, 0), read.defects, read.refused)
    kept: Reading = reader.matched(stream, read, now=now)
    return kept
