"""Looks of the staff at people, counted, and those that somebody has to ask about."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models.account import Account, RoleAssignment
from zhizhi.trust.models import AccessRecord, SubjectKey
from zhizhi.trust.scoping import Scope, ScopedManager, any_of, inside
from zhizhi.trust.states import Transitions

Role = RoleAssignment.Role


class LookDay(models.Model):
    """At how many people one account looked on a day it worked, and what that did to its sums.

    ``judged`` is what the detector worked out (zhizhi.kernel.lookups), so that the next day goes on
    from there and every finding can be worked out again. Kept for half a year.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="look_days")
    day = models.DateField()
    role = models.CharField(max_length=24)
    unlinked = models.PositiveIntegerField()
    looks = models.PositiveIntegerField()
    judged = models.JSONField()

    class Meta:
        verbose_name = _("day of looks")
        constraints = [
            models.UniqueConstraint(fields=["account", "day"], name="look_day_once"),
        ]
        indexes = [models.Index(fields=["day"], name="look_day_day")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}"


class LookReview(models.Model):
    """Looks of one account that a person has to judge: unusually many of a day, or one at random.

    The detector blocks nothing and accuses nobody: a human being decides (PIPL art. 24). Neither
    the account nor its superiors see it before. What was found and what the account says to it are
    sealed under a key of its own.
    """

    class Kind(models.TextChoices):
        UNUSUAL = "unusual", _("Unusually many looks")
        RANDOM = "random", _("Chosen at random")

    class State(models.TextChoices):
        OPEN = "open", _("To be reviewed")
        EXPLAINED = "explained", _("Explained")
        HANDED_OVER = "handed_over", _("Handed over to discipline")

    MOVES: Transitions = {
        State.OPEN: frozenset({State.EXPLAINED, State.HANDED_OVER}),
        State.EXPLAINED: frozenset(),
        State.HANDED_OVER: frozenset(),
    }
    WATCHERS = (Role.AUDITOR, Role.SECURITY_ADMINISTRATOR)

    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    account = models.ForeignKey(Account, models.PROTECT, related_name="look_reviews")
    day = models.DateField()  # of the looks, as the clocks on the walls have it
    record = models.ForeignKey(AccessRecord, models.PROTECT, null=True, related_name="+")
    watcher = models.CharField(max_length=24, choices=Role)  # who reviews it
    area_path = models.CharField(max_length=160, blank=True)
    evidence = models.JSONField()  # how it was found, to be worked out again
    key = models.OneToOneField(SubjectKey, models.PROTECT)
    found_at = models.DateTimeField()
    due_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="look_reviews_decided"
    )
    decided_at = models.DateTimeField(null=True)
    reason = models.BinaryField(null=True)  # sealed: what the review found
    answered_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)  # sealed: what the account says to it

    everything: models.Manager[LookReview] = models.Manager()
    objects = ScopedManager["LookReview"]()

    class Meta:
        verbose_name = _("review of looks")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day"], condition=models.Q(kind="unusual"),
                name="look_review_once_a_day",
            ),
            models.UniqueConstraint(
                fields=["record"], condition=models.Q(kind="random"), name="look_review_of_a_look"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("account")),
                name="look_review_by_somebody_else",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["state", "due_at"], name="look_review_queue")]

    def __str__(self) -> str:
        return f"R-{self.pk}"

    def is_late(self, now: datetime) -> bool:
        """Say whether nobody has reviewed it although the time is over."""
        return self.state == self.State.OPEN and now > self.due_at

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """Whoever reviews sees those of the own area, never the own; the account sees its own
        once they are decided.
        """
        if scope.account is None:
            return any_of(())
        own = models.Q(account=scope.account)
        watched = (
            models.Q(watcher=grant.role) & inside("area_path", grant.area_path) & ~own
            for grant in scope.of(*cls.WATCHERS)
        )
        return any_of([own & ~models.Q(state=cls.State.OPEN), *watched])
