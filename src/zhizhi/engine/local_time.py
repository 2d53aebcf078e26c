"""Days as the clocks on the walls have them."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone


def midnight(day: date) -> datetime:
    """Return when ``day`` begins here."""
    return timezone.make_aware(datetime.combine(day, time.min))
