"""Who may agree for somebody else: a guardian, bound to a ward by two people for a while."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models.account import Account, Person, RoleAssignment
from zhizhi.directory.models.grant import AccessGrant
from zhizhi.trust.scoping import Scope, ScopedManager, any_of, inside
from zhizhi.trust.states import Transitions

Role = RoleAssignment.Role


class Guardianship(models.Model):
    """One guardian of one ward, from when two people have seen on what it rests until it ends.

    Ward and guardian stand here by their keys in the vault; nothing else is known of them here.
    Source: Civil Code art. 28, 31 and 33; PIPL art. 31.
    """

    class Relation(models.TextChoices):
        """What the guardian is to the ward."""

        SPOUSE = "spouse", _("Spouse")
        PARENT = "parent", _("Parent")
        CHILD = "child", _("Son or daughter")
        RELATIVE = "relative", _("Other close relative")
        OTHER = "guardian", _("Other guardian")

    class Basis(models.TextChoices):
        """What was seen that makes somebody the guardian."""

        KINSHIP = "kinship", _("Document about the kinship")
        COURT = "court", _("Decision of a court")
        COMMUNITY = "community", _("Assignment by the community")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waits for a second person")
        CONFIRMED = "confirmed", _("Confirmed")
        ENDED = "ended", _("Ended")

    class Ended(models.TextChoices):
        """Why it ended before its time was over."""

        REFUSED = "refused", _("Not confirmed")
        OVER = "over", _("Authority over")
        RESIGNED = "resigned", _("Given back by the guardian")
        OBJECTED = "objected", _("The ward objected")
        RENEWED = "renewed", _("Renewed")
        ERASED = "erased", _("Destroyed with the data")

    MOVES: Transitions = {
        State.PROPOSED: frozenset({State.CONFIRMED, State.ENDED}),
        State.CONFIRMED: frozenset({State.ENDED}),
        State.ENDED: frozenset(),
    }
    PROPOSERS = (Role.OPERATOR, Role.INSPECTOR)
    CONFIRMERS = AccessGrant.APPROVERS  # two people, as for an unusual look

    ward = models.ForeignKey(Person, models.PROTECT, related_name="guardians")
    guardian = models.ForeignKey(Person, models.PROTECT, related_name="wards")
    relation = models.CharField(max_length=8, choices=Relation)
    basis = models.CharField(max_length=12, choices=Basis)
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    area_path = models.CharField(max_length=160, blank=True)
    proposed_by = models.ForeignKey(Account, models.PROTECT, related_name="guardianships_proposed")
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="guardianships_confirmed"
    )
    since_at = models.DateTimeField(null=True)  # when it was confirmed
    until_at = models.DateTimeField()  # from then on it allows nothing
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)  # "account:3", "guardian", "worker"
    ended_why = models.CharField(max_length=8, blank=True, choices=Ended)

    everything: models.Manager[Guardianship] = models.Manager()
    objects = ScopedManager["Guardianship"]()

    class Meta:
        verbose_name = _("guardianship")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(ward=models.F("guardian")), name="guardianship_of_another"
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None)
                | ~models.Q(confirmed_by=models.F("proposed_by")),
                name="guardianship_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="confirmed")
                | models.Q(confirmed_by__isnull=False, since_at__isnull=False),
                name="guardianship_needs_two",
            ),
            models.UniqueConstraint(
                fields=["ward", "guardian"],
                condition=models.Q(state="confirmed"),
                name="guardianship_once",
            ),
            models.UniqueConstraint(
                fields=["ward", "guardian"],
                condition=models.Q(state="proposed"),
                name="guardianship_proposed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"W-{self.pk}"

    def is_in_force(self, now: datetime) -> bool:
        """Say whether the guardian may agree for the ward at ``now``."""
        if self.state != self.State.CONFIRMED or self.since_at is None:
            return False
        return self.since_at <= now < self.until_at

    @classmethod
    def in_force_at(cls, now: datetime) -> models.Q:
        """Return the condition of ``is_in_force``."""
        return models.Q(state=cls.State.CONFIRMED, since_at__lte=now, until_at__gt=now)

    def may_be_confirmed(self, now: datetime) -> bool:
        """Say whether it still waits for a second person."""
        return self.state == self.State.PROPOSED and now < self.until_at

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """Staff who propose or confirm see those of their area."""
        held = scope.of(*cls.PROPOSERS, *cls.CONFIRMERS)
        return any_of(inside("area_path", grant.area_path) for grant in held)
