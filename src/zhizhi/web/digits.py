"""Numbers that came in an address or a form: whoever sends them may write anything."""

from __future__ import annotations

MOST_DIGITS = 17  # a primary key or a place in a list; every database keeps whole numbers so long


def whole_number(text: str) -> int | None:
    """Return the whole number that ``text`` writes in digits; None when it writes anything else."""
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return int(text)
    return None


def whole_numbers(texts: list[str]) -> list[int]:
    """Return those of ``texts`` that write a whole number."""
    return [number for number in map(whole_number, texts) if number is not None]
