"""Every text colour is readable on every background it may lie on, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zhizhi.web.contrast import (
    MORE_TEXT,
    SHAPE,
    TEXT,
    TOKENS,
    contrast,
    themes,
    themes_of_more_contrast,
)

BUILT = TOKENS.parents[2] / "static" / "web" / "build" / "app.css"

ON_EVERYTHING = ("ink", "muted", "accent", "urgent", "important", "normal", "ok")
BACKGROUNDS = ("bg", "panel", "selected")
PAIRS = [
    *((text, ground) for text in ON_EVERYTHING for ground in BACKGROUNDS),
    *(("ink", f"{name}-soft") for name in ("urgent", "important", "ok")),
    *((name, f"{name}-soft") for name in ("urgent", "important", "ok")),
    ("muted", "urgent-soft"),
    ("muted", "important-soft"),
    ("muted", "ok-soft"),
    ("on-accent", "accent"),
    ("hatch", "panel"),
    ("hatch", "shade-0"),
    ("muted", "shade-0"),
]
SHAPES = [
    *((name, f"shade-{n}") for name in ("urgent",) for n in (0, 1)),
    ("edge", "panel"),
    ("edge", "bg"),
    ("ok", "shade-0"),
    ("important", "shade-0"),
    ("normal", "shade-0"),
    ("hatch", "water"),
]
MORE_SHAPES = [*SHAPES, ("line", "panel"), ("line", "bg"), ("town", "shade-0")]
# Never needed to understand anything: borders that only order, and what lies under the map's signs.
DECORATION = {"line", "grid", "town", "water-edge", *(f"shade-{number}" for number in range(2, 5))}


LOOKS = {"usual": themes, "more": themes_of_more_contrast}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("look", "pairs", "least"),
    [
        ("usual", PAIRS, TEXT),
        ("usual", SHAPES, SHAPE),
        ("more", PAIRS, MORE_TEXT),
        ("more", MORE_SHAPES, SHAPE),
    ],
    ids=["text", "shapes", "text-more", "shapes-more"],
)
def test_the_colours_are_far_enough_apart(
    theme: str, look: str, pairs: list[tuple[str, str]], least: float
) -> None:
    colours = LOOKS[look]()[theme]

    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}

    assert {pair: value for pair, value in weak.items() if value < least} == {}


def test_every_colour_is_held_to_a_contrast_or_is_decoration() -> None:
    """Whoever adds a colour says here on what it lies."""
    held = {name for pair in (*PAIRS, *SHAPES) for name in pair}

    assert held | DECORATION == set(themes()["light"])
    assert held & DECORATION == set()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_more_contrast_gives_every_text_more(theme: str) -> None:
    usual, more = themes()[theme], themes_of_more_contrast()[theme]

    less = [
        pair
        for pair in PAIRS
        if contrast(*(more[name] for name in pair)) <= contrast(*(usual[name] for name in pair))
    ]

    assert less == []


@pytest.mark.parametrize(("value", "passes"), [("#777777", False), ("#767676", True)])
def test_the_threshold_lies_where_the_standard_puts_it(value: str, passes: bool) -> None:
    """#767676 is the lightest grey that WCAG lets stand on white: 4.54:1."""
    assert (contrast(value, "#ffffff") >= TEXT) is passes


def test_both_themes_say_the_same_names() -> None:
    assert set(themes()) == {"light", "dark"}
    assert set(themes()["light"]) == set(themes()["dark"])


def test_the_dark_theme_is_the_same_however_it_was_chosen() -> None:
    """The build repeats it; tokens.css says it once."""
    built = Path(BUILT).read_text(encoding="utf-8")
    by_device = re.search(r':root:not\(\[data-theme="?light"?\]\)\{([^}]*)\}', built)
    by_hand = re.search(r':root\[data-theme="?dark"?\],\.theme-dark\{([^}]*)\}', built)

    assert by_device is not None
    assert by_hand is not None
    assert by_device.group(1) == by_hand.group(1)
    assert "--ink:" in by_hand.group(1)
    assert TOKENS.read_text(encoding="utf-8").count(themes()["dark"]["urgent"]) == 1
