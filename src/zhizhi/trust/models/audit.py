"""The audit chain: one append-only row for each thing that was done or looked at."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChainHead(models.Model):
    """The newest link of the chain; whoever appends holds this row until commit.

    Holding it makes commit order equal to ``seq`` order, so a reader who has seen seq n has seen
    every entry before n. The live stream's ``Last-Event-ID`` relies on that. ``signature`` is made
    with a key that is not in the database, so rewriting the whole chain shows as well.
    """

    name = models.CharField(max_length=16, primary_key=True, default="audit")
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)
    signature = models.CharField(max_length=128, blank=True)  # Ed25519 over name, seq and digest
    key_id = models.CharField(max_length=16, blank=True)

    class Meta:
        verbose_name = _("chain head")


class AuditEntry(models.Model):
    """One link: who did what to which record, and the hash of the link before it.

    Holds ids and verbs only, never names, numbers or faces.
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=64)  # "account:12", "source:ais-1", "worker"
    verb = models.CharField(max_length=48)  # "case.dispatch"
    subject = models.CharField(max_length=80, db_index=True)  # "case:41"
    area_path = models.CharField(max_length=160, blank=True)  # for the scope of the live stream
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["seq"]
        indexes = [models.Index(fields=["verb", "seq"])]


class TreeNode(models.Model):
    """One complete node of the tree over the audit entries; it never changes.

    The primary key is ``level * 2**TreeNode.PLACES + place``. Leaves (level 0) are not kept: they
    follow from the entries.
    """

    PLACES = 48  # bits of the place: more entries than will ever be written

    key = models.BigIntegerField(primary_key=True)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("tree node")


class TreeRoot(models.Model):
    """The root of the tree over the first ``size`` audit entries, as it was published.

    ``signature`` is made with a key that is not in the database. ``suite`` is the number of the
    cipher suite whose hash the tree is made with, one for the whole tree.
    """

    size = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)
    at = models.DateTimeField()
    suite = models.PositiveSmallIntegerField()
    signature = models.CharField(max_length=128)  # Ed25519 over size, root and moment
    key_id = models.CharField(max_length=16)

    class Meta:
        verbose_name = _("tree root")
        ordering = ["size"]


class AccessRecord(models.Model):
    """One look at a person's data: who, which fields, for which purpose and case.

    ``post`` is what the person is told of whoever looked. ``shown_at`` is when the person sees the
    record (null: at once); it is fixed with the record and never moves. ``grant`` is the number of
    the access grant that allowed what the rules alone would not. ``ground`` is what the look rested
    on ("consent:5", "duty"); null where it was refused, and in older records.
    """

    at = models.DateTimeField()
    actor = models.CharField(max_length=64, db_index=True)
    person = models.CharField(max_length=64, db_index=True)  # "person:7"
    fields = models.JSONField(default=list)
    purpose = models.CharField(max_length=48)
    case = models.BigIntegerField(null=True)
    is_allowed = models.BooleanField()
    post = models.JSONField(null=True)  # {"role": "operator", "office": "area:/990101.../"}
    shown_at = models.DateTimeField(null=True)
    grant = models.BigIntegerField(null=True)
    ground = models.CharField(max_length=32, null=True)  # noqa: DJ001 - older records say nothing

    class Meta:
        verbose_name = _("access record")
        ordering = ["-at"]
        indexes = [models.Index(fields=["at"], name="access_at")]
