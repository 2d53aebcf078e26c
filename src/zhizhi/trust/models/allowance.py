"""How much of what may be done in a while has been used up."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Allowance(models.Model):
    """What one actor has used of one allowance; who it is stands there as a keyed hash alone.

    The whole allowance comes back evenly; ``full_at`` is when nothing of it will be missing.
    """

    bucket = models.CharField(max_length=64, primary_key=True)
    full_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("allowance")
