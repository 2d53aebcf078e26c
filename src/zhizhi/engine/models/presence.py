"""Who has a case open at this moment."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Account
from zhizhi.engine.models.case import Case


class Presence(models.Model):
    """One tab of an operator in which a case is open; gone a little after its last sign of life.

    It spares two people the same work, and is no record: nothing of it outlives the tab.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="presences")
    tab = models.CharField(max_length=32)  # drawn by the page when it is loaded
    case = models.ForeignKey(Case, models.CASCADE, related_name="presences")
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [
            models.UniqueConstraint(fields=["account", "tab"], name="one_presence_of_a_tab")
        ]
        indexes = [models.Index(fields=["seen_at"])]
