"""Where units were: kept for a while, so that a past screen can be shown as it was."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models.area import Unit


class UnitPosition(models.Model):
    """A place from which a unit reported; rows are added, and deleted when their time is over.

    At most one a minute for each unit. ``at`` is the device's clock, ``recorded_at`` ours.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="positions")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()

    class Meta:
        verbose_name = _("unit position")
        indexes = [
            models.Index(fields=["unit", "-recorded_at"], name="position_of_unit"),
            models.Index(fields=["recorded_at"], name="position_age"),
        ]
