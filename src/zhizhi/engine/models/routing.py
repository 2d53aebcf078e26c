"""Routing rules as they were drafted, and which of them came into force."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Account
from zhizhi.engine.states import Transitions

LONGEST_REASON = 200


class RoutingVersion(models.Model):
    """All routing rules as one text that somebody drafted; another person puts it in force.

    The text is never changed: a better one is another draft. Published, it has the next number;
    the newest number is in force. Number 1 is what the house comes with and has no row.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a second person")
        PUBLISHED = "published", _("Published")
        DROPPED = "dropped", _("Dropped")

    MOVES: Transitions = {
        State.WAITING: frozenset({State.PUBLISHED, State.DROPPED}),
        State.PUBLISHED: frozenset(),
        State.DROPPED: frozenset(),
    }

    text = models.TextField()
    digest = models.CharField(max_length=64)  # of the text
    reason = models.CharField(max_length=LONGEST_REASON)
    based_on = models.IntegerField()  # the version that was in force then
    drafted_by = models.ForeignKey(Account, models.PROTECT, related_name="routing_drafted")
    drafted_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    version = models.IntegerField(null=True, unique=True)
    decided_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="routing_decided"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("version of the routing rules")
        verbose_name_plural = _("versions of the routing rules")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="published")
                | models.Q(version__isnull=False, decided_by__isnull=False),
                name="routing_published_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="published")
                | ~models.Q(decided_by=models.F("drafted_by")),
                name="routing_by_somebody_else",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}" if self.version else f"D-{self.pk}"
