"""Which past moment a page shows: read from its address, held between the first and now."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from zhizhi.engine.models import JournalSegment, TimelineEntry

WRITTEN = "%Y-%m-%dT%H:%M:%S"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class History:
    """From when on there is anything to show, and until when."""

    first: datetime
    last: datetime

    @classmethod
    def until(cls, now: datetime) -> History:
        """Return the history of this installation; it begins with the journal or its first line."""
        found = [
            JournalSegment.objects.order_by("offset").values_list("arrival_at", flat=True).first(),
            TimelineEntry.objects.order_by("at").values_list("at", flat=True).first(),
        ]
        first = min((one for one in found if one is not None), default=now)
        return cls(min(first, now).replace(second=0, microsecond=0), now)

    def moment(self, written: str) -> datetime:
        """Return the moment that an address asks for; the last one where it asks for none."""
        asked = read(written)
        return self.last if asked is None else max(self.first, min(self.last, asked))

    def held(self, moment: datetime) -> datetime:
        return max(self.first, min(self.last, moment))


def read(written: str) -> datetime | None:
    """Read "2026-11-26T10:03", with or without seconds and zone; without one it is local time."""
    try:
        asked = parse_datetime(written.strip()[:40])
        if asked is None:
            return None
        if timezone.is_naive(asked):
            asked = timezone.make_aware(asked)
        return asked.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write(moment: datetime) -> str:
    """Write a moment as an address does: local time to the second, never earlier than it was."""
    rounded = datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)
    return timezone.localtime(rounded).strftime(WRITTEN)
