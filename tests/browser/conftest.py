"""One Chromium, one installation; a page for whoever a test needs."""

from __future__ import annotations

import functools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.browser import axe
from tests.browser.pages import Look
from tests.browser.server import Server, serve

Opener = Callable[..., Page]
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
DOUBTS = pytest.StashKey[Counter[tuple[str, str]]]()
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


# What reads every page as the demonstration left it comes before stories that type and act there.
READ_FIRST = ("tests/browser/test_every_page.py", "tests/browser/test_accessibility.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that only read go first; the order within them stays."""
    items.sort(key=lambda item: not item.nodeid.startswith(READ_FIRST))


@pytest.fixture(scope="session")
def doubts(pytestconfig: pytest.Config) -> Counter[tuple[str, str]]:
    """Count what axe cannot decide, by rule and kind; the report says it at the end."""
    return pytestconfig.stash.setdefault(DOUBTS, Counter())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what was counted, where several processes read the pages."""
    told: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    counted = session.config.stash.get(DOUBTS, None)
    if told is not None and counted is not None:
        told["doubts"] = [[*about, count] for about, count in counted.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what the processes have counted."""
    for rule, kind, count in getattr(node, "workeroutput", {}).get("doubts", ()):
        node.config.stash.setdefault(DOUBTS, Counter())[rule, kind] += count


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how often axe could not decide: none of it is new, or a test failed."""
    counted = config.stash.get(DOUBTS, None)
    if counted is not None:
        terminalreporter.section("axe could not decide (tests/browser/incomplete.toml)")
        terminalreporter.write("\n".join([*axe.report(counted), ""]))


def launch_options() -> dict[str, Any]:
    """Return how the system's Chromium starts without calling anybody by itself."""
    return {
        "executable_path": shutil.which("chromium") or shutil.which("google-chrome"),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            # A microphone that beeps, and nobody who has to allow it.
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ],
    }


def context_of(
    browser: Browser, server: Server, *, language: str, theme: str = "light", **options: Any
) -> BrowserContext:
    """Open a context in the look that somebody prefers; patient with a busy machine."""
    context = browser.new_context(base_url=server.url, **options)
    context.set_default_timeout(PATIENCE_MS)
    choose(context, server.url, language=language, theme=theme)
    return context


def enter(page: Page, server: Server, username: str) -> None:
    """Sign in with one click, show the pass of the screen "wall", or go on where one had got to.

    Some browsers of the installation have shown a password and no more, or a second factor as well.
    """
    if username in server.entered:
        cookie = {"name": "sessionid", "value": server.entered[username], "url": server.url}
        page.context.add_cookies([cookie])
        return
    if username == "wall":
        page.goto(f"/wall/?token={server.wall}")
        return
    page.goto("/sign-in/")
    page.click(f'button[name="username"][value="{username}"]')
    page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium."""
    return {**browser_type_launch_args, **launch_options()}


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """Say where the installation lies that is made once and copied, also by a second process."""
    base: Path = tmp_path_factory.getbasetemp()
    return (base.parent if hasattr(pytestconfig, "workerinput") else base) / "first"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, first: Path) -> Iterator[Server]:
    home: Path = tmp_path_factory.mktemp("installation")
    with serve(home, first=first) as running:
        yield running


@pytest.fixture(scope="session")
def sign_ins(server: Server, browser: Browser) -> Callable[[str], Any]:
    """Give the cookies of an account, signed in with one click, or of the screen "wall"."""
    known: dict[str, Any] = {"": None}

    def cookies(username: str) -> Any:
        if username not in known:
            context = browser.new_context(base_url=server.url)
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            enter(page, server, username)
            known[username] = context.storage_state()
            context.close()
        return known[username]

    return cookies


@pytest.fixture
def open_as(server: Server, browser: Browser, sign_ins: Callable[[str], Any]) -> Iterator[Opener]:
    """Open a page as somebody: ``open_as("operator", "/desk/", theme="dark", language="en")``."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(
        username: str,
        path: str,
        *,
        theme: str = "light",
        language: str = "zh-hans",
        elder: str = "",
        holds: str = "",
        **options: Any,
    ) -> Page:
        state = sign_ins(username)
        context = context_of(
            browser, server, language=language, theme=theme, storage_state=state, **options
        )
        contexts.append(context)
        context.on("weberror", lambda raised: errors.append(str(raised.error)))
        held = server.held.get(holds, {})
        choose(context, server.url, theme=theme, language=language, elder=elder, held=held)
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == [], "scripts of the pages failed"


@pytest.fixture(scope="session")
def readers(
    server: Server, browser: Browser, sign_ins: Callable[[str], Any]
) -> Iterator[Callable[[str], Page]]:
    """Give the one page in which somebody reads page after page; nothing is done there."""
    known: dict[str, Page] = {}
    errors: list[str] = []

    def reader(username: str) -> Page:
        if username not in known:
            context = browser.new_context(
                base_url=server.url, storage_state=sign_ins(username), reduced_motion="reduce"
            )
            context.on("weberror", lambda raised: errors.append(str(raised.error)))
            context.set_default_timeout(PATIENCE_MS)
            known[username] = context.new_page()
        return known[username]

    yield reader
    for page in known.values():
        page.context.close()
    assert errors == [], "scripts of the pages failed"


@functools.cache
def devtools(page: Page) -> CDPSession:
    """Return what a browser tells and takes from its makers' tools."""
    return page.context.new_cdp_session(page)


def choose(
    context: BrowserContext,
    url: str,
    *,
    language: str,
    theme: str = "light",
    elder: str = "",
    held: Mapping[str, str] | None = None,
) -> None:
    """Set the look that somebody prefers, and what a resident's browser holds."""
    wanted = {"theme": theme, "django_language": language, "elder": elder, **(held or {})}
    paths = {"report": "/home/report/"}
    context.add_cookies(
        [
            {"name": name, "value": value, "url": url + paths.get(name, "/")}
            for name, value in wanted.items()
        ]
    )


def visit(page: Page, look: Look, server: Server, *, language: str, theme: str = "light") -> None:
    """Open a page of the list and wait until its scripts have drawn it."""
    held = server.held.get(look.holds, {})
    choose(page.context, server.url, language=language, theme=theme, elder=look.elder, held=held)
    answer = page.goto(look.address(server))
    assert answer is not None
    assert answer.status == look.status
    assert page.url == f"{server.url}{look.address(server)}"
    assert (page.locator("html").get_attribute("lang") or "").lower() == language
    if page.locator(".map").count():
        page.wait_for_selector('.map[data-ready="true"]')
