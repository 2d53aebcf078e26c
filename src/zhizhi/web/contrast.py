"""The colours of both themes as tokens.css says them, and how far apart any two of them are."""

from __future__ import annotations

import functools
import re
from pathlib import Path

TOKENS = Path(__file__).parent / "assets" / "css" / "tokens.css"
BLOCK = re.compile(r"^\.(theme|more)-(light|dark) \{([^{}]*)\}", re.MULTILINE)
COLOUR = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})")
SIZE = re.compile(r"--(text-[a-z]+):\s*([0-9.]+)rem")
ROOT_PX = 16
TEXT, SHAPE = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
MORE_TEXT = 7.0  # WCAG 2.2, 1.4.6: for whoever asks the device for more contrast


@functools.cache
def themes() -> dict[str, dict[str, str]]:
    """Return the colours of the light and of the dark theme by name."""
    return _blocks("theme")


@functools.cache
def themes_of_more_contrast() -> dict[str, dict[str, str]]:
    """Return the colours of both themes for whoever asks the device for more contrast."""
    changed = _blocks("more")
    return {theme: {**colours, **changed[theme]} for theme, colours in themes().items()}


def _blocks(family: str) -> dict[str, dict[str, str]]:
    found = BLOCK.findall(TOKENS.read_text(encoding="utf-8"))
    return {theme: dict(COLOUR.findall(body)) for kind, theme, body in found if kind == family}


@functools.cache
def sizes() -> dict[str, float]:
    """Return the type scale in pixels, the smallest first."""
    found = {name: float(rem) * ROOT_PX for name, rem in SIZE.findall(TOKENS.read_text("utf-8"))}
    return dict(sorted(found.items(), key=lambda size: size[1]))


def contrast(one: str, other: str) -> float:
    """Return the ratio of two colours ("#0b5cad") by WCAG: 1 for the same, 21 at most."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour: 0 for black, 1 for white."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
