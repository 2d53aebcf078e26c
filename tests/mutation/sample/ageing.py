"""What the tool itself is tried on: a rule whose last line no test reaches."""

from __future__ import annotations

GROWN = frozenset({"grown", "retired"})


def age(years: int) -> str:
    if years >= 18:
        return "grown"
    return "child"


def is_grown(word: str) -> bool:
    return word in GROWN


def forgotten(years: int) -> int:
    return years + 1
