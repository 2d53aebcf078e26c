"""``flush`` empties every table; the audit chain allows that in demo and test mode only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import flush

from zhizhi.trust import append_only


class Command(flush.Command):
    """Django's flush, with the guards of append-only tables lifted meanwhile."""

    def handle(self, **options: Any) -> None:
        if settings.MODE == "production":
            message = "The audit log of a production installation cannot be flushed."
            raise CommandError(message)
        with append_only.lifted():
            super().handle(**options)
