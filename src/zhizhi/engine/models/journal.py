"""The journal and everything that guards its door."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _


class Source(models.Model):
    """Something that sends observations: a gateway, a camera system, a file, a form."""

    FORM = "form"  # the house's own pages: they send when somebody has something to say

    code = models.CharField(max_length=48, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=24)  # "http_push", "mqtt", "ais", "files", FORM
    streams = models.JSONField(default=list)  # stream names it may send; empty = none
    token_digest = models.CharField(max_length=64, blank=True)  # SHA-256 of its bearer token
    is_active = models.BooleanField(default=True)
    last_arrival_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("source")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of_pages(cls, code: str, name: Any, stream: str) -> Source:
        """Return the source of what people type into pages of the house.

        It is named once: in the language of the district, not of whoever comes first.
        """
        with translation.override(settings.LANGUAGE_CODE):
            names = {"name": str(name), "kind": cls.FORM, "streams": [stream]}
        return cls.objects.get_or_create(code=code, defaults=names)[0]


class JournalHead(models.Model):
    """The next free offset; held until commit, so offsets become visible in their order.

    ``arrival_at`` is the recorded arrival clock, which never runs backwards. ``tails`` names the
    last segment with rows of each stream, so a reader notices a journal that lost its end.
    """

    name = models.CharField(max_length=16, primary_key=True, default="journal")
    next_offset = models.BigIntegerField(default=1)
    arrival_at = models.DateTimeField(null=True)
    tails = models.JSONField(default=dict)  # stream name -> offset

    class Meta:
        verbose_name = _("journal head")


class JournalSegment(models.Model):
    """One accepted envelope of observations: an Arrow IPC stream at one offset.

    A segment of zero rows is a heartbeat: it only moves the arrival clock, which is how a quiet
    stream's watermark advances and a replay stays deterministic. ``previous`` links the segments
    with rows of one stream, so a reader notices that some are gone.
    """

    offset = models.BigIntegerField(primary_key=True)
    stream = models.CharField(max_length=48)  # "vessel_positions.v1"; "heartbeat" has no rows
    previous = models.BigIntegerField(default=0)  # 0: the stream's first
    source = models.ForeignKey(Source, models.PROTECT, null=True)
    arrival_at = models.DateTimeField()  # recorded arrival clock
    rows = models.IntegerField()
    payload = models.BinaryField()

    class Meta:
        verbose_name = _("journal segment")
        ordering = ["offset"]
        indexes = [
            models.Index(fields=["stream", "offset"]),
            models.Index(fields=["stream", "arrival_at"]),
        ]


class InboxKey(models.Model):
    """A key a source has used; the same key with another body is refused (409)."""

    source = models.ForeignKey(Source, models.PROTECT)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    response = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("inbox key")
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="inbox_once")]
        indexes = [models.Index(fields=["created_at"])]


class QuarantinedRow(models.Model):
    """A row that was not accepted: where it stood, what is wrong with it, and how to mend it."""

    source = models.ForeignKey(Source, models.PROTECT, null=True)
    stream = models.CharField(max_length=48)
    arrival_at = models.DateTimeField()
    row = models.IntegerField()
    field = models.CharField(max_length=48, blank=True)
    reason = models.CharField(max_length=48)  # "out-of-range", "swapped", "future", "late"...
    remedy = models.CharField(max_length=200)
    raw = models.TextField()  # tokens and coordinates only; never names or numbers

    class Meta:
        verbose_name = _("quarantined row")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["stream", "reason"]),
            models.Index(fields=["arrival_at"], name="quarantine_arrival"),
        ]


class Checkpoint(models.Model):
    """How far one detector has read, the reorder buffer at that point, and who runs it.

    ``fence`` goes up with every commit: a second runner's commit finds it changed and is refused.
    ``failure`` says in plain words why the detector stands still; empty while it runs.
    """

    detector = models.CharField(max_length=64, primary_key=True)
    version = models.IntegerField()
    params = models.CharField(max_length=16)
    ref_version = models.CharField(max_length=64)
    next_offset = models.BigIntegerField(default=1)
    watermark_us = models.BigIntegerField(default=0)
    arrival_us = models.BigIntegerField(default=0)  # arrival clock read so far
    buffer = models.BinaryField(default=b"")
    fence = models.BigIntegerField(default=0)
    holder = models.CharField(max_length=80, blank=True)  # "host:pid:start" of its worker
    lease_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, blank=True)
    failed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("checkpoint")


class ShardState(models.Model):
    """One detector's keyed state of one virtual shard, as its ``dump`` wrote it."""

    detector = models.CharField(max_length=64)
    shard = models.IntegerField()
    state = models.BinaryField()

    class Meta:
        verbose_name = _("shard state")
        constraints = [models.UniqueConstraint(fields=["detector", "shard"], name="shard_once")]


class Zone(models.Model):
    """A named polygon that a rule watches, with its seasons; an edit is a new version.

    A version that is planned comes into force at ``valid_from``; until then the one before stays.
    """

    key = models.CharField(max_length=48)  # stable across versions
    kind = models.CharField(max_length=32)  # "no_fishing"
    name = models.CharField(max_length=80)
    boundary = models.BinaryField()  # WKB polygon or multipolygon, WGS84
    seasons = models.JSONField(default=list)  # [["03-01", "06-30"]]; empty = all year
    parameters = models.JSONField(default=dict)  # per-zone overrides of the rule
    area_path = models.CharField(max_length=160, blank=True)
    version = models.IntegerField(default=1)
    is_current = models.BooleanField(default=True)
    is_planned = models.BooleanField(default=False)
    valid_from = models.DateTimeField(null=True)  # null: from the moment it was saved
    reason = models.CharField(max_length=300, blank=True)  # why this version
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("zone")
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="zone_version"),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(is_current=True), name="zone_current"
            ),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(is_planned=True), name="zone_planned_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Setting(models.Model):
    """The changed value of a declared setting; the default lives in the system's manifest.

    ``version`` counts the changes: whoever was shown an older one is told before overwriting.
    """

    key = models.CharField(max_length=64, primary_key=True)  # "fishery.limit"
    value = models.JSONField(null=True)  # null: the default was put back
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("setting")


class SettingChange(models.Model):
    """One change of a setting: from what to what, by whom and why; appended, never edited."""

    key = models.CharField(max_length=64)
    version = models.IntegerField()
    old = models.JSONField()
    new = models.JSONField()
    is_reset = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("setting change")
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="setting_version")]
