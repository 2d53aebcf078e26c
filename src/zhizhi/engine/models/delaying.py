"""Why the clocks of a case stand still: more time was asked for, or a leader let the case wait."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models.case import Case, Task
from zhizhi.engine.states import Transitions
from zhizhi.trust.scoping import Scope, ScopedManager


class Extension(models.Model):
    """More time that a handler asks for; somebody else grants or refuses it."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("No longer needed")

    MOVES: Transitions = {
        State.ASKED: frozenset({State.GRANTED, State.REFUSED, State.LAPSED}),
        State.GRANTED: frozenset(),
        State.REFUSED: frozenset(),
        State.LAPSED: frozenset(),
    }

    task = models.ForeignKey(Task, models.PROTECT, related_name="extensions")
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    reason = models.TextField()
    due_at = models.DateTimeField()  # the end that is asked for
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=64)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=64, blank=True)
    answer = models.TextField(blank=True)

    everything: models.Manager[Extension] = models.Manager()
    objects = ScopedManager["Extension"]()

    class Meta:
        verbose_name = _("extension")
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=models.Q(state="asked"), name="extension_asked_once"
            )
        ]

    def __str__(self) -> str:
        return f"extension {self.pk}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return models.Q(task__in=Task.objects.visible_to(scope))


class Suspension(models.Model):
    """A case that a leader lets wait, with a reason and a day on which it is looked at again."""

    class State(models.TextChoices):
        RUNNING = "running", _("Waits")
        ENDED = "ended", _("Goes on")

    MOVES: Transitions = {State.RUNNING: frozenset({State.ENDED}), State.ENDED: frozenset()}

    case = models.ForeignKey(Case, models.PROTECT, related_name="suspensions")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=64)
    review_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)

    everything: models.Manager[Suspension] = models.Manager()
    objects = ScopedManager["Suspension"]()

    class Meta:
        verbose_name = _("suspension")
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="running"), name="suspended_once"
            )
        ]

    def __str__(self) -> str:
        return f"suspension {self.pk}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return models.Q(case__in=Case.objects.visible_to(scope))
