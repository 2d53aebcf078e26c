"""What residents report, what they have not sent yet, and how often one sender may knock."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Person
from zhizhi.engine.models.case import Case
from zhizhi.engine.models.journal import Source
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.scoping import Scope, ScopedManager


class Report(models.Model):
    """What somebody told the district, and the case that it became.

    ``source`` and ``external_id`` together arrive once. Words are sealed under a key of the
    report's own; name and number are a sealed ``person``. Destroying both keys erases them.
    """

    class PlaceBy(models.TextChoices):
        """How the place was told."""

        DEVICE = "device", _("Position of the telephone")
        MAP = "map", _("Chosen on the map")
        NAME = "name", _("Found by its name")
        LIST = "list", _("Chosen from the list of communities")

    source = models.ForeignKey(Source, models.PROTECT)
    external_id = models.CharField(max_length=64)
    case = models.ForeignKey(Case, models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=48)  # "fishery.angling"
    key = models.OneToOneField(SubjectKey, models.PROTECT)
    telling = models.BinaryField(null=True)  # sealed: what happened
    place = models.BinaryField(null=True)  # sealed: where, in words
    lon = models.FloatField()
    lat = models.FloatField()
    place_by = models.CharField(max_length=8, choices=PlaceBy)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    person = models.ForeignKey(Person, models.PROTECT, null=True)  # null: anonymous
    consent = models.CharField(max_length=48, blank=True)  # which text was agreed to
    evidence = models.JSONField(default=list)  # trust.Evidence ids
    offset = models.BigIntegerField()  # of its observation in the journal
    rating = models.SmallIntegerField(null=True)  # 1 to 5
    rated_at = models.DateTimeField(null=True)
    remark = models.BinaryField(null=True)  # sealed: why it was rated so
    forgotten_at = models.DateTimeField(null=True)
    erase_again_at = models.DateTimeField(null=True)  # when to look at what had to stay

    everything: models.Manager[Report] = models.Manager()
    objects = ScopedManager["Report"]()

    class Meta:
        verbose_name = _("report")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="report_once")
        ]
        indexes = [models.Index(fields=["received_at"])]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The receipt number that the reporter keeps."""
        return f"R-{timezone.localtime(self.received_at):%y%m%d}-{self.pk}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return models.Q(case__in=Case.objects.visible_to(scope))


class Reply(models.Model):
    """One thing that a reporter was told of a report; never changed, and never told twice.

    Whatever happens, in whatever order and by however many workers, the database keeps one row for
    a milestone in a round; a round ends when what had ended is opened again.
    """

    class Milestone(models.TextChoices):
        RECEIVED = "received", _("Report received")
        SENT = "sent", _("Somebody was sent")
        HANDLED = "handled", _("Result from the spot")
        CLOSED = "closed", _("Ended")
        REOPENED = "reopened", _("Opened again")

    report = models.ForeignKey(Report, models.PROTECT, related_name="replies")
    milestone = models.CharField(max_length=12, choices=Milestone)
    round = models.SmallIntegerField()  # 1, and one more after each opening again
    at = models.DateTimeField()
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")  # that stood for it then
    result = models.CharField(max_length=32, blank=True)  # found on the spot, or why not taken up

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "milestone", "round"], name="told_once")
        ]


class ReportDraft(models.Model):
    """A report that is still being written; only the writer's browser has the key to it.

    ``digest`` is that of the token in the browser's cookie, from which also the key is derived.
    """

    digest = models.CharField(max_length=64, unique=True)
    answers = models.BinaryField()  # sealed JSON
    photo = models.BinaryField(null=True)  # sealed JPEG without metadata
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("report draft")


class Quota(models.Model):
    """How often one sender has knocked in one hour; the sender is a keyed hash, never an address.

    ``used`` only moves by a conditional UPDATE, so that two at once cannot both be the last.
    """

    bucket = models.CharField(max_length=64)
    hour = models.DateTimeField()
    used = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("quota")
        constraints = [models.UniqueConstraint(fields=["bucket", "hour"], name="quota_once")]
        indexes = [models.Index(fields=["hour"])]
