"""The Chinese interface is complete: every message is in the catalogue, none is fuzzy or empty."""

from __future__ import annotations

import re
from pathlib import Path

import polib
from scripts.collect_messages import told, used

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "zhizhi"
CATALOGUE = polib.pofile(str(PACKAGE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))
PLACE = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def test_nothing_is_untranslated_or_fuzzy() -> None:
    assert CATALOGUE.percent_translated() == 100
    assert [entry.msgid for entry in CATALOGUE if entry.fuzzy] == []


def test_a_translation_fills_the_same_places() -> None:
    wrong = [
        entry.msgid
        for entry in CATALOGUE
        if not entry.msgid_plural
        and sorted(PLACE.findall(entry.msgid)) != sorted(PLACE.findall(entry.msgstr))
    ]

    assert wrong == []


def test_the_catalogue_holds_what_the_sources_ask_for_and_nothing_else() -> None:
    """Mend it with ``make messages``, then translate what it prints."""
    known, wanted = told(CATALOGUE), used(PACKAGE)

    assert wanted
    assert wanted - known == set()
    assert known - wanted == set()


def test_no_template_holds_chinese_outside_the_catalogue() -> None:
    """500.html is the exception: it must work when nothing else does."""
    found = {
        path.name
        for path in PACKAGE.rglob("*.html")
        if path.name != "500.html"
        and re.search(r"[一-鿿]", path.read_text(encoding="utf-8").replace(">中文<", "><"))
    }

    assert found == set()
