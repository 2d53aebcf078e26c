"""What residents demand about their own data or a ward's, and what they were answered."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Guardianship, RoleAssignment
from zhizhi.engine.models.report import Report
from zhizhi.engine.states import Transitions
from zhizhi.trust.models import AccessRecord, SubjectKey
from zhizhi.trust.scoping import Scope, ScopedManager, any_of, inside

Role = RoleAssignment.Role


class Claim(models.Model):
    """An objection to a look at the own data, or a ward's; a person answers it within a time.

    It hangs on the report of the resident who objects, or on the guardianship of the guardian.

    Reason and answer are sealed under a key of the claim's own. PIPL art. 50 wants such claims
    taken, answered and, when refused, refused with reasons.
    """

    class Kind(models.TextChoices):
        OBJECTION = "objection", _("Objection to a look")

    class State(models.TextChoices):
        OPEN = "open", _("Not answered yet")
        UPHELD = "upheld", _("Justified")
        REFUSED = "refused", _("Not justified")

    MOVES: Transitions = {
        State.OPEN: frozenset({State.UPHELD, State.REFUSED}),
        State.UPHELD: frozenset(),
        State.REFUSED: frozenset(),
    }
    # Who answers a claim of a kind.
    ANSWERED_BY = ((Kind.OBJECTION, Role.AUDITOR),)

    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="claims")
    guardianship = models.ForeignKey(Guardianship, models.PROTECT, null=True, related_name="claims")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    record = models.ForeignKey(AccessRecord, models.PROTECT, null=True, related_name="+")
    key = models.OneToOneField(SubjectKey, models.PROTECT)
    reason = models.BinaryField(null=True)  # sealed
    area_path = models.CharField(max_length=160, blank=True)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answer = models.BinaryField(null=True)  # sealed
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=64, blank=True)

    everything: models.Manager[Claim] = models.Manager()
    objects = ScopedManager["Claim"]()

    class Meta:
        verbose_name = _("claim")
        constraints = [
            models.UniqueConstraint(fields=["report", "record"], name="claim_of_a_look_once"),
            models.UniqueConstraint(
                fields=["guardianship", "record"], name="claim_of_a_guardian_once"
            ),
            models.CheckConstraint(
                condition=models.Q(report=None) ^ models.Q(guardianship=None),
                name="claim_of_report_or_guardian",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="claim_queue")]

    def __str__(self) -> str:
        return f"C-{self.pk}"

    @property
    def whose(self) -> Report | Guardianship:
        """What the objection hangs on; the database sees to it that there is one."""
        found = self.report or self.guardianship
        if found is None:
            raise LookupError(self)
        return found

    def is_late(self, now: datetime) -> bool:
        """Say whether nobody has answered although the time is over."""
        return self.state == self.State.OPEN and now > self.due_at

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """The role that answers a kind sees the claims of its own area."""
        return any_of(
            models.Q(kind=kind) & inside("area_path", grant.area_path)
            for kind, role in cls.ANSWERED_BY
            for grant in scope.of(role)
        )
