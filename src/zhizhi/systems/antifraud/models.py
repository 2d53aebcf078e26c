"""What the lists know: clues out of reports, and what the staff decided."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Report
from zhizhi.kernel import identifiers


class ListKind(models.TextChoices):
    """What can be on a list."""

    PHONE = identifiers.IS_PHONE, _("Telephone number")
    ACCOUNT = identifiers.IS_ACCOUNT, _("Account that money goes to")
    URL = identifiers.IS_URL, _("Internet address")
    APP = identifiers.IS_APP, _("App")


class Clue(models.Model):
    """One reporter said that something belongs to a scam; saying it again only makes it newer.

    Neither the thing nor the reporter is kept: both are keyed hashes, and the reporter's is another
    one for each thing. A clue of a report stands as long as its case is not dismissed.
    """

    kind = models.CharField(max_length=8, choices=ListKind)
    key = models.CharField(max_length=64)
    reporter = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="+")
    start = models.IntegerField(default=0)  # where it stands in the words of the report
    stop = models.IntegerField(default=0)
    counts = models.BooleanField(default=True)  # for itself; or only once it is confirmed
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("clue")
        constraints = [
            models.UniqueConstraint(
                fields=["key", "reporter"],
                condition=models.Q(report=None),
                name="antifraud_clue_once",
            ),
            models.UniqueConstraint(fields=["key", "report"], name="antifraud_clue_of_report"),
        ]


class ListEntry(models.Model):
    """What the staff decided about one thing: deny it, allow it, or count no earlier clue.

    An entry is ended, never edited; a thing has at most one that has not ended.
    """

    class Stance(models.TextChoices):
        """What is said of it."""

        DENY = "deny", _("Belongs to a scam")
        ALLOW = "allow", _("Verified")
        CLEAR = "clear", _("Objection upheld: earlier evidence counts no more")

    kind = models.CharField(max_length=8, choices=ListKind)
    key = models.CharField(max_length=64)
    look = models.CharField(max_length=64, blank=True, db_index=True)  # of an address
    stance = models.CharField(max_length=8, choices=Stance)
    name = models.CharField(max_length=80, blank=True)  # of the organisation behind it
    reason = models.CharField(max_length=500)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("list entry")
        verbose_name_plural = _("list entries")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(ended_at=None), name="antifraud_entry_one"
            )
        ]
