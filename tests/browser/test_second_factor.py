"""Signing in as somebody does who has a password: by an app, without scripts, and by a passkey."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.installing import PASSWORD
from tests.browser.server import Server
from zhizhi.directory.tests.authenticating import app_code

pytestmark = pytest.mark.browser
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def opened(server: Server, browser: Browser) -> Iterator[list[BrowserContext]]:
    contexts: list[BrowserContext] = []
    yield contexts
    for context in contexts:
        context.close()


def knock(
    browser: Browser, server: Server, opened: list[BrowserContext], username: str, **options: bool
) -> Page:
    """Show a password; the site is called localhost, because passkeys are for names."""
    url = server.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=url, locale="en", **options)
    opened.append(context)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "django_language", "value": "en", "url": url}])
    page = context.new_page()
    page.goto("/desk/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("form.sign-in button.primary").click()
    return page


def test_without_scripts_an_app_is_set_up_and_leads_to_the_desk(
    browser: Browser, server: Server, opened: list[BrowserContext]
) -> None:
    page = knock(browser, server, opened, "beginner", java_script_enabled=False)
    expect(page.locator("h1")).to_have_text("Set up a second factor")
    expect(page.locator("svg.qr")).to_be_visible()
    secret = re.sub(r"\s", "", page.locator("code.key").inner_text())

    page.get_by_label("Type the code").fill(app_code(secret, datetime.now(UTC)))
    page.get_by_role("button", name="Set it up").click()

    expect(page.locator(".recovery li")).to_have_count(10)
    page.get_by_role("button", name="I have written them down").click()
    page.wait_for_url("**/desk/**")


def test_a_passkey_is_set_up_and_opens_the_door_the_next_time(
    browser: Browser, server: Server, opened: list[BrowserContext]
) -> None:
    page = knock(browser, server, opened, "stranger")
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    page.get_by_role("button", name="Set up a passkey").click()
    page.get_by_role("button", name="I have written them down").click()
    page.wait_for_url("**/desk/**")
    page.goto("/account/")
    expect(page.locator("#factors ~ ul")).to_contain_text("Passkey")
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("User name").fill("stranger")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("form.sign-in button.primary").click()
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/account/")
    expect(page.locator("h1")).to_have_text("My account")
