"""One-key dispatch bundles: what a case may be given at once, and when that was done."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Area, RoleAssignment
from zhizhi.engine.models.case import Case
from zhizhi.trust.scoping import Grant, Scope, ScopedManager, any_of

LONGEST_NAME = 40
Role = RoleAssignment.Role


class Macro(models.Model):
    """A named, ordered bundle of steps that an operator gives to a case with one key.

    It belongs to an area and is for the cases of it. ``steps`` are those of the version in force;
    earlier ones are kept as ``MacroVersion``. A macro is retired, never deleted: records name it.
    """

    name = models.CharField(max_length=LONGEST_NAME)
    area = models.ForeignKey(Area, models.PROTECT, related_name="macros")
    kinds = models.JSONField(default=list)  # of cases; empty = all
    is_whole = models.BooleanField(default=True)  # all of it or nothing
    steps = models.JSONField(default=list)
    version = models.IntegerField(default=1)
    position = models.IntegerField(default=0)  # which number key it has, among those that fit
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)
    retired_at = models.DateTimeField(null=True)

    everything: models.Manager[Macro] = models.Manager()
    objects = ScopedManager["Macro"]()

    class Meta:
        verbose_name = _("macro")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """Operators see what may be used on a case of theirs, administrators what they may edit."""
        uses = (
            models.Q(area__path__startswith=grant.area_path)
            | models.Q(area__path__in=list(_above(grant)))
            for grant in scope.of(Role.OPERATOR)
        )
        return any_of([*uses, cls.editable_by(scope)])

    @staticmethod
    def editable_by(scope: Scope) -> models.Q:
        """Return the condition that a macro belongs to what an administrator answers for."""
        grants = scope.of(Role.ADMINISTRATOR)
        return any_of(models.Q(area__path__startswith=grant.area_path) for grant in grants)

    def fits(self, case: Case) -> bool:
        """Say whether the macro is meant for such a case; a system stands for all its kinds."""
        is_own_kind = not self.kinds or bool({case.kind, case.system} & set(self.kinds))
        return is_own_kind and case.area_path.startswith(self.area.path)


def _above(grant: Grant) -> Iterator[str]:
    """Yield the paths of the areas around the one that a grant counts for."""
    path = "/"
    for step in grant.area_path.strip("/").split("/"):
        path += f"{step}/"
        yield path


class MacroVersion(models.Model):
    """What a macro said from one moment until the next; appended, never edited.

    The audit chain holds the digest of each.
    """

    macro = models.ForeignKey(Macro, models.PROTECT, related_name="versions")
    version = models.IntegerField()
    name = models.CharField(max_length=LONGEST_NAME)
    kinds = models.JSONField(default=list)
    is_whole = models.BooleanField()
    steps = models.JSONField(default=list)
    at = models.DateTimeField()
    by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("macro version")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["macro", "version"], name="macro_version_once")
        ]


class MacroRun(models.Model):
    """A macro given to a case: who, when, what became of each step, and whether it was undone."""

    macro = models.ForeignKey(Macro, models.PROTECT, related_name="runs")
    version = models.IntegerField()
    case = models.ForeignKey(Case, models.PROTECT, related_name="macro_runs")
    by = models.CharField(max_length=64)
    at = models.DateTimeField()
    until = models.DateTimeField()  # it can be undone before this moment
    results = models.JSONField(default=list)  # one for each step
    undone_at = models.DateTimeField(null=True)

    everything: models.Manager[MacroRun] = models.Manager()
    objects = ScopedManager["MacroRun"]()

    class Meta:
        verbose_name = _("macro run")
        indexes = [models.Index(fields=["case", "-at"])]

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return models.Q(case__in=Case.objects.visible_to(scope))
