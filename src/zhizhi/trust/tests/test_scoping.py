"""Scopes and the deny-by-default manager."""

from __future__ import annotations

import pytest
from django.db import models

from zhizhi.trust.scoping import Grant, Scope, any_of

TOWN, CITY = Grant("operator", "/1/2/"), Grant("leader", "/1/")


def test_a_scope_without_grants_has_no_role() -> None:
    scope = Scope(12)

    assert not scope.has("operator", "leader")
    assert scope.of("operator") == ()


def test_a_scope_holds_its_roles_and_only_those() -> None:
    scope = Scope(12, (TOWN, CITY))

    assert scope.has("operator")
    assert scope.has("auditor", "leader")
    assert not scope.has("auditor")
    assert scope.of("leader", "operator") == (TOWN, CITY)
    assert scope.of("leader") == (CITY,)


@pytest.mark.parametrize("filters", [[], [models.Q(pk__in=[])]])
def test_no_filter_means_nothing_and_never_everything(filters: list[models.Q]) -> None:
    joined = any_of(filters)

    assert joined
    assert "pk__in" in str(joined)


def test_filters_are_joined_with_or() -> None:
    joined = any_of([models.Q(a=1), models.Q(b=2)])

    assert joined.connector == "OR"
    assert ("a", 1) in joined.children
    assert ("b", 2) in joined.children
