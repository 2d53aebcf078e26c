"""The patrol check-in: somebody of a unit was at a place and looked."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Area, RoleAssignment, Unit
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.scoping import Grant, Scope, ScopedManager, any_of, inside

Role = RoleAssignment.Role
DESK_ROLES = (Role.OPERATOR, Role.INSPECTOR, Role.LEADER, Role.ADMINISTRATOR)


class CheckIn(models.Model):
    """A unit's word that it was at a place and looked; deleted with the positions of units.

    ``at`` is when it was said, by our clock. ``position_age`` is how old the phone's position was
    by then. A photo is sealed under a key of its own, which is destroyed with the row.
    """

    class PlaceBy(models.TextChoices):
        """How the place was told."""

        DEVICE = "device", _("Position of the phone")
        LIST = "list", _("Chosen from the list")
        WORDS = "words", _("In words alone")

    UNSURE_M = 200.0  # a position that may be off by more says not where somebody is
    UNSURE_AGE = timedelta(minutes=5)

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="check_ins")
    by = models.CharField(max_length=64)
    key = models.CharField(max_length=64)  # the sender's, for a repetition
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    place_by = models.CharField(max_length=8, choices=PlaceBy)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    position_age = models.DurationField(null=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True)  # where it was
    place = models.CharField(max_length=120, blank=True)  # in words
    note = models.CharField(max_length=500, blank=True)
    photo = models.BinaryField(null=True)  # sealed
    photo_key = models.OneToOneField(SubjectKey, models.PROTECT, null=True)
    area_path = models.CharField(max_length=160)  # of the unit: who answers for it

    everything: models.Manager[CheckIn] = models.Manager()
    objects = ScopedManager["CheckIn"]()

    class Meta:
        verbose_name = _("check-in")
        constraints = [
            models.UniqueConstraint(fields=["unit", "by", "key"], name="check_in_arrives_once"),
            models.CheckConstraint(
                condition=models.Q(lon__isnull=True, lat__isnull=True)
                | models.Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90),
                name="check_in_on_the_globe",
            ),
        ]
        indexes = [
            models.Index(fields=["-at", "area_path"], name="check_in_day"),
            models.Index(fields=["unit", "-at"], name="check_in_of_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.at:%H:%M}"

    @property
    def is_sure(self) -> bool:
        """Whether the phone itself said where it was, exactly and just then."""
        if self.place_by != self.PlaceBy.DEVICE or self.accuracy_m is None:
            return False
        age = self.position_age or timedelta(0)
        return self.accuracy_m <= self.UNSURE_M and age <= self.UNSURE_AGE

    @property
    def age_minutes(self) -> int:
        """How many whole minutes old the phone's position was."""
        return int((self.position_age or timedelta(0)) / timedelta(minutes=1))

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """The desk of the unit's area, and the unit itself."""
        return any_of(cls._grant_filter(grant) for grant in scope.grants)

    @staticmethod
    def _grant_filter(grant: Grant) -> models.Q:
        if grant.role in DESK_ROLES:
            return inside("area_path", grant.area_path)
        if grant.role == Role.UNIT_MEMBER and grant.unit is not None:
            return models.Q(unit_id=grant.unit)
        return models.Q(pk__in=[])
