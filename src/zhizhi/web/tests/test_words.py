"""Stored words in the reader's language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation
from pytest_django import DjangoAssertNumQueries
from tests.district_world import AT, World

from zhizhi.web import words


@pytest.fixture(autouse=True)
def english() -> object:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        ("worker", "Automatic"),
        ("gateway", "Telecom operator"),
        ("source:ais", "Source ais"),
        ("account:99999", "a closed account"),
        ("unit:99999", "unit:99999"),
        ("account:x", "account:x"),
        ("stranger", "stranger"),
    ],
)
@pytest.mark.django_db
def test_an_actor_is_named_by_its_post(actor: str, name: str) -> None:
    assert words.actor_name(actor) == name


def test_many_actors_are_named_by_two_queries(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    accounts = [f"account:{account.pk}" for account in world.here.values()]

    with django_assert_num_queries(2):
        names = words.actor_names([*accounts, f"unit:{world.records['unit'].pk}", "worker", ""])

    assert "" not in names
    assert names[f"unit:{world.records['unit'].pk}"] == "Boat"


def test_a_system_names_its_own_verbs_and_an_unknown_verb_is_shown_as_it_is() -> None:
    assert words.verb_name("case.open") == "Case opened"
    assert words.verb_name("fishery.left") == "No longer in the zone"
    assert words.verb_name("no.such") == "no.such"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"), (0, "just now"), (59, "just now"), (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"), (48 * 3600 - 1, "47 h ago"), (48 * 3600, "2 days ago"),
    ],
)  # fmt: skip
def test_an_age_is_told_in_its_largest_unit(seconds: int, said: str) -> None:
    assert words.age(AT, AT + timedelta(seconds=seconds)) == said
