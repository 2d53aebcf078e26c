"""Reasons that belong to the record: without one, nothing is done."""

from __future__ import annotations


class ReasonMissing(ValueError):
    """Whoever changes what others wait for has to say why."""


def given(text: str) -> str:
    """Return ``text`` without the blanks around it; raises ReasonMissing when nothing is left."""
    said = text.strip()
    if not said:
        raise ReasonMissing
    return said
