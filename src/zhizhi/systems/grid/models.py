"""What an everyday matter is called and what follows from it, as a tree that is data."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Severity

LONGEST_CODE, LONGEST_NAME, LONGEST_HINT = 32, 40, 120


class CategoryPack(models.Model):
    """A set of categories that came together from one file, and a stamp of its present content.

    Whoever changes anything of a pack changes this row first, so two cannot do so at once.
    """

    code = models.CharField(max_length=LONGEST_CODE, unique=True)
    version = models.IntegerField(default=0)
    stamp = models.CharField(max_length=32, blank=True)  # random: no two contents share one
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("category pack")

    def __str__(self) -> str:
        return self.code


class Category(models.Model):
    """A kind of matter: what people choose when they report it, and what becomes of the case.

    The columns are those of the version in force; earlier ones are kept as ``CategoryVersion``. A
    category is disabled, never deleted: cases are called by it. It is unofficial until a person has
    compared it with the text of the standard.
    """

    class Kind(models.TextChoices):
        """What the matter is about, as city management sorts it."""

        PART = "part", _("Part")  # 部件: a thing that belongs there
        EVENT = "event", _("Event")  # 事件: something that happened or was done
        REQUEST = "request", _("Request")  # 诉求: something that somebody asks for

    pack = models.ForeignKey(CategoryPack, models.PROTECT, related_name="categories")
    code = models.CharField(max_length=LONGEST_CODE, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    name_zh = models.CharField(max_length=LONGEST_NAME)
    name_en = models.CharField(max_length=LONGEST_NAME)
    hint_zh = models.CharField(max_length=LONGEST_HINT, blank=True)
    hint_en = models.CharField(max_length=LONGEST_HINT, blank=True)
    kind = models.CharField(max_length=8, choices=Kind)
    severity = models.CharField(max_length=12, choices=Severity)
    radius_m = models.IntegerField(null=True)  # two reports within it may be one matter
    capabilities = models.JSONField(default=list)  # what a unit must be able to do
    lead_agency = models.CharField(max_length=32, blank=True)  # its code
    look_minutes = models.IntegerField(null=True)  # somebody looks at the case within
    is_for_residents = models.BooleanField(default=True)
    position = models.IntegerField()  # in the file
    is_listed = models.BooleanField(default=True)  # the newest file of the pack names it
    is_enabled = models.BooleanField(default=True)  # no administrator has switched it off
    is_official = models.BooleanField(default=False)
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.code

    @property
    def is_in_use(self) -> bool:
        """Say whether the category itself may be used; those above it have a say as well."""
        return self.is_listed and self.is_enabled


class CategoryVersion(models.Model):
    """What a category said from one moment until the next; appended, never edited.

    The audit chain holds the digest of each.
    """

    category = models.ForeignKey(Category, models.PROTECT, related_name="versions")
    version = models.IntegerField()
    content = models.JSONField()  # the columns of the category, its parent by its code
    at = models.DateTimeField()
    by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("category version")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["category", "version"], name="grid_category_version")
        ]
