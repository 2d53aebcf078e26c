"""Governance units of the district and who answers for them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models.area_query import AreaQuerySet

AreaManager = models.Manager.from_queryset(AreaQuerySet)


def inside(prefix: str = "") -> models.Q:
    """Return the condition that a position is on the globe; ``prefix`` is "min_" or "max_"."""
    return models.Q(
        **{
            f"{prefix}lon__gte": -180, f"{prefix}lon__lte": 180,
            f"{prefix}lat__gte": -90, f"{prefix}lat__lte": 90,
        }
    )  # fmt: skip


class Area(models.Model):
    """A piece of the district: an administrative level or one of the five governed kinds.

    ``code`` has 15 digits: county 6, town 3, community 3, grid 3 (GB/T 2260 + GB/T 10114); zeros
    below the level. ``path`` lists the codes from the root ("/990101.../", one step a level), so a
    subtree is a prefix. A redrawn area is a new row with the same code and the next version.
    """

    class Kind(models.TextChoices):
        DISTRICT = "district", _("District")
        TOWN = "town", _("Town or street")
        COMMUNITY = "community", _("Community")
        GRID_CELL = "grid_cell", _("Grid cell")
        BUILDING = "building", _("Building")
        ROAD_SECTION = "road_section", _("Road section")
        EXCLUSIVE_AREA = "exclusive_area", _("Exclusive area")

    kind = models.CharField(max_length=16, choices=Kind)
    code = models.CharField(max_length=24)
    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=160, db_index=True)
    boundary = models.BinaryField(null=True)  # WKB, WGS84; null for a building known as a point
    min_lon = models.FloatField()
    min_lat = models.FloatField()
    max_lon = models.FloatField()
    max_lat = models.FloatField()
    lon = models.FloatField()  # a point inside
    lat = models.FloatField()
    population = models.IntegerField(default=0)
    version = models.IntegerField(default=1)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    objects = AreaManager()

    class Meta:
        verbose_name = _("area")
        constraints = [
            models.UniqueConstraint(fields=["kind", "code", "version"], name="area_code_version"),
            models.UniqueConstraint(
                fields=["kind", "code"],
                condition=models.Q(valid_to__isnull=True),
                name="area_one_in_force",
            ),
            models.CheckConstraint(
                condition=models.Q(path__startswith="/", path__endswith="/"), name="area_path_steps"
            ),
            models.CheckConstraint(
                condition=models.Q(min_lon__lte=models.F("max_lon"))
                & models.Q(min_lat__lte=models.F("max_lat"))
                & inside("min_")
                & inside("max_"),
                name="area_box",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_to__gt=models.F("valid_from")),
                name="area_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["kind", "min_lon", "max_lon"])]

    def __str__(self) -> str:
        return self.name


class Agency(models.Model):
    """A department or organ that takes part in cases: police, fishery, procuratorate..."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """People who answer for an area: one of the five teams or an X force."""

    class Kind(models.TextChoices):
        COMMUNITY_MANAGER = "community_manager", _("Community managers")
        GRID_WORKER = "grid_worker", _("Grid workers")
        BUILDING_ATTENDANT = "building_attendant", _("Building attendants")
        CITY_ROAD_MANAGER = "city_road_manager", _("City-road managers")
        EXCLUSIVE_MANAGER = "exclusive_manager", _("Exclusive-area managers")
        X_FORCE = "x_force", _("X forces")

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=24, choices=Kind)
    area = models.ForeignKey(Area, models.PROTECT, related_name="teams")

    class Meta:
        verbose_name = _("team")

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """Something that can be sent: a patrol boat, a patrol car, a grid worker on foot.

    Out of service it is off duty until an administrator brings it back; ``service_note`` says why.
    """

    class Status(models.TextChoices):
        AVAILABLE = "available", _("Available")
        RESERVED = "reserved", _("Reserved")
        EN_ROUTE = "en_route", _("On the way")
        ON_SCENE = "on_scene", _("On scene")
        OFF_DUTY = "off_duty", _("Off duty")

    code = models.CharField(max_length=32, unique=True)  # call sign
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=24)  # "river_patrol", "police_patrol", "grid_worker"...
    capabilities = models.JSONField(default=list)  # ["water", "dissuasion"]
    speed_kmh = models.FloatField(default=30)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="units")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="units")
    area = models.ForeignKey(Area, models.PROTECT, related_name="units")
    status = models.CharField(max_length=12, choices=Status, default=Status.AVAILABLE)
    task = models.BigIntegerField(null=True)  # engine.Task that holds the reservation
    lon = models.FloatField()
    lat = models.FloatField()
    position_at = models.DateTimeField()
    is_in_service = models.BooleanField(default=True)
    service_note = models.CharField(max_length=200, blank=True)  # why it left or came back
    retired_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=0)  # changes by administrators
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=64, blank=True)

    objects: models.Manager[Unit] = models.Manager()

    class Meta:
        verbose_name = _("unit")
        constraints = [
            models.CheckConstraint(condition=inside(), name="unit_on_the_globe"),
            models.CheckConstraint(condition=models.Q(speed_kmh__gt=0), name="unit_can_move"),
            models.CheckConstraint(
                condition=models.Q(is_in_service=True) | models.Q(status="off_duty"),
                name="unit_out_of_service_is_off_duty",
            ),
        ]
        indexes = [models.Index(fields=["status", "kind"])]

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Unit {self.code}>"

    def facts(self) -> dict[str, Any]:
        """Return what a desk shows of the unit; no personal data."""
        return {"id": self.pk, "code": self.code, "name": self.name, "status": self.status}
