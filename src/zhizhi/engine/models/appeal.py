"""What somebody says against an automated alert about them, and what a person decided."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import RoleAssignment
from zhizhi.engine.models.case import Alert
from zhizhi.engine.states import Transitions
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.scoping import Scope, ScopedManager, any_of, inside

Role = RoleAssignment.Role


class Appeal(models.Model):
    """An appeal against an automated alert by whom it is about; a person decides within a time.

    PIPL art. 24: what was decided by machine alone is explained on demand and may be refused; art.
    50: a demand is answered, and refused only with reasons. Its words are sealed under a key of the
    appeal's own. An alert is appealed against once.
    """

    class Because(models.TextChoices):
        """What the appeal says, chosen from a list; more may follow in own words."""

        ABSENT = "absent", _("I was not there")
        RESIDENT = "resident", _("I live, work or wait there and do nothing that is forbidden")
        PERMITTED = "permitted", _("I am permitted to do it")
        MISPLACED = "misplaced", _("The place or the time is wrong")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("Not decided yet")
        UPHELD = "upheld", _("Justified: the alert is lifted")
        REFUSED = "refused", _("Not justified: the alert stands")

    MOVES: Transitions = {
        State.OPEN: frozenset({State.UPHELD, State.REFUSED}),
        State.UPHELD: frozenset(),
        State.REFUSED: frozenset(),
    }
    DECIDERS = (Role.INSPECTOR, Role.LEGAL_REVIEWER)

    alert = models.OneToOneField(Alert, models.PROTECT, related_name="appeal")
    because = models.CharField(max_length=12, choices=Because)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    key = models.OneToOneField(SubjectKey, models.PROTECT)
    words = models.BinaryField(null=True)  # sealed
    area_path = models.CharField(max_length=160, blank=True)
    taken_by = models.CharField(max_length=64)  # "resident", or who of the staff wrote it down
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answer = models.BinaryField(null=True)  # sealed
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=64, blank=True)
    forgotten_at = models.DateTimeField(null=True)

    everything: models.Manager[Appeal] = models.Manager()
    objects = ScopedManager["Appeal"]()

    class Meta:
        verbose_name = _("appeal")
        indexes = [models.Index(fields=["state", "due_at"], name="appeal_queue")]

    def __str__(self) -> str:
        return f"A-{self.pk}"

    def is_late(self, now: datetime) -> bool:
        """Say whether nobody has decided although the time is over."""
        return self.state == self.State.OPEN and now > self.due_at

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """Those who decide see the appeals of their own area."""
        return any_of(inside("area_path", grant.area_path) for grant in scope.of(*cls.DECIDERS))
