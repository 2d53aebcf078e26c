"""What every page's frame shows."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from tests.district_world import ROLES, World

from zhizhi.engine.models import Message
from zhizhi.web import context
from zhizhi.web.tests.conftest import Browse


def asked(user: object, path: str = "/desk/", **cookies: str) -> HttpRequest:
    request = RequestFactory().get(path)
    request.COOKIES.update(cookies)
    request.user = user  # type: ignore[assignment]
    return request


@pytest.mark.parametrize("role", ROLES)
def test_every_link_of_the_navigation_opens(role: str, world: World, browse: Browse) -> None:
    shown = context.shell(asked(world.here[role]))["navigation"]

    statuses = {item["url"]: browse(role).get(item["url"]).status_code for item in shown}

    assert statuses
    assert set(statuses.values()) == {200}


def test_the_page_that_is_open_is_marked(world: World) -> None:
    items = context.shell(asked(world.here["operator"]))["navigation"]

    assert [item["url"] for item in items if item["is_here"]] == [reverse("web:desk")]


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ("pink", "auto"), ("", "auto")]
)
def test_a_theme_that_nobody_offers_is_the_devices_own(cookie: str, theme: str) -> None:
    assert context.shell(asked(AnonymousUser(), theme=cookie))["theme"] == theme


def test_the_bell_counts_what_is_unread_and_meant_for_the_reader(world: World) -> None:
    assert context.shell(asked(world.here["operator"]))["unread"] == 1
    assert context.shell(asked(world.elsewhere["operator"]))["unread"] == 0

    Message.everything.update(read_at=world.records["case"].opened_at)

    assert context.shell(asked(world.here["operator"]))["unread"] == 0


@pytest.mark.django_db
def test_a_stranger_sees_no_navigation(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        shown = context.shell(asked(AnonymousUser()))

    assert (shown["navigation"], shown["unread"]) == ([], 0)
