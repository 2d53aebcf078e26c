"""Deny by default: rows come out of a scoped table only through somebody's scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class ScopeMissing(PermissionError):
    """A scoped table was read without saying for whom."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of one account, and where it counts.

    ``area_path`` is a prefix of ``Area.path`` ("" = the whole installation); ``agency`` and
    ``unit`` are primary keys that narrow the grant further.
    """

    role: str
    area_path: str = ""
    agency: int | None = None
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What one account may see and do: the union of its grants."""

    account: int | None
    grants: tuple[Grant, ...] = ()

    def of(self, *roles: str) -> tuple[Grant, ...]:
        """Return the grants with one of ``roles``."""
        return tuple(grant for grant in self.grants if grant.role in roles)

    def has(self, *roles: str) -> bool:
        return bool(self.of(*roles))


def inside(column: str, area_path: str) -> models.Q:
    """Return the condition that the path in ``column`` lies in ``area_path`` ("" = anywhere)."""
    return models.Q(**{f"{column}__startswith": area_path}) if area_path else ~models.Q(pk__in=[])


def any_of(filters: Iterable[models.Q]) -> models.Q:
    """Join ``filters`` with OR; no filter means nothing, never everything."""
    joined = models.Q(pk__in=[])
    for one in filters:
        joined |= one
    return joined


class ScopedManager(models.Manager[Row], Generic[Row]):
    """The only way from a page, an API or an export to a scoped table.

    The model declares ``scope_filter(scope) -> Q``, which joins no table that may hold several
    rows for one (it asks with a subquery instead): a row is visible once or not at all, and no
    query pays for sorting out repetitions. Engine verbs, which act for the house and not for a
    viewer, use the plain manager ``everything`` instead; ``tests/test_house.py`` keeps that name
    out of pages.
    """

    def get_queryset(self) -> models.QuerySet[Row]:
        message = f"say for whom: {self.model.__name__}.objects.visible_to(scope)"
        raise ScopeMissing(message)

    def visible_to(self, scope: Scope) -> models.QuerySet[Row]:
        """Return the rows that ``scope`` may see; none when it holds no fitting grant."""
        model: Any = self.model
        return super().get_queryset().filter(model.scope_filter(scope))
