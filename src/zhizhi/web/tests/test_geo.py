"""The map as a drawing, and where the desk shows it."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.district_world import World

from zhizhi.web import places
from zhizhi.web.exporting.colours import THEMES
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse

MAP = "/geo/map.svg"


def test_the_map_is_a_drawing_that_nobody_keeps(world: World, browse: Browse) -> None:
    answer = browse("leader").get(MAP)

    assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.content.startswith(b"<svg ")


@pytest.mark.parametrize(
    ("theme", "used"), [("", "light"), ("dark", "dark"), ("light", "light"), ("x", "light")]
)
def test_the_map_has_the_theme_that_was_asked_for(
    theme: str, used: str, world: World, browse: Browse
) -> None:
    drawn = browse("leader").get(MAP, {"theme": theme}).content.decode()

    assert f'height="{height(drawn)}" fill="{THEMES[used].panel}"' in drawn


def height(drawn: str) -> str:
    return drawn.partition('height="')[2].partition('"')[0]


@pytest.mark.parametrize(("size", "wide"), [("", 1600), ("small", 800), ("x", 1600)])
def test_a_telephone_gets_a_smaller_map_with_larger_words(
    size: str, wide: int, world: World, browse: Browse
) -> None:
    drawn = browse("leader").get(MAP, {"size": size}).content.decode()

    assert f'viewBox="0 0 {wide} ' in drawn


def test_nobody_who_is_not_signed_in_sees_a_map(db: None, client: Client) -> None:
    assert client.get(MAP).status_code == 401


def test_the_desk_without_scripts_shows_the_map_of_its_filter(world: World, browse: Browse) -> None:
    page = browse("operator").get("/desk/", {"state": "all", "severity": "urgent"})

    [drawn] = page.content.decode().split("<noscript>")[1:]
    assert 'src="/geo/map.svg?state=all&amp;severity=urgent"' in drawn


def test_each_case_of_a_cell_counts(world: World) -> None:
    """Cases of one place were counted once: a table that is seen through a scope is distinct."""
    cell = world.records["area"]
    cell.kind, cell.path = "grid_cell", f"{cell.path}990101001001000/990101001001001/"
    cell.save()
    for number in range(1, 4):
        case(world, number, area_path=cell.path)

    assert places.counts(world.here["operator"].scope()) == {cell.pk: 3}
