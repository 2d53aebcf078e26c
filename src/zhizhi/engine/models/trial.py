"""A rule tried with other numbers on a piece of the journal, and what that would have changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Trial(models.Model):
    """One run of a rule with changed numbers beside the same rule with those in force.

    It keeps who asked for it and when, the journal range, the rule's version and the zones, so its
    address can be passed on and the same run repeated bit for bit; nothing else is changed by it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    OPEN = (State.WAITING, State.RUNNING)

    detector = models.CharField(max_length=64)
    version = models.IntegerField()
    numbers = models.JSONField()  # of its system, as they were in force
    changes = models.JSONField()  # setting key -> value tried instead
    since = models.DateTimeField()
    until = models.DateTimeField()
    first_offset = models.BigIntegerField(default=0)
    last_offset = models.BigIntegerField(default=0)
    ref_version = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    done = models.IntegerField(default=0)  # per cent
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    digest = models.CharField(max_length=64, blank=True)  # of the result
    failure = models.CharField(max_length=300, blank=True)
    attempts = models.IntegerField(default=0)
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("trial")
        indexes = [models.Index(fields=["state", "id"], name="trial_waiting")]
