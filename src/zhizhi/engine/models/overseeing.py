"""Who looks over the shoulders of those who handle a case: supervision, and asking the reporter."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models.case import Case
from zhizhi.engine.models.report import Report
from zhizhi.engine.states import Transitions
from zhizhi.trust.scoping import Scope, ScopedManager


class Supervision(models.Model):
    """An instruction to whoever handles a case; it must be answered before the case can close."""

    class State(models.TextChoices):
        OPEN = "open", _("Not answered yet")
        ANSWERED = "answered", _("Answered")
        LAPSED = "lapsed", _("No longer needed")

    MOVES: Transitions = {
        State.OPEN: frozenset({State.ANSWERED, State.LAPSED}),
        State.ANSWERED: frozenset(),
        State.LAPSED: frozenset(),
    }

    case = models.ForeignKey(Case, models.PROTECT, related_name="supervisions")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    instruction = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=64)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=64, blank=True)

    everything: models.Manager[Supervision] = models.Manager()
    objects = ScopedManager["Supervision"]()

    class Meta:
        verbose_name = _("supervision")
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="open"), name="supervised_once"
            )
        ]

    def __str__(self) -> str:
        return f"supervision {self.pk}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return models.Q(case__in=Case.objects.visible_to(scope))


class Revisit(models.Model):
    """A reporter was asked after the end whether it is really solved; appended, never edited."""

    class Outcome(models.TextChoices):
        UNREACHED = "unreached", _("Not reached")
        REACHED = "reached", _("Reached, no opinion")
        SATISFIED = "satisfied", _("Solved, satisfied")
        UNSATISFIED = "unsatisfied", _("Not solved: opens the case again")

    report = models.ForeignKey(Report, models.PROTECT, related_name="revisits")
    outcome = models.CharField(max_length=12, choices=Outcome)
    at = models.DateTimeField()
    by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("revisit")
        ordering = ["id"]
