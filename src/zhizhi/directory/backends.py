"""By which door somebody came in; a session names its door, and each door lets its own in alone.

Django asks the door of a session who it belongs to on every request, the live stream likewise. A
session whose door is not in the settings belongs to nobody. So a password alone opens nothing, and
the demonstration's door, which production has not, opens nothing there.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.http import HttpRequest

from zhizhi.directory.models import Account

PASSWORD = "zhizhi.directory.backends.PasswordDoor"  # noqa: S105 - a path, no password
SECOND_FACTOR = "zhizhi.directory.backends.SecondFactorDoor"
DEMO = "zhizhi.directory.backends.DemoDoor"


class PasswordDoor(ModelBackend):
    """Tells whether name and password fit; nobody is in by them."""

    def get_user(self, user_id: Any) -> None:
        """Return nobody: the second factor is still to come."""
        return


class SecondFactorDoor(BaseBackend):
    """The door of whoever has shown a second factor after the password."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Return nobody: only ``zhizhi.directory.second_factor`` opens this door."""
        return

    def get_user(self, user_id: Any) -> Account | None:
        """Return the account of a session that came in here."""
        return Account.objects.filter(pk=user_id, is_active=True, is_demo=False).first()


class DemoDoor(BaseBackend):
    """The one-click door of a demonstration; the settings of production do not have it."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Return nobody: one click is no proof."""
        return

    def get_user(self, user_id: Any) -> Account | None:
        """Return the demonstration's account of a session, in demo mode alone."""
        if not settings.DEMO:
            return None
        return Account.objects.filter(pk=user_id, is_active=True, is_demo=True).first()
