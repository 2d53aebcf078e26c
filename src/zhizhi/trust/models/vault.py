"""Keys of the vault and sealed evidence."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SubjectKey(models.Model):
    """One person's data key, wrapped by the installation's key; destroying it erases the person."""

    wrapped = models.BinaryField(null=True)
    key_id = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("subject key")
        indexes = [
            models.Index(
                fields=["destroyed_at"],
                condition=models.Q(destroyed_at__isnull=False),
                name="subject_key_destroyed",
            )
        ]


class Evidence(models.Model):
    """A sealed original (photo, recording, document) with its hashes, signature and chain.

    ``clock_offset`` is device clock minus server clock at upload, to judge ``taken_at`` by. What
    lies on the disk is encrypted with ``subject_key`` where there is one: destroying that key
    erases the picture, while the row, its hashes and its place in the chain stay.
    """

    case = models.BigIntegerField(db_index=True)  # engine.Case id; trust knows no engine
    kind = models.CharField(max_length=24)
    media_type = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    original = models.CharField(max_length=200)  # path below the sealed folder
    working_copy = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)  # Ed25519 over the canonical header
    key_id = models.CharField(max_length=16)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    taken_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    clock_offset = models.DurationField(null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    uploaded_by = models.CharField(max_length=64)
    subject_key = models.ForeignKey(SubjectKey, models.PROTECT, null=True)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["id"]


class Erasure(models.Model):
    """A signed receipt: what was destroyed of somebody's data, what had to stay, and why.

    Appended, never changed. Its digest is in a leaf of the audit log, so the published roots prove
    that it was given and when.
    """

    subject = models.CharField(max_length=64, db_index=True)  # "report:12"
    at = models.DateTimeField()
    by = models.CharField(max_length=64)
    destroyed = models.JSONField()  # ["person:7", "report:12", "evidence:9"]
    held = models.JSONField()  # [["evidence:9", "violation"]]
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)  # Ed25519 over the digest
    key_id = models.CharField(max_length=16)

    class Meta:
        verbose_name = _("erasure")
        ordering = ["id"]
