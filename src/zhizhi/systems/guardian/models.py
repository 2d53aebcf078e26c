"""Who is to be brought home, who walks with them, what they carry, and where it is read."""

from __future__ import annotations

from datetime import datetime, time

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Area, Guardianship, Person
from zhizhi.engine.models import Case
from zhizhi.trust.scoping import Scope, ScopedManager, any_of, inside
from zhizhi.trust.states import Transitions

ENROLLERS = Guardianship.PROPOSERS  # the desk that writes guardianships down enrols as well
READERS = (*Guardianship.PROPOSERS, *Guardianship.CONFIRMERS)


class TagReader(models.Model):
    """A place of the installation where tags are read: a gate, a bus stop, a lamp post."""

    code = models.CharField(max_length=32, unique=True)  # as its source names it: "R-12"
    name = models.CharField(max_length=80)
    lon = models.FloatField()
    lat = models.FloatField()
    area_path = models.CharField(max_length=160, blank=True)
    is_dangerous = models.BooleanField(default=False)  # near water or traffic
    is_active = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("tag reader")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Enrolment(models.Model):
    """Somebody who may get lost and has agreed, alone or by a guardian, to be brought home.

    The ward stands here by the key in the vault. Streams and cases know the ward by ``token``
    alone, which was drawn by lot and says nothing.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        ENDED = "ended", _("Ended")

    class Assent(models.TextChoices):
        """What the ward said to it at the desk; whoever objects is not enrolled."""

        AGREES = "agrees", _("Agrees")
        SILENT = "silent", _("Says nothing against it")

    MOVES: Transitions = {
        State.ACTIVE: frozenset({State.PAUSED, State.ENDED}),
        State.PAUSED: frozenset({State.ACTIVE, State.ENDED}),
        State.ENDED: frozenset(),
    }

    ward = models.ForeignKey(Person, models.PROTECT, related_name="enrolments")
    token = models.BigIntegerField(unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    assent = models.CharField(max_length=8, choices=Assent, default=Assent.SILENT)
    area_path = models.CharField(max_length=160)
    hours_from = models.TimeField(null=True)  # when the ward may be out alone; null: at any time
    hours_to = models.TimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=64)
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="+")  # while it is open
    missing_since = models.DateTimeField(null=True)  # a guardian said so, until the case is over

    everything: models.Manager[Enrolment] = models.Manager()
    objects = ScopedManager["Enrolment"]()

    class Meta:
        verbose_name = _("enrolment")
        constraints = [
            models.UniqueConstraint(
                fields=["ward"], condition=~models.Q(state="ended"), name="guardian_enrolled_once"
            ),
            models.CheckConstraint(
                condition=models.Q(hours_from=None, hours_to=None)
                | models.Q(hours_from__isnull=False, hours_to__isnull=False),
                name="guardian_hours_both",
            ),
        ]

    def __str__(self) -> str:
        return f"E-{self.pk}"

    def is_hour_allowed(self, moment: time) -> bool:
        """Say whether the ward may be out alone at this time of day; the hours may span midnight.

        The first minute belongs to them, the last one does not.
        """
        if self.hours_from is None or self.hours_to is None:
            return True
        if self.hours_from <= self.hours_to:
            return self.hours_from <= moment < self.hours_to
        return moment >= self.hours_from or moment < self.hours_to

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """Staff who see guardianships of an area see who is enrolled there."""
        return any_of(inside("area_path", grant.area_path) for grant in scope.of(*READERS))


class AllowedArea(models.Model):
    """A piece of the district in which a ward may be alone; without any, all of it."""

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="areas")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("allowed area")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "area"], name="guardian_area_once")
        ]


class Companion(models.Model):
    """Somebody with whom a ward is not alone, and who has agreed to that in person."""

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="companions")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    since_at = models.DateTimeField()
    is_sealed_here = models.BooleanField(default=False)  # known to the house for this alone

    class Meta:
        verbose_name = _("companion")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "person"], name="guardian_companion_once")
        ]


class Tag(models.Model):
    """Something that a ward or a companion carries; what it says of itself is kept as a hash."""

    class Kind(models.TextChoices):
        QR = "qr", _("QR code on the clothes")
        BRACELET = "bracelet", _("Bracelet")
        BEACON = "beacon", _("Beacon")

    token = models.BigIntegerField()  # keyed hash: the installation's key is needed to make it
    kind = models.CharField(max_length=8, choices=Kind)
    holder = models.ForeignKey(Person, models.PROTECT, related_name="tags")
    bound_at = models.DateTimeField()
    bound_by = models.CharField(max_length=64)
    unbound_at = models.DateTimeField(null=True)
    unbound_by = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("tag")
        constraints = [
            models.UniqueConstraint(
                fields=["token"],
                condition=models.Q(unbound_at=None),
                name="guardian_tag_once",
            )
        ]

    def is_bound(self, at: datetime) -> bool:
        """Say whether somebody carried it at a moment."""
        return self.bound_at <= at and (self.unbound_at is None or at < self.unbound_at)
