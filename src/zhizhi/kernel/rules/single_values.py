"""Single values of a document, each refused with its place and with what to write instead."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from zhizhi.kernel.rules.documents import Entry

_SPAN: Final = re.compile(r"(\d{1,5})(s|m|h|d)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def text_of(entry: Entry) -> str:
    if not isinstance(entry.content, str):
        raise entry.wrong("A single value belongs here.", "Write it without brackets.")
    return entry.content


def among(entry: Entry, known: tuple[str, ...], what: str) -> str:
    text = text_of(entry)
    if text not in known:
        raise entry.wrong(f"{text!r} is not {what}.", f"Use one of {', '.join(known)}.")
    return text


def span_of(entry: Entry, what: str) -> timedelta:
    """Return a span such as 30m, 6h or 7d. Raises RuleWrong."""
    span = _SPAN.fullmatch(text_of(entry))
    if span is None:
        raise entry.wrong(f"{what} cannot be {text_of(entry)!r}.", "Write 30m, 6h or 7d.")
    return timedelta(**{_UNITS[span[2]]: int(span[1])})
