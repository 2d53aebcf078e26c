"""What the district tells everybody about its own work."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FigureRelease(models.Model):
    """The public figures of one month: counted once, printed so for ever.

    A figure that were counted again later, or over other days, could be subtracted from this one
    and tell about single people. ``numbers`` has a row for each place and a column for each kind of
    cases, with their totals last; null stands where too few people would be behind a number.
    """

    month = models.DateField(unique=True)  # its first day
    published_at = models.DateTimeField()
    least = models.IntegerField()  # fewer people than this stand behind no printed number
    places = models.JSONField()  # names of the rows; "" is what lies in none of them
    kinds = models.JSONField()  # "illegal-fishing", of the columns
    numbers = models.JSONField()

    class Meta:
        verbose_name = _("public figures")
        verbose_name_plural = _("public figures")
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
