"""In which looks a story runs: each language with each theme and each size, in four runs.

Every pair of two values comes once (language and theme, language and size, theme and size). A story
that needs a mouse, or a screen on a wall, takes those that are wide.
"""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.server import ROOT

CATALOGUE = ROOT / "src/zhizhi/locale/zh_Hans/LC_MESSAGES/django.mo"
GROUNDS = {"light": "rgb(244, 246, 248)", "dark": "rgb(15, 23, 32)"}


@cache
def _chinese() -> gettext.GNUTranslations:
    with CATALOGUE.open("rb") as file:
        return gettext.GNUTranslations(file)


def translated(language: str, text: str, *, context: str = "", **values: Any) -> str:
    """Return an English text of the pages in ``language``, with its places filled."""
    if language != "en":
        known = _chinese()
        found = known.pgettext(context, text) if context else known.gettext(text)
        text = known.ngettext(text, text, 1) if found == text else found
    for name, value in values.items():
        text = text.replace(f"%({name})s", str(value)).replace(f"{{{name}}}", str(value))
    return text


def says_on(page: Page) -> Callable[..., str]:
    """Return what turns English texts into those of a page that is open."""
    return partial(translated, (page.locator("html").get_attribute("lang") or "").lower())


def last_found(desk: Page) -> Locator:
    """Return the queue's last row of the past that a rule found; no other story is about it."""
    others = rf"{says_on(desk)('Report by a resident')}|试验水域"
    return desk.locator("#queue a[data-case]").filter(has_not_text=re.compile(others)).last


def why_false(desk: Page) -> Locator:
    """Return the field for why the case is a false alarm; other acts ask for a reason as well."""
    return desk.locator('#detail form[action$="/dismiss/"] textarea')


@dataclass(frozen=True)
class Screen:
    """How somebody looks at the pages: language, theme and size."""

    language: str
    theme: str
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.language[:2]}-{self.theme}-{self.width}"

    @property
    def is_phone(self) -> bool:
        return self.width < 600

    @property
    def options(self) -> dict[str, Any]:
        """What ``open_as`` is to be given."""
        touch = {"has_touch": True, "is_mobile": True} if self.is_phone else {}
        size = {"width": self.width, "height": self.height}
        return {"language": self.language, "theme": self.theme, "viewport": size, **touch}

    def says(self, text: str, *, context: str = "", **values: Any) -> str:
        """Return an English text of the pages as this screen shows it."""
        return translated(self.language, text, context=context, **values)

    def shows(self, page: Page) -> None:
        """See that a page keeps language and theme, and fits the width."""
        root = page.locator("html")
        assert (root.get_attribute("lang") or "").lower() == self.language
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == GROUNDS[self.theme]
        assert page.evaluate("document.documentElement.scrollWidth") <= self.width


WIDE = (Screen("zh-hans", "light", 1920, 1080), Screen("en", "dark", 1920, 1080))
PHONES = (Screen("zh-hans", "dark", 390, 844), Screen("en", "light", 390, 844))
SCREENS = WIDE + PHONES
# What the longest stories are played on: two that share nothing, or with LOOKS=all the four.
OPPOSITE = (Screen("zh-hans", "light", 390, 844), Screen("en", "dark", 1920, 1080))
ENGLISH = Screen("en", "light", 1280, 720)  # where a story runs once


def played(every: Sequence[Any], few: Sequence[Any]) -> Sequence[Any]:
    """Return the looks in which a long story is played: all of them where LOOKS=all, else few."""
    return every if os.environ.get("LOOKS") == "all" else few
