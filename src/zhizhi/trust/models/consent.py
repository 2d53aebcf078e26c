"""What people have agreed to."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class Consent(models.Model):
    """One agreement: whose data of which kinds may be used for what, from when until when.

    What was agreed never changes; only its end is written in, once. People stand here as logs name
    them ("person:7"), a guardian as well; the only words are codes.
    """

    class Ended(models.TextChoices):
        """How it ended before its time was over."""

        WITHDRAWN = "withdrawn", _("Agreement withdrawn")
        ERASED = "erased", _("Destroyed with the data")
        GUARDIAN = "guardian-ended", _("The guardian's authority ended")
        REPLACED = "replaced", _("Replaced by a newer one")

    subject = models.CharField(max_length=64)  # "person:7"
    purpose = models.CharField(max_length=48)  # "contact"
    data = models.JSONField()  # ["name", "phone"]
    channel = models.CharField(max_length=64)  # through which door it was given
    text = models.CharField(max_length=48, blank=True)  # which wording was agreed to
    guardian = models.CharField(max_length=64, blank=True)  # "person:9", who gave it for a child
    relation = models.CharField(max_length=24, blank=True)  # of the guardian: "parent"
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=64)  # who wrote it down: "resident", "account:3"
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)
    ended_why = models.CharField(max_length=16, blank=True, choices=Ended)

    class Meta:
        verbose_name = _("consent")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "purpose"],
                condition=models.Q(ended_at=None),
                name="consent_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["guardian"],
                condition=models.Q(ended_at=None) & ~models.Q(guardian=""),
                name="consent_guardian",
            )
        ]

    def is_in_force(self, now: datetime) -> bool:
        """Say whether it counts at ``now``: given, not ended, and its time not over."""
        return self.ended_at is None and self.given_at <= now < self.expires_at
