"""That cases belong together: a link is drawn and ended, and no row of either case moves."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models.case import Case
from zhizhi.trust.scoping import Scope, ScopedManager


class CaseLink(models.Model):
    """That one case is about the same as another one, which stands for both until it is undone.

    ``to`` is the case that was joined and stays what it was; ``root`` is the one that stands for
    the case now, also after ``to`` was joined with a further one.
    """

    class Kind(models.TextChoices):
        DUPLICATE_OF = "duplicate_of", _("Duplicate of")

    case = models.ForeignKey(Case, models.PROTECT, related_name="links")
    to = models.ForeignKey(Case, models.PROTECT, related_name="joined")
    root = models.ForeignKey(Case, models.PROTECT, related_name="stands_for")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.DUPLICATE_OF)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    why = models.TextField(blank=True)
    score = models.JSONField(null=True)  # how alike they were, with the parts of the score
    stopped = models.JSONField(default=dict)  # clocks and messages, which go on when it is undone
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)

    everything: models.Manager[CaseLink] = models.Manager()
    objects = ScopedManager["CaseLink"]()

    class Meta:
        verbose_name = _("case link")
        verbose_name_plural = _("case links")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=models.Q(ended_at__isnull=True),
                name="case_joins_one",
            ),
            models.CheckConstraint(
                condition=~models.Q(case=models.F("to")) & ~models.Q(case=models.F("root")),
                name="case_joins_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} → {self.to_id}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """Whoever may see both cases sees that they belong together."""
        return (
            Case.scope_filter(scope, "case__")
            & Case.scope_filter(scope, "to__")
            & Case.scope_filter(scope, "root__")
        )

    @classmethod
    def is_over(cls, before: datetime) -> models.Q:
        """Return the condition on what hangs on a case that the case ended before a moment.

        A joined case ends with the one that stands for it.
        """
        over = models.Q(state__in=Case.FINAL, closed_at__lt=before)
        joined = cls.everything.filter(ended_at=None, root__in=Case.everything.filter(over))
        return models.Q(case__in=joined.values("case")) | models.Q(
            case__state__in=Case.FINAL, case__closed_at__lt=before
        )
