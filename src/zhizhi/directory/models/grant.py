"""Leave to do what one person alone may not: look at an ended case, hide a look, take a list."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models.account import Account, RoleAssignment
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.scoping import Scope, ScopedManager, any_of, inside
from zhizhi.trust.states import Transitions

Role = RoleAssignment.Role


class AccessGrant(models.Model):
    """Leave for one person, one purpose and one use; somebody of another office gives it.

    In an emergency it is in force at once, for minutes, and an auditor reviews it afterwards. The
    reason and what was answered are sealed under a key of the grant's own; logs hold its number.
    Source: Regulation on public security video systems, art. 20; research on insiders (P10).
    """

    class Kind(models.TextChoices):
        LOOK = "look", _("Look in a case that has ended or is out of sight")
        COVERT = "covert", _("Look that the person sees later")
        LIST = "list", _("List with more than 50 people")

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for a second person")
        APPROVED = "approved", _("May be used")
        REFUSED = "refused", _("Refused")
        USED = "used", _("Used")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Withdrawn")

    class Review(models.TextChoices):
        NONE = "none", _("Needs no review")
        PENDING = "pending", _("To be reviewed")
        JUSTIFIED = "justified", _("It was an emergency")
        UNJUSTIFIED = "unjustified", _("It was no emergency")

    MOVES: Transitions = {
        State.ASKED: frozenset({State.APPROVED, State.REFUSED, State.EXPIRED, State.REVOKED}),
        State.APPROVED: frozenset({State.USED, State.EXPIRED, State.REVOKED}),
        State.REFUSED: frozenset(),
        State.USED: frozenset(),
        State.EXPIRED: frozenset(),
        State.REVOKED: frozenset(),
    }
    REVIEWS: Transitions = {
        Review.PENDING: frozenset({Review.JUSTIFIED, Review.UNJUSTIFIED}),
    }
    # Who may be the second person; nobody of them looks after cases of the own office alone.
    APPROVERS = (Role.INSPECTOR, Role.LEADER, Role.LEGAL_REVIEWER)

    kind = models.CharField(max_length=8, choices=Kind)
    is_emergency = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(Account, models.PROTECT, related_name="grants_asked")
    subject = models.CharField(max_length=64)  # "person:7", "list:queue"
    fields = models.JSONField(default=list)
    purpose = models.CharField(max_length=48)
    case = models.BigIntegerField(null=True)
    count = models.PositiveIntegerField(default=1)  # people, at most
    hidden_for = models.DurationField(default=timedelta(0))
    area_path = models.CharField(max_length=160, blank=True)
    key = models.OneToOneField(SubjectKey, models.PROTECT)
    reason = models.BinaryField(null=True)  # sealed
    asked_at = models.DateTimeField()
    lapses_at = models.DateTimeField()  # nobody may approve it from then on
    span = models.DurationField()  # for how long it is in force
    decided_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="grants_decided"
    )
    decided_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)  # from then on it opens nothing
    ended_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)  # sealed: why refused, or what the review found
    review = models.CharField(max_length=12, choices=Review, default=Review.NONE)
    review_due_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="grants_reviewed"
    )
    reviewed_at = models.DateTimeField(null=True)

    everything: models.Manager[AccessGrant] = models.Manager()
    objects = ScopedManager["AccessGrant"]()

    class Meta:
        verbose_name = _("access grant")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("asked_by")),
                name="grant_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_by=None) | ~models.Q(reviewed_by=models.F("asked_by")),
                name="grant_reviewed_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "used"])
                | models.Q(is_emergency=True)
                | models.Q(decided_by__isnull=False),
                name="grant_needs_two",
            ),
            models.CheckConstraint(
                condition=models.Q(is_emergency=False, review="none")
                | (models.Q(is_emergency=True, kind="look") & ~models.Q(review="none")),
                name="grant_emergency_is_reviewed",
            ),
            models.UniqueConstraint(
                fields=["asked_by", "subject", "case", "kind"],
                condition=models.Q(state="asked"),
                name="grant_asked_once",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "lapses_at"], name="grant_waiting"),
            models.Index(fields=["review", "review_due_at"], name="grant_to_review"),
        ]

    def __str__(self) -> str:
        return f"G-{self.pk}"

    def is_in_force(self, now: datetime) -> bool:
        """Say whether it may be used now."""
        until = self.valid_until
        return self.state == self.State.APPROVED and until is not None and now < until

    def may_be_decided(self, now: datetime) -> bool:
        """Say whether it still waits for a second person."""
        return self.state == self.State.ASKED and now < self.lapses_at

    def is_review_late(self, now: datetime) -> bool:
        """Say whether nobody has reviewed it although the time is over."""
        due = self.review_due_at
        return self.review == self.Review.PENDING and due is not None and now > due

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """Whoever asked sees it; so do second persons of the area, and auditors emergencies."""
        own = models.Q(asked_by=scope.account) if scope.account is not None else any_of(())
        second = (inside("area_path", grant.area_path) for grant in scope.of(*cls.APPROVERS))
        audited = (
            models.Q(is_emergency=True) & inside("area_path", grant.area_path)
            for grant in scope.of(Role.AUDITOR)
        )
        return any_of([own, *second, *audited])
