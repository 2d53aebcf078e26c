"""Passes: of big screens, and of programs that read what the district tells the outside."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models.account import RoleAssignment
from zhizhi.directory.models.area import Area
from zhizhi.trust.scoping import Grant, Scope, ScopedManager, any_of


class WallPass(models.Model):
    """Leave for one screen, or for one program, to read what one area tells; stands for no person.

    Only the digest of its token is kept. A pass is not edited: it is withdrawn and another made.
    A program's pass always has an end: nobody sees it hanging on a wall.
    """

    class Use(models.TextChoices):
        SCREEN = "screen", _("A wall: one screen")
        PROGRAMS = "programs", _("Programs: the map interface and the feed of alerts")

    class State(models.TextChoices):
        VALID = "valid", _("Valid")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    name = models.CharField(max_length=80)
    area = models.ForeignKey(Area, models.PROTECT, related_name="wall_passes")
    use = models.CharField(max_length=8, choices=Use, default=Use.SCREEN)
    token_digest = models.CharField(max_length=64, unique=True)  # SHA-256
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=64)
    expires_at = models.DateTimeField(null=True)  # from this moment on it shows nothing
    withdrawn_at = models.DateTimeField(null=True)
    opened_on = models.DateField(null=True)  # the last day on which it was used, in local time

    everything: models.Manager[WallPass] = models.Manager()
    objects = ScopedManager["WallPass"]()

    class Meta:
        verbose_name = _("wall pass")
        verbose_name_plural = _("wall passes")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(use="screen") | models.Q(expires_at__isnull=False),
                name="wallpass_of_programs_ends",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_filter(cls, scope: Scope) -> models.Q:
        """Administrators see the passes of their own area."""
        grants = scope.of(RoleAssignment.Role.ADMINISTRATOR)
        return any_of(models.Q(area__path__startswith=grant.area_path) for grant in grants)

    def state_at(self, now: datetime) -> State:
        """Say whether the pass may show anything at ``now``."""
        if self.withdrawn_at is not None:
            return self.State.WITHDRAWN
        if self.expires_at is not None and now >= self.expires_at:
            return self.State.EXPIRED
        return self.State.VALID

    def scope(self) -> Scope:
        """Return what it may show: what a leader of its area reads, for no account."""
        return Scope(None, (Grant(RoleAssignment.Role.LEADER, self.area.path),))
