"""Every text colour is readable on every background it may lie on, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parent.parent / "src" / "zhizhi" / "web" / "assets" / "css"
TOKENS = (STYLES / "tokens.css").read_text(encoding="utf-8")
BLOCK = re.compile(r"(:root[^{]*)\{([^{}]*)\}")
COLOUR = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})")
TEXT, SHAPE = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11

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


def themes() -> dict[str, dict[str, str]]:
    found = [
        (selector.strip(), dict(COLOUR.findall(body))) for selector, body in BLOCK.findall(TOKENS)
    ]
    light = next(colours for selector, colours in found if selector == ":root")
    by_device = next(c for selector, c in found if selector == ':root:not([data-theme="light"])')
    by_hand = next(c for selector, c in found if selector == ':root[data-theme="dark"]')
    assert by_device == by_hand
    return {"light": light, "dark": {**light, **by_device}}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("pairs", "least"), [(PAIRS, TEXT), (SHAPES, SHAPE)], ids=["text", "shapes"]
)
def test_the_colours_are_far_enough_apart(
    theme: str, pairs: list[tuple[str, str]], least: float
) -> None:
    colours = themes()[theme]

    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}

    assert {pair: value for pair, value in weak.items() if value < least} == {}


@pytest.mark.parametrize(("value", "passes"), [("#777777", False), ("#767676", True)])
def test_the_threshold_lies_where_the_standard_puts_it(value: str, passes: bool) -> None:
    """#767676 is the lightest grey that WCAG lets stand on white: 4.54:1."""
    assert (contrast(value, "#ffffff") >= TEXT) is passes
