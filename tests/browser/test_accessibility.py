"""Pages are checked by axe."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Opener
from tests.browser.server import Server

pytestmark = pytest.mark.browser

PAGES = {
    "sign-in": ("", "/sign-in/"),
    "desk": ("operator", "/desk/?state=all&case={case}"),
    "case": ("operator", "/cases/{case}/"),
    "zones": ("administrator", "/zones/"),
    "health": ("administrator", "/health/"),
    "my": ("boat", "/my/"),
    "violations": ("technical", "/fishery/violations/"),
    "violation": ("technical", "/fishery/violations/{violation}/"),
    "statistics": ("leader", "/fishery/statistics/"),
    "words": ("administrator", "/fishery/words/"),
    "agency": ("fishery", "/fishery/agency/"),
}
SEEN = [(name, "dark", "en") for name in PAGES]


@pytest.mark.parametrize(("name", "theme", "language"), SEEN)
def test_axe_finds_nothing(
    name: str, theme: str, language: str, open_as: Opener, server: Server
) -> None:
    username, path = PAGES[name]
    path = path.format(case=server.case, violation=server.violation)

    page = open_as(username, path, theme=theme, language=language)
    if name == "desk":
        page.wait_for_selector('.map[data-ready="true"]')

    assert page.url == f"{server.url}{path}"
    assert page.locator("html").get_attribute("data-theme") == theme
    assert (page.locator("html").get_attribute("lang") or "").lower() == language
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
