"""The style page: every part in both themes, by the tags of the real pages, without a record."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.conf import settings
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries
from tests.district_world import World

from zhizhi.web.contrast import contrast, sizes, themes
from zhizhi.web.icons import ICONS
from zhizhi.web.samples import colours, facts, fit_for
from zhizhi.web.templatetags.zhizhi import register
from zhizhi.web.tests.conftest import Browse
from zhizhi.web.views.style import PARTS, apart

# Tags that draw no part of their own: they are seen inside others or tell a value.
NOT_SHOWN = {"age", "areas_url", "mark", "tried_on_yesterday", "zone_legend"}


def test_every_part_is_shown_in_both_themes(world: World, browse: Browse) -> None:
    page = browse("administrator").get("/style/")

    parts = page.context["parts"]
    assert [part["key"] for part in parts] == [key for key, _name, _made_by in PARTS]
    for part in parts:
        assert [column["theme"] for column in part["columns"]] == ["light", "dark"]
        assert all(len(column["sample"]) > 50 for column in part["columns"])


def test_every_tag_that_draws_a_part_is_shown() -> None:
    named = {tag for _key, _name, made_by in PARTS for tag in re.findall(r"{% (\w+) %}", made_by)}

    assert set(register.tags) - NOT_SHOWN - named == set()
    assert named - set(register.tags) == set()


def test_no_two_elements_share_an_identity(world: World, browse: Browse) -> None:
    page = browse("administrator").get("/style/").content.decode()

    ids = Counter(re.findall(r'\sid="([^"]+)"', page))
    assert [name for name, count in ids.items() if count > 1] == []
    for target in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', page):
        assert set(target.split()) <= set(ids), target


def test_the_samples_ask_the_database_nothing(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stranger = Client(headers={"accept-language": "en"})

    with override_settings(DEMO=True), django_assert_num_queries(0):
        assert stranger.get("/style/").status_code == 200


def test_it_is_public_in_a_demonstration_alone(db: None) -> None:
    assert not settings.DEMO
    assert Client().get("/style/")["Location"] == "/sign-in/?next=/style/"


def test_whoever_has_no_role_does_not_see_it(world: World) -> None:
    assert world.nobody is not None
    stranger = Client()
    stranger.force_login(world.nobody, backend="django.contrib.auth.backends.ModelBackend")

    assert stranger.get("/style/").status_code == 403


@pytest.mark.parametrize(
    ("ratio", "fit"),
    [(2.99, "ground"), (3.0, "shape"), (3.01, "shape"), (4.49, "shape"), (4.5, "text"),
     (4.51, "text")],
)  # fmt: skip
def test_a_colour_is_fit_for_what_its_contrast_allows(ratio: float, fit: str) -> None:
    assert fit_for(ratio) == fit


def test_the_ratios_are_those_of_the_theme() -> None:
    ink = next(one for one in colours("dark") if one["name"] == "ink")

    told = themes()["dark"]
    assert ink["ratios"] == [
        contrast(told["ink"], told["bg"]), contrast(told["ink"], told["panel"]),
    ]  # fmt: skip
    assert ink["fit"] == "text"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_colour_that_lies_on_another_is_judged_by_that_one(theme: str) -> None:
    told = themes()[theme]
    lettering = next(one for one in colours(theme) if one["name"] == "on-accent")

    assert lettering["least"] == contrast(told["on-accent"], told["accent"])
    assert lettering["fit"] == "text"


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0)]
)
def test_contrast_runs_from_one_to_twenty_one(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio)


def test_the_type_scale_and_the_icons_are_those_in_use(db: None) -> None:
    assert list(sizes()) == ["text-s", "text-m", "text-l", "text-xl", "text-xxl"]
    assert facts("light")["icons"] == list(ICONS)


def test_what_must_be_unique_names_its_column() -> None:
    part = '<section aria-labelledby="a b"><h2 id="a">x</h2><a href="#a" aria-label="y">z</a>'

    assert apart(part, "dark", "Dark") == (
        '<section aria-labelledby="a-dark b-dark dark"><h2 id="a-dark">x</h2>'
        '<a href="#a-dark" aria-label="y (Dark)">z</a>'
    )
