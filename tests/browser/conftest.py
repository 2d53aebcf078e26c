"""One Chromium, one installation; a page for whoever a test needs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.server import Server, serve

Opener = Callable[..., Page]
PATIENCE_MS = 20_000


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, which calls nobody by itself."""
    return {
        **browser_type_launch_args,
        "executable_path": shutil.which("chromium") or shutil.which("google-chrome"),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home: Path = tmp_path_factory.mktemp("installation")
    with serve(home) as running:
        yield running


@pytest.fixture(scope="session")
def sign_ins(server: Server, browser: Browser) -> Callable[[str], Any]:
    """Give the cookies of an account; everybody signs in once, with one click."""
    known: dict[str, Any] = {"": None}

    def cookies(username: str) -> Any:
        if username not in known:
            context = browser.new_context(base_url=server.url)
            page = context.new_page()
            page.goto("/sign-in/")
            page.click(f'button[name="username"][value="{username}"]')
            page.wait_for_url(lambda url: "/sign-in" not in url)
            known[username] = context.storage_state()
            context.close()
        return known[username]

    return cookies


@pytest.fixture
def open_as(server: Server, browser: Browser, sign_ins: Callable[[str], Any]) -> Iterator[Opener]:
    """Open a page as somebody: ``open_as("operator", "/desk/", theme="dark", language="en")``."""
    contexts: list[BrowserContext] = []

    def opened(
        username: str, path: str, *, theme: str = "light", language: str = "en", **options: Any
    ) -> Page:
        context = browser.new_context(
            base_url=server.url, storage_state=sign_ins(username), **options
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        wanted = {"theme": theme, "django_language": language}
        context.add_cookies(
            [{"name": name, "value": value, "url": server.url} for name, value in wanted.items()]
        )
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
