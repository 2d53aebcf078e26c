"""Written notices that an agency issues in a case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Agency, Person
from zhizhi.engine.models.case import Case
from zhizhi.engine.states import Transitions
from zhizhi.trust.models import Evidence
from zhizhi.trust.scoping import Scope, ScopedManager


class Notice(models.Model):
    """A numbered notice of an agency to whoever a case concerns; its PDF is sealed evidence.

    The sealed PDF has blanks for who it is addressed to: that person lies in the vault. ``text`` is
    what it says, so that a filled copy says the same.
    """

    class State(models.TextChoices):
        RESERVED = "reserved", _("Number taken, not issued")
        ISSUED = "issued", _("Issued")
        VOID = "void", _("Void")

    MOVES: Transitions = {
        State.RESERVED: frozenset({State.ISSUED, State.VOID}),
        State.ISSUED: frozenset({State.VOID}),  # revoked, when an appeal was upheld
        State.VOID: frozenset(),
    }

    key = models.CharField(max_length=32, unique=True)  # of the form: sent twice, issued once
    case = models.ForeignKey(Case, models.PROTECT, related_name="notices")
    agency = models.ForeignKey(Agency, models.PROTECT)
    kind = models.CharField(max_length=48)  # "fishery.rectification"
    year = models.IntegerField()
    number = models.IntegerField()  # of the agency and kind in this year
    state = models.CharField(max_length=12, choices=State, default=State.RESERVED)
    text = models.JSONField()
    person = models.ForeignKey(Person, models.PROTECT, null=True)
    evidence = models.OneToOneField(Evidence, models.PROTECT, null=True)
    by = models.CharField(max_length=64)
    at = models.DateTimeField()

    everything: models.Manager[Notice] = models.Manager()
    objects = ScopedManager["Notice"]()

    class Meta:
        verbose_name = _("notice")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "kind", "year", "number"], name="notice_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}-{self.number}"

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        return models.Q(case__in=Case.objects.visible_to(scope))
