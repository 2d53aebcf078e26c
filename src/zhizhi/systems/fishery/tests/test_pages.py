"""The fishery's pages in a real browser: drawing over bystanders, reading in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from zhizhi.systems.fishery import sharing, wording
from zhizhi.systems.fishery.models import Violation, ViolationPhoto
from zhizhi.systems.fishery.tests.river import River, after, build, gateway, reviewed, violation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shore(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> River:
    """The river in tables that the server's own thread can read."""
    return build(gateway(tmp_path, monkeypatch))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
    yield made
    made.close()


def sign_in(context: BrowserContext, server: Any, river: River, name: str) -> Page:
    """Return a page of a browser in which somebody is signed in."""
    client = Client()
    client.force_login(river.people[name], backend="django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": server.url}]
    )
    return context.new_page()


def test_dragging_over_a_bystander_hides_it(
    shore: River, context: BrowserContext, live_server: Any
) -> None:
    record = violation(shore)
    page = sign_in(context, live_server, shore, "operator")
    page.goto(f"{live_server.url}/fishery/violations/{record.pk}/")
    page.locator("figure.photo a.button").click()
    picture = page.locator("[data-mask][data-ready] img")
    picture.wait_for()
    frame = picture.bounding_box()
    assert frame is not None

    page.mouse.move(frame["x"] + 10, frame["y"] + 10)
    page.mouse.down()
    page.mouse.move(frame["x"] + 30, frame["y"] + 34, steps=4)
    page.mouse.up()
    page.locator("[data-mask-form] button.primary").click()

    page.locator("figure.photo img").wait_for()
    (region,) = ViolationPhoto.objects.get().regions
    assert [abs(a - b) <= 1 for a, b in zip(region, [10, 10, 20, 24], strict=True)] == [True] * 4


def test_a_click_without_dragging_marks_nothing(
    shore: River, context: BrowserContext, live_server: Any
) -> None:
    record = violation(shore)
    photo = record.photos.get()
    page = sign_in(context, live_server, shore, "operator")
    page.goto(f"{live_server.url}/fishery/violations/{record.pk}/photos/{photo.pk}/mask/")

    page.locator("[data-mask][data-ready] img").click()

    assert page.locator("[data-mask] .region").count() == 0
    assert page.locator("#id_region-0-left").input_value() == ""


@pytest.mark.parametrize(("theme", "language"), [("light", "zh-hans"), ("dark", "en")])
def test_no_page_hinders_anybody(
    shore: River, context: BrowserContext, live_server: Any, theme: str, language: str
) -> None:
    record = reviewed(shore)
    sharing.transfer(record, by=shore.actor("legal_reviewer"), now=after(70))
    photo = record.photos.get()
    context.add_cookies(
        [{"name": "theme", "value": theme, "url": live_server.url},
         {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}]
    )  # fmt: skip
    shore.people["operator"].roles.create(role="administrator")
    shore.people["operator"].roles.create(role="agency_officer", agency=shore.agencies["police"])
    page = sign_in(context, live_server, shore, "operator")
    paths = [
        "", "violations/", f"violations/{record.pk}/",
        "statistics/?first=2026-03-01&last=2026-03-05",
        f"violations/{record.pk}/photos/{photo.pk}/mask/", "words/", f"words/{wording.REMINDER}/",
        "agency/",
    ]  # fmt: skip
    hindrances = []

    for path in paths:
        page.goto(f"{live_server.url}/fishery/{path}")
        hindrances += [
            (path, found["id"], [node["target"] for node in found["nodes"]])
            for found in Axe().run(page).response["violations"]
        ]

    assert hindrances == []


@pytest.mark.parametrize("path", ["", "violations/", "statistics/", "words/", "agency/"])
def test_a_phone_shows_each_page_without_sideways_scrolling(
    shore: River, browser: Browser, live_server: Any, path: str
) -> None:
    reviewed(shore)
    sharing.transfer(Violation.everything.get(), by=shore.actor("legal_reviewer"), now=after(70))
    shore.people["fishery"].roles.create(role="operator")
    phone = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844})
    page = sign_in(phone, live_server, shore, "fishery")

    page.goto(f"{live_server.url}/fishery/{path}")

    width = page.evaluate("document.documentElement.scrollWidth")
    phone.close()
    assert width <= 390
