"""Filters of the desk that people keep under a name."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models.account import Account, RoleAssignment

LONGEST_NAME = 40
LONGEST_ADDRESS = 400


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Saved views, filtered by who may use them."""

    def usable_by(self, account: Account) -> SavedViewQuerySet:
        """Return one's own and the shared ones, one's own first."""
        own = models.Case(models.When(owner=account, then=0), default=1)
        return self.filter(Q(owner=account) | Q(is_shared=True)).order_by(own, "name", "pk")

    def begun_with(self, roles: list[str]) -> SavedView | None:
        """Return the view that the first of ``roles`` which has one begins the desk with."""
        found = {view.default_for: view for view in self.filter(default_for__in=roles)}
        return next((found[role] for role in roles if role in found), None)


class SavedView(models.Model):
    """A filter under a name; ``address`` is the query of the desk's address that shows it.

    It widens nobody's rights: whoever opens it sees what their own scope lets them see.
    """

    owner = models.ForeignKey(Account, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=LONGEST_NAME)
    address = models.CharField(max_length=LONGEST_ADDRESS)
    is_shared = models.BooleanField(default=False)
    default_for = models.CharField(max_length=24, choices=RoleAssignment.Role, blank=True)
    created_at = models.DateTimeField()

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_view_of_a_name"),
            models.UniqueConstraint(
                fields=["default_for"], condition=~Q(default_for=""), name="one_view_to_begin_with"
            ),
            models.CheckConstraint(
                condition=Q(default_for="") | Q(is_shared=True), name="who_begins_with_it_sees_it"
            ),
        ]

    def __str__(self) -> str:
        return self.name
