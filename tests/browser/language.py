"""Which words of a page are in the other language than the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.installing import APPEALED, ASKED, LOOKED_AT, OBJECTED, TOLD
from tests.browser.server import database
from zhizhi.systems.fishery.wording import LONGEST

WORD = re.compile(r"(?<!\{)\b[A-Za-z][A-Za-z'’]{2,}")  # {zone} is a place in a text, no word
CHINESE = re.compile(r"[㐀-䶿一-鿿]+")
# Names that Chinese texts keep, and the switch to the other language.
KEPT = {
    "English", "GeoJSON", "Feature", "FeatureCollection", "Polygon", "MultiPolygon", "UTF", "WGS",
    "JPEG", "PNG", "WebP", "Home", "End", "Ctrl", "Delete",
    "GPS", "CGCS", "GCJ", "EPSG", "AIS", "SHA", "Shift", "Excel", "CSV", "PDF", "Baidu", "Gauss",
}  # fmt: skip
# Where the district's people and its makers write in their own language: names, and what they say.
# What the product itself stores lies in other columns, as codes or in English, and is translated.
TYPED = {
    "directory_account": ("call_sign",), "directory_agency": ("name",), "directory_area": ("name",),
    "directory_team": ("name",), "directory_unit": ("name",), "directory_wallpass": ("name",),
    "engine_checkin": ("place", "note"), "engine_feedback": ("note",),
    "engine_macro": ("name", "steps"), "engine_macroversion": ("name", "steps"),
    "engine_message": ("payload",),
    "engine_routingversion": ("text", "reason"),
    "engine_source": ("name",), "engine_task": ("note",), "engine_timelineentry": ("note",),
    "engine_zone": ("name",), "guardian_tagreader": ("name",),
}  # fmt: skip
# What people read or hear; code, keys and what they typed are the same in every language.
SHOWN = """(skipped) => {
  const shown = [];
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (!parent.closest(`${skipped}, script, noscript, style, code, kbd, textarea`)) {
      shown.push(walk.currentNode.data.trim());
    }
  }
  const names = ["aria-label", "title", "alt", "placeholder"];
  for (const one of document.querySelectorAll(names.map((name) => `[${name}]`).join())) {
    if (!one.closest(skipped)) shown.push(...names.map((name) => one.getAttribute(name) ?? ""));
  }
  return [...new Set(shown)].filter(Boolean);
}"""
SKIPPED = {"zh-hans": "[lang=en], option:not(:checked)", "en": "[lang|=zh]"}


def typed(home: Path) -> set[str]:
    """Return the Chinese that people wrote in an installation, each run of characters once."""
    with database(home) as kept:
        rows = [
            text
            for table, columns in TYPED.items()
            for column in columns
            for (text,) in kept.execute(f"select distinct {column} from {table}")  # noqa: S608 - ours
        ]
    return {
        run
        for text in (*TOLD, *ASKED, APPEALED, OBJECTED, LOOKED_AT, LONGEST["zone"], *rows)
        for run in CHINESE.findall("\n".join(_texts(text)))
    }


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a column; what is kept as JSON is taken apart."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
    elif isinstance(value, str) and value[:1] in ("{", "["):
        yield from _texts(json.loads(value))
    else:
        yield str(value)


def foreign(page: Page, language: str, names: set[str]) -> list[str]:
    """Return the words that are neither of the page's language nor a name, each with its text."""
    texts: list[str] = page.evaluate(SHOWN, SKIPPED[language])
    words, known = (WORD, KEPT) if language == "zh-hans" else (CHINESE, names)
    return [
        f"{word} in: {text[:80]}" for text in texts for word in set(words.findall(text)) - known
    ]
